"""What one check sees of a real account. Blocking calls go to a thread."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from stripe_audit.errors import Skip, StripeError
from stripe_audit.models import Effect
from stripe_audit.stripe_backend.interface import Attempt, Call, CustomerAnswer, Delivery, FaultHandle, StripeBackend

if TYPE_CHECKING:
    from stripe_audit.deployment.transport import Transport
    from stripe_audit.stripe_backend.account.running import RealAccount

__all__ = ["AccountStripe"]


def _only_emulated(what: str) -> NoReturn:
    raise Skip(f"Stripe's test mode {what}", setting="stripe.mode: emulator")


class AccountStripe(StripeBackend):
    """The account, through the official SDK."""

    def __init__(self, account: RealAccount, transport: Transport | None = None) -> None:
        """``transport`` knows what is permitted; without one nothing is triggered."""
        self._account = account
        self._transport = transport
        self.publishable_key = account.publishable_key
        self.api_version = account.api_version

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._account.client.own, "GET", path, params)

    async def post(self, path: str, **params: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._account.client.own, "POST", path, params)

    async def delete(self, path: str, **params: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._account.client.own, "DELETE", path, params)

    async def confirm(self, client_secret: str, payment_method: str) -> CustomerAnswer:
        """With the publishable key and the client secret; with the secret key where no publishable one is declared."""
        intent = client_secret.split("_secret_")[0]
        if not intent.startswith("pi_") or "/" in intent:
            raise StripeError(f"no client secret of a PaymentIntent: {intent[:20]!r}")
        self._account.follow(intent)
        params = {"payment_method": payment_method, "return_url": "https://example.com/return"}
        if self.publishable_key:
            params["client_secret"] = client_secret
        key = self.publishable_key or None
        status, body = await asyncio.to_thread(
            self._account.client.call, "POST", f"/v1/payment_intents/{intent}/confirm", params, key=key
        )
        return CustomerAnswer(status, {}, body.get("error", {})) if status >= 400 else CustomerAnswer(status, body)

    async def authenticate(self, payment_intent: str, *, succeed: bool) -> None:
        _only_emulated("wants a person and a browser for 3D Secure")

    async def journal(self, *, object: str | None = None, since: int = 0, caller: str | None = None) -> list[Call]:
        _only_emulated("does not tell which calls the target made")

    async def mark(self) -> int:
        _only_emulated("does not tell which calls the target made")

    async def hold(self, *, object: str | None = None, mentions: str | None = None) -> None:
        self._account.queue.hold(object=object, word=mentions)

    async def release(
        self, object: str, *, events: Sequence[str] | None = None, types: Sequence[str] | None = None, copies: int = 1
    ) -> list[Attempt]:
        return await asyncio.to_thread(self._account.queue.release, object, events, types, copies)

    async def resend(self, event: str, *, copies: int = 1, concurrent: bool = False) -> list[Attempt]:
        return await asyncio.to_thread(self._account.queue.resend, event, copies, concurrent)

    async def deliveries(self, object: str) -> list[Delivery]:
        self._account.follow(object)
        return await asyncio.to_thread(self._account.queue.deliveries, object)

    async def drain(self, timeout: float) -> bool:
        return await asyncio.to_thread(self._account.queue.drain, timeout)

    async def events(self, object: str) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._account.queue.events, object)

    async def synthesize(self, type: str, object: Mapping[str, Any], **overrides: Any) -> dict[str, Any]:
        """Made here, in Stripe's shape; the account does not know of it."""
        return {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": self.api_version,
            "created": int(time.time()),
            "data": {"object": dict(object)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
            **{key: value for key, value in overrides.items() if key != "deliver"},
        }

    async def triggered(self, type: str) -> dict[str, Any] | None:
        if self._transport is None or not self._transport.permits(Effect.WRITE):
            return None
        return await asyncio.to_thread(self._account.triggered, type)

    async def fault(
        self,
        action: Mapping[str, Any],
        *,
        method: str | None = None,
        path: str | None = None,
        object: str | None = None,
        params: Mapping[str, Any] | None = None,
        times: int | None = None,
    ) -> FaultHandle:
        _only_emulated("cannot be made to fail")
