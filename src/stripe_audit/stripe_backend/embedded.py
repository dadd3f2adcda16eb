"""Starting the embedded emulator for a run, and telling it where the target's webhook endpoints are."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from stripe_audit.emulator import Emulator, EmulatorApart, EmulatorConfig
from stripe_audit.errors import StripeError
from stripe_audit.keys import TestKeys
from stripe_audit.stripe_backend.emulated import EmulatorAddress

__all__ = ["EmbeddedStripe"]


class EmbeddedStripe:
    """An emulator in a thread of its own, or in a process of its own (``is_apart``), used over HTTP only.

    A process takes half a second to start, and then computes while the checks do.
    """

    def __init__(
        self,
        keys: TestKeys,
        *,
        port: int = 0,
        seed: int | None = None,
        api_version: str | None = None,
        is_apart: bool = False,
    ) -> None:
        options: dict[str, Any] = {"port": port, "seed": seed, "keys": keys}
        if api_version:
            options["api_version"] = api_version
        config = EmulatorConfig(**options)
        self._emulator: Emulator | EmulatorApart = EmulatorApart(config) if is_apart else Emulator(config)
        self._keys = keys

    def start(self) -> None:
        """Begin to listen. Raises StripeError if the port is taken."""
        try:
            self._emulator.start()
        except OSError as error:
            raise StripeError(
                f"the embedded Stripe cannot listen: {error.strerror or error}", hint="stripe.port: 0 takes a free port"
            ) from None

    def stop(self) -> None:
        """Stop listening."""
        self._emulator.stop()

    @property
    def address(self) -> EmulatorAddress:
        """Where it is."""
        return EmulatorAddress(
            self._emulator.url,
            self._emulator.control_token,
            self._keys.audit_secret,
            self._keys.publishable,
            str(self.control("GET", "health")["api_version"]),
        )

    def register(self, url: str, secret: str, events: Sequence[str], *, is_for_connected: bool = False) -> None:
        """Deliver webhook events of these types (none: all) to a URL, signed with a secret that both sides know."""
        body = {"url": url, "secret": secret, "enabled_events": list(events) or ["*"], "connect": is_for_connected}
        self.control("POST", "webhook_endpoints", body)

    def target_calls(self) -> int:
        """How many calls the journal saw from the target."""
        return len(self.control("GET", "journal?caller=target")["calls"])

    def live_keys_refused(self) -> int:
        """How many calls came with a live key, and were refused."""
        return int(self.control("GET", "health")["live_keys_refused"])

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the control API, from outside any event loop. Raises StripeError for any answer but success."""
        if not self._emulator.url:
            raise StripeError("the embedded Stripe does not answer: it is not running")
        request = urllib.request.Request(  # noqa: S310 - the URL is our own emulator's
            f"{self._emulator.url}/_emulator/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Emulator-Token": self._emulator.control_token, "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode("utf-8", "replace")
            raise StripeError(f"the embedded Stripe answered {error.code} to {method} {path}: {said[:300]}") from None
        except OSError as error:
            raise StripeError(f"the embedded Stripe does not answer: {error}") from None
