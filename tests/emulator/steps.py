"""What most tests here begin with: a payment, and waiting for something to come true."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

import stripe

T = TypeVar("T")
AUTOMATIC = {"enabled": True, "allow_redirects": "never"}


def create(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    """A payment intent over 20 dollars, not confirmed."""
    return client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "automatic_payment_methods": AUTOMATIC, **params}
    )


def pay(client: stripe.StripeClient, card: str = "pm_card_visa", **params: Any) -> stripe.PaymentIntent:
    """A payment intent that is confirmed at once."""
    return create(client, payment_method=card, confirm=True, **params)


def wait_for(condition: Callable[[], T], seconds: float = 5.0) -> T:
    """What ``condition`` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {seconds} s; last was {found!r}")
        time.sleep(0.005)
    return found


class Control:
    """The control API, spoken to over plain HTTP."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON, whatever the status is."""
        request = urllib.request.Request(
            f"{self.url}/_emulator/{path}",
            method=method,
            data=None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"X-Emulator-Token": self.token, "Content-Type": "application/json", **headers},
        )
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def get(self, path: str) -> Any:
        return self._done("GET", path)

    def post(self, path: str, /, **body: Any) -> Any:
        return self._done("POST", path, body)

    def delete(self, path: str) -> Any:
        return self._done("DELETE", path)

    def _done(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self(method, path, body)
        assert status == 200, answer
        return answer

    def events(self, object: str) -> list[str]:
        """The types of the events about an object and its family, oldest first."""
        return [event["type"] for event in self.get(f"events?object={object}")["events"]]

    def calls(self, **query: str | int) -> list[dict[str, Any]]:
        return self.get("journal?" + "&".join(f"{name}={value}" for name, value in query.items()))["calls"]

    def fault(self, kind: str, **members: Any) -> str:
        """Put a fault in force; ``status``, ``seconds`` and the like belong to its action."""
        matching = {"method", "path", "caller", "object", "idempotency_key", "params", "times"}
        rule = {name: value for name, value in members.items() if name in matching}
        action = {name: value for name, value in members.items() if name not in matching}
        return self._done("POST", "faults", {**rule, "action": {"kind": kind, **action}})["id"]
