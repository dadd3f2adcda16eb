"""What the shop asks of Stripe, through the official SDK. Calls block, so they run in threads."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import stripe

from stripe_audit.demo.config import ShopConfig

__all__ = ["StripeSide"]

_TIMEOUT_S = 4
_CUSTOMER_TIMEOUT_S = 1
"""For what a customer waits for: with one more try, an answer comes within three seconds whatever Stripe does."""


class StripeSide:
    """A small surface over ``stripe.StripeClient``: plain dicts out, ``stripe.StripeError`` on failure."""

    api_version: str | None = None
    """None: the version that the SDK pins."""
    customer_timeout_s = _CUSTOMER_TIMEOUT_S

    def __init__(self, config: ShopConfig) -> None:
        stripe.enable_telemetry = False
        options: dict[str, Any] = {"stripe_version": self.api_version} if self.api_version else {}
        if config.api_base:
            options["base_addresses"] = {"api": config.api_base}
        self._client, self._hasty = (
            stripe.StripeClient(
                config.secret_key,
                max_network_retries=1,
                http_client=stripe.RequestsClient(timeout=timeout),
                **options,
            )
            for timeout in (_TIMEOUT_S, self.customer_timeout_s)
        )
        self.is_reachable = True
        """Whether Stripe answered the last call that it had to answer."""
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="stripe")

    async def _call(self, function: Any, *arguments: Any) -> dict[str, Any]:
        try:
            answer = await self._answer(function, *arguments)
        except stripe.StripeError as error:
            self.is_reachable = error.http_status is not None and error.http_status < 500
            raise
        self.is_reachable = True
        plain: dict[str, Any] = answer.to_dict()
        return plain

    async def _answer(self, function: Any, *arguments: Any) -> Any:
        """In a thread, so that nobody else waits."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*arguments))

    async def create_intent(self, params: Mapping[str, Any], *, key: str | None) -> dict[str, Any]:
        """A PaymentIntent; ``key`` is the idempotency key (None: the SDK makes a random one)."""
        options = {"idempotency_key": key} if key else {}
        return await self._call(self._hasty.v1.payment_intents.create, dict(params), options)

    async def intent(self, identity: str) -> dict[str, Any]:
        """The PaymentIntent as it is now, with its latest charge and how a dispute about it stands."""
        expand = {"expand": ["latest_charge"]}
        intent = await self._call(self._client.v1.payment_intents.retrieve, identity, expand)
        return await self._with_dispute(intent)

    async def _with_dispute(self, intent: dict[str, Any]) -> dict[str, Any]:
        """The intent, and as ``dispute`` how its latest dispute stands, if it has one: the charge does not say."""
        charge = intent.get("latest_charge")
        if isinstance(charge, Mapping) and charge.get("disputed"):
            found = await self._call(self._client.v1.disputes.list, {"payment_intent": intent["id"], "limit": 1})
            intent["dispute"] = next((one["status"] for one in found["data"]), None)
        return intent

    async def change_intent(self, identity: str, params: Mapping[str, Any]) -> None:
        """Change members of a PaymentIntent."""
        await self._call(self._client.v1.payment_intents.update, identity, dict(params))

    async def create_session(self, params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """A Checkout Session."""
        return await self._call(self._client.v1.checkout.sessions.create, dict(params), {"idempotency_key": key})

    async def session(self, identity: str) -> dict[str, Any]:
        """The Checkout Session as it is now, with its PaymentIntent and that one's latest charge."""
        expand = {"expand": ["payment_intent.latest_charge"]}
        session = await self._call(self._client.v1.checkout.sessions.retrieve, identity, expand)
        if isinstance(session.get("payment_intent"), dict):
            session["payment_intent"] = await self._with_dispute(session["payment_intent"])
        return session

    async def monthly_price(self, plan: str, name: str, amount: int, currency: str) -> str:
        """The id of a plan's price; the same terms give the same one, since the key is made of them."""
        params = {
            "currency": currency,
            "unit_amount": amount,
            "recurring": {"interval": "month"},
            "product_data": {"name": name},
        }
        key = {"idempotency_key": f"plan-{plan}-{amount}-{currency}"}
        return str((await self._call(self._client.v1.prices.create, params, key))["id"])

    async def create_subscription(self, params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """A subscription, with what its first payment is confirmed by."""
        expand = {"expand": ["latest_invoice.confirmation_secret", "pending_setup_intent"]}
        return await self._call(self._client.v1.subscriptions.create, {**params, **expand}, {"idempotency_key": key})

    async def subscription(self, identity: str) -> dict[str, Any]:
        """The subscription as it is now, with its latest invoice and what its payment is confirmed by."""
        expand = {"expand": ["latest_invoice.confirmation_secret", "pending_setup_intent"]}
        return await self._call(self._client.v1.subscriptions.retrieve, identity, expand)

    async def paid_invoices(self, subscription: str) -> list[dict[str, Any]]:
        """The subscription's invoices that have been paid."""
        wanted = {"subscription": subscription, "status": "paid", "limit": 100}
        found: list[dict[str, Any]] = (await self._call(self._client.v1.invoices.list, wanted))["data"]
        return found

    async def create_customer(self, email: str, name: str) -> dict[str, Any]:
        """A customer; the same address gives the same idempotency key."""
        key = "customer-" + hashlib.sha256(email.encode()).hexdigest()[:32]
        params = {"email": email, "name": name}
        return await self._call(self._client.v1.customers.create, params, {"idempotency_key": key})

    async def check_key(self) -> None:
        """A cheap call that shows whether the key and the address work."""
        await self._call(self._client.v1.balance.retrieve)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
