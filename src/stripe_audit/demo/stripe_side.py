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


class StripeSide:
    """A small surface over ``stripe.StripeClient``: plain dicts out, ``stripe.StripeError`` on failure."""

    api_version: str | None = None
    """None: the version that the SDK pins."""

    def __init__(self, config: ShopConfig) -> None:
        stripe.enable_telemetry = False
        options: dict[str, Any] = {"stripe_version": self.api_version} if self.api_version else {}
        if config.api_base:
            options["base_addresses"] = {"api": config.api_base}
        self._client = stripe.StripeClient(
            config.secret_key,
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
            **options,
        )
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="stripe")

    async def _call(self, function: Any, *arguments: Any) -> dict[str, Any]:
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*arguments))
        plain: dict[str, Any] = answer.to_dict()
        return plain

    async def create_intent(self, params: Mapping[str, Any], *, key: str | None) -> dict[str, Any]:
        """A PaymentIntent; ``key`` is the idempotency key (None: the SDK makes a random one)."""
        options = {"idempotency_key": key} if key else {}
        return await self._call(self._client.v1.payment_intents.create, dict(params), options)

    async def intent(self, identity: str) -> dict[str, Any]:
        """The PaymentIntent as it is now, with its latest charge."""
        expand = {"expand": ["latest_charge"]}
        return await self._call(self._client.v1.payment_intents.retrieve, identity, expand)

    async def create_session(self, params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """A Checkout Session."""
        return await self._call(self._client.v1.checkout.sessions.create, dict(params), {"idempotency_key": key})

    async def session(self, identity: str) -> dict[str, Any]:
        """The Checkout Session as it is now, with its PaymentIntent and that one's latest charge."""
        expand = {"expand": ["payment_intent.latest_charge"]}
        return await self._call(self._client.v1.checkout.sessions.retrieve, identity, expand)

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
