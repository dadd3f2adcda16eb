"""The account during a run: its key is proved to be one of test mode, its events are followed, and it is tidied up."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stripe_audit.errors import StripeError
from stripe_audit.stripe_backend.account.cli import Listener, StripeCli
from stripe_audit.stripe_backend.account.client import AccountClient, checked_key
from stripe_audit.stripe_backend.account.sending import Endpoint, Queue

if TYPE_CHECKING:
    from stripe_audit.deployment.transport import Transport
    from stripe_audit.stripe_backend.account.backend import AccountStripe

__all__ = ["RealAccount"]

_PAGE = 100
_MOST_PAGES = 10
_EVENT_S, _ASK_AGAIN_S = 10.0, 0.5
_CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")


class RealAccount:
    """Started and stopped once a run. Thread-safe. ``address`` is None for Stripe itself."""

    url: str | None = None
    """Checks send nothing to it by themselves: the SDK does."""

    def __init__(
        self,
        secret_key: str | None,
        publishable_key: str | None,
        *,
        address: str | None = None,
        api_version: str | None = None,
        cli: str | None = None,
    ) -> None:
        """``cli`` is where the official CLI is. Raises StripeError for a key that is not one of test mode."""
        secret = checked_key(secret_key, "stripe.secret_key")
        self.publishable_key = checked_key(publishable_key, "stripe.publishable_key") if publishable_key else ""
        self.client = AccountClient(secret, address=address, api_version=api_version)
        self.queue = Queue(self._events)
        self._since = 0
        self._intents: dict[str, None] = {}
        self._calls = 0
        self._cli = StripeCli(cli, secret, address) if cli else None
        self._listener = Listener(self._cli, self.queue.hear) if self._cli else None
        self._triggering = threading.Lock()
        self._triggered: dict[str, dict[str, Any] | None] = {}
        self._trouble: str | None = None

    def start(self) -> None:
        """Ask the account for a sign of test mode. Raises StripeError where there is none, or no answer."""
        self._since = int(time.time()) - 1
        balance = self.client.own("GET", "/v1/balance", {})
        if balance.get("livemode") is not False:
            raise StripeError("stripe.secret_key belongs to a live account", hint="take the key of a sandbox")
        if self._listener:
            try:
                self._listener.start()
            except StripeError as error:
                self._trouble = error.message
        self.queue.rely_on_hearing(is_heard=bool(self.listening_secret))

    def stop(self) -> None:
        """Deliver nothing more, and cancel what was begun and never paid. Safe to call twice."""
        self.queue.stop()
        if self._listener and self._cli:
            self._listener.stop()
            self._cli.close()
        for intent in list(self._intents):
            with contextlib.suppress(StripeError):
                if self.client.own("GET", f"/v1/payment_intents/{intent}", {}).get("status") in _CANCELABLE:
                    self.client.own("POST", f"/v1/payment_intents/{intent}/cancel", {})
            self._intents.pop(intent, None)

    @property
    def address(self) -> RealAccount:
        """What the checks' contexts are made from."""
        return self

    @property
    def api_version(self) -> str:
        """The version that the audit asks for."""
        return self.client.api_version

    def backend(self, transport: Transport) -> AccountStripe:
        """The account as one check sees it."""
        from stripe_audit.stripe_backend.account.backend import AccountStripe

        return AccountStripe(self, transport)

    def register(self, url: str, secret: str, events: Sequence[str], *, is_for_connected: bool = False) -> None:
        """Deliver events of these types (none: all) to a URL, signed with its secret."""
        self.queue.add(Endpoint(url, secret, tuple(events)))

    def follow(self, intent: str) -> None:
        """Deliver the events of a payment, and tidy it up at the end."""
        self._intents[intent] = None
        self.queue.follow(intent)

    def saw_target(self) -> None:
        """A payment that the target made was found in this account."""
        self._calls += 1

    def target_calls(self) -> int:
        """How many payments of the target's were found here. Stripe does not tell of its calls."""
        return self._calls

    def live_keys_refused(self) -> int:
        """None that anyone could see."""
        return 0

    # The CLI

    @property
    def listening_secret(self) -> str:
        """The secret with which ``stripe listen`` signs; empty where none listens."""
        return self._listener.secret if self._listener and self._listener.is_running else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the report is to say of the CLI."""
        if self._trouble:
            return (f"{self._trouble}; the account's events were read from it instead",)
        made = [name for name, event in self._triggered.items() if event]
        told = (
            [f"the Stripe CLI made events in the account ({', '.join(made)}); its objects stay there"] if made else []
        )
        if self._listener and not self._listener.is_running and self._listener.secret:
            told.append("stripe listen ended during the run; the account's events were read from it from then on")
        return tuple(told)

    def triggered(self, event_type: str) -> dict[str, Any] | None:
        """A true event of a type that ``stripe trigger`` has made, once a run. None where it cannot."""
        if self._cli is None:
            return None
        with self._triggering:
            if event_type not in self._triggered:
                began = int(time.time()) - 1
                is_made = self._cli.trigger(event_type)
                self._triggered[event_type] = self._newest(event_type, began) if is_made else None
            return self._triggered[event_type]

    def _newest(self, event_type: str, began: int) -> dict[str, Any] | None:
        """The latest event of a type, as soon as the account has one. It may come a moment after its object."""
        deadline = time.monotonic() + _EVENT_S
        params = {"type": event_type, "limit": 1, "created": {"gte": began}}
        while True:
            found: list[dict[str, Any]] = self.client.own("GET", "/v1/events", params)["data"]
            if found or time.monotonic() > deadline:
                return found[0] if found else None
            time.sleep(_ASK_AGAIN_S)

    def _events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": _PAGE, "created": {"gte": self._since}}
        for _ in range(_MOST_PAGES):
            page = self.client.own("GET", "/v1/events", params)
            found += page["data"]
            if not page.get("has_more"):
                break
            params["starting_after"] = page["data"][-1]["id"]
        return found
