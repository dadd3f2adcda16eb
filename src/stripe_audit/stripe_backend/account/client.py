"""Calls to a Stripe account through the official SDK: paced below the sandbox's limit, and never with a live key."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stripe_audit.errors import StripeError
from stripe_audit.keys import KeyKind, KeyMode, parse_key

if TYPE_CHECKING:
    import stripe

__all__ = ["AccountClient", "Reply", "checked_key"]

RATE_PER_SECOND = 20.0
"""A sandbox takes 25 requests a second (docs.stripe.com/rate-limits); the target and the dashboard want some too."""
_RETRIES = 2
_CALLABLE = (KeyKind.SECRET, KeyKind.RESTRICTED, KeyKind.PUBLISHABLE)

Reply = tuple[int, dict[str, Any]]
"""Status, and the JSON body: an object, or ``{"error": {…}}``."""


def checked_key(key: str | None, name: str) -> str:
    """The key, if it is one of test mode. Raises StripeError that says what is wrong, without the value."""
    if not key:
        raise StripeError(f"{name} has no value", hint=f"{name}: {{env: NAME}}, the variable that holds the test key")
    found = parse_key(key)
    if found.mode is KeyMode.LIVE:
        raise StripeError(f"{name} is a live key; the audit never uses one", hint="take the key of a sandbox")
    if found.mode is not KeyMode.TEST or found.kind not in _CALLABLE:
        raise StripeError(f"{name} is no test key", hint="it begins with sk_test_, rk_test_ or pk_test_")
    return key


class AccountClient:
    """Thread-safe. ``address`` is another place that speaks Stripe's API; None means Stripe itself."""

    def __init__(self, secret_key: str, *, address: str | None = None, api_version: str | None = None) -> None:
        self._key = checked_key(secret_key, "stripe.secret_key")
        self._address = address
        self._api_version = api_version
        self._clients: dict[str, stripe.StripeClient] = {}
        self._lock = threading.Lock()
        self._next = 0.0

    @property
    def api_version(self) -> str:
        """The version that every call asks for."""
        if self._api_version is None:
            import stripe

            self._api_version = stripe.api_version
        return str(self._api_version)

    def call(self, method: str, path: str, params: Mapping[str, Any], *, key: str | None = None) -> Reply:
        """One call, with the account's secret key unless another is given. Raises StripeError where no answer came."""
        import stripe

        client = self._client(key or self._key)
        self._wait_for_turn()
        try:
            answer = client.raw_request(method.lower(), path, stripe_version=self.api_version, **params)
        except stripe.APIConnectionError as error:
            hint = "is there a way to api.stripe.com?"
            raise StripeError(f"Stripe cannot be reached: {type(error).__name__}", hint=hint) from None
        except stripe.StripeError as error:
            body = error.json_body
            return int(error.http_status or 500), body if isinstance(body, dict) else {"error": {}}
        data = answer.data
        return int(answer.code), data if isinstance(data, dict) else {}

    def own(self, method: str, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A call that must succeed. Raises StripeError for an error answer."""
        status, body = self.call(method, path, params)
        if status >= 400:
            told = (body.get("error") or {}).get("message")
            raise StripeError(f"Stripe answered {status} to {method} {path}: {told}")
        return body

    def _client(self, key: str) -> stripe.StripeClient:
        with self._lock:
            if key not in self._clients:
                import stripe

                bases: Any = {"api": self._address} if self._address else {}
                self._clients[key] = stripe.StripeClient(key, base_addresses=bases, max_network_retries=_RETRIES)
                stripe.enable_telemetry = False
            return self._clients[key]

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            mine = max(self._next, now)
            self._next = mine + 1 / RATE_PER_SECOND
        time.sleep(max(0.0, mine - now))
