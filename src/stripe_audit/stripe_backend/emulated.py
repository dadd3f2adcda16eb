"""The embedded emulator as the Stripe side: its API for objects, its control API for everything else."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from stripe_audit.deployment.transport import Answer, Transport
from stripe_audit.errors import StripeError
from stripe_audit.models import Effect, Party
from stripe_audit.stripe_backend.interface import Attempt, Call, CustomerAnswer, Delivery, FaultHandle, StripeBackend

__all__ = ["EmulatedStripe", "EmulatorAddress"]


@dataclass(frozen=True, slots=True)
class EmulatorAddress:
    """Where the emulator listens, and the keys of the run. ``audit_key`` marks the audit's own calls in the journal."""

    url: str
    control_token: str
    audit_key: str
    publishable_key: str
    api_version: str

    def backend(self, transport: Transport) -> EmulatedStripe:
        """The emulator through a check's own transport."""
        return EmulatedStripe(self, transport)


_CONTROL_S = 60.0
"""The control API answers when deliveries have ended; a slow target's take their time."""
_PATH = re.compile(r"/v[12](?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")


def _segment(identity: str) -> str:
    """An id as one segment of a path, whatever the target calls its payments. Raises StripeError."""
    if not identity or identity.strip(".") == "":
        raise StripeError(f"no id of an object: {identity!r}")
    return quote(identity, safe="")


def _dumped(value: Any) -> bytes:
    return jsonlib.dumps(value, separators=(",", ":")).encode()


def _json(answer: Answer, what: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise StripeError(f"{what} with something that is no JSON") from None


def form(params: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Stripe's form encoding: nested values in brackets, booleans in lower case, None left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in params.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            pairs += form(value, name)
        elif isinstance(value, (list, tuple)):
            pairs += form({str(index): item for index, item in enumerate(value)}, name)
        elif value is not None:
            pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs


class _EmulatedFault(FaultHandle):
    def __init__(self, stripe: EmulatedStripe, identity: str) -> None:
        self.id = identity
        self._stripe = stripe
        self._is_lifted = False

    async def lift(self) -> None:
        if not self._is_lifted:
            self._is_lifted = True
            await self._stripe.control("DELETE", f"faults/{_segment(self.id)}")

    async def hits(self) -> int:
        rules = (await self._stripe.control("GET", "faults"))["faults"]
        return sum(int(rule["hits"]) for rule in rules if rule["id"] == self.id)


class EmulatedStripe(StripeBackend):
    """Speaks to one running emulator through a check's own transport."""

    def __init__(self, address: EmulatorAddress, transport: Transport) -> None:
        self._address = address
        self._transport = transport
        self.publishable_key = address.publishable_key
        self.api_version = address.api_version

    @property
    def address(self) -> EmulatorAddress:
        """Where it is, and the run's keys."""
        return self._address

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the control API. Raises StripeError for any answer but success."""
        answer = await self._transport.request(
            method,
            f"{self._address.url}/_emulator/{path}",
            headers={"X-Emulator-Token": self._address.control_token},
            json=body,
            effect=Effect.NONE,
            destination=Party.STRIPE,
            timeout=_CONTROL_S,
            is_recorded=False,
        )
        said = _json(answer, f"the emulator's control API answered {answer.status} to {method} {path}")
        if answer.status >= 400:
            raise StripeError(f"the emulator's control API answered {answer.status} to {method} {path}: {said}")
        return said

    async def _call(
        self, method: str, path: str, params: Mapping[str, Any], *, key: str, source: Party = Party.AUDIT
    ) -> Answer:
        encoded = urlencode(form(params))
        has_query = bool(encoded) and method != "POST"
        return await self._transport.request(
            method,
            f"{self._address.url}{path}{'?' + encoded if has_query else ''}",
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Stripe-Version": self.api_version,
            },
            content=encoded.encode() if method == "POST" else None,
            effect=Effect.NONE,
            source=source,
            destination=Party.STRIPE,
        )

    async def _own(self, method: str, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if not _PATH.fullmatch(path):  # ids in it may come from the target
            raise StripeError(f"no path of Stripe's API: {path[:100]!r}")
        answer = await self._call(method, path, params, key=self._address.audit_key)
        body: dict[str, Any] = _json(answer, f"Stripe answered {answer.status} to {method} {path}")
        if answer.status >= 400:
            error = body.get("error", {})
            raise StripeError(f"Stripe answered {answer.status} to {method} {path}: {error.get('message')}")
        return body

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        return await self._own("GET", path, params)

    async def post(self, path: str, **params: Any) -> dict[str, Any]:
        return await self._own("POST", path, params)

    async def send(
        self,
        method: str,
        path: str,
        *,
        pairs: Sequence[tuple[str, str]] = (),
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> CustomerAnswer:
        if not _PATH.fullmatch(path.partition("?")[0]):
            raise StripeError(f"no path of Stripe's API: {path[:100]!r}")
        encoded, has_body = urlencode(pairs), method == "POST"
        kind = "application/json" if path.startswith("/v2/") else "application/x-www-form-urlencoded"
        answer = await self._transport.request(
            method,
            self._address.url + path + (f"?{encoded}" if encoded and not has_body else ""),
            headers={"Authorization": f"Bearer {self._address.audit_key}", "Content-Type": kind, **(headers or {})},
            content=(encoded.encode() if json is None else _dumped(json)) if has_body else None,
            effect=Effect.NONE,
            source=Party.AUDIT,
            destination=Party.STRIPE,
        )
        body = _json(answer, f"Stripe answered {answer.status} to {method} {path}")
        error = body.get("error", {}) if answer.status >= 400 else None
        return CustomerAnswer(answer.status, body if error is None else {}, error)

    async def delete(self, path: str, **params: Any) -> dict[str, Any]:
        return await self._own("DELETE", path, params)

    async def advance(self, seconds: float, *, customer: str | None = None) -> None:
        of = {"customer": customer} if customer else {}
        await self.control("POST", "clock/advance", {"seconds": seconds, **of})

    async def confirm(self, client_secret: str, payment_method: str) -> CustomerAnswer:
        intent = client_secret.split("_secret_")[0]
        answer = await self._call(
            "POST",
            f"/v1/payment_intents/{_segment(intent)}/confirm",
            {
                "client_secret": client_secret,
                "payment_method": payment_method,
                "return_url": "https://example.com/return",
            },
            key=self.publishable_key,
            source=Party.CUSTOMER,
        )
        body = _json(answer, f"Stripe answered {answer.status} to a confirmation")
        if answer.status >= 400:
            return CustomerAnswer(answer.status, {}, body.get("error", {}))
        return CustomerAnswer(answer.status, body)

    async def authenticate(self, payment_intent: str, *, succeed: bool) -> None:
        outcome = "succeed" if succeed else "fail"
        await self.control("POST", f"payment_intents/{_segment(payment_intent)}/authenticate", {"outcome": outcome})

    async def journal(self, *, object: str | None = None, since: int = 0, caller: str | None = None) -> list[Call]:
        query = {"object": object, "since": since, "caller": caller}
        answer = await self.control("GET", f"journal?{urlencode({k: v for k, v in query.items() if v is not None})}")
        known = Call.__dataclass_fields__
        return [Call(**{key: value for key, value in entry.items() if key in known}) for entry in answer["calls"]]

    async def mark(self) -> int:
        answer = await self.control("GET", "journal?since=1000000000")
        return int(answer["next"])

    async def hold(self, *, object: str | None = None, mentions: str | None = None) -> None:
        await self.control("POST", "deliveries/hold", {"object": object} if object else {"mentions": mentions})

    async def release(
        self, object: str, *, events: Sequence[str] | None = None, types: Sequence[str] | None = None, copies: int = 1
    ) -> list[Attempt]:
        body: dict[str, Any] = {"object": object, "duplicate": copies}
        if events is not None:
            body["events"] = list(events)
        if types is not None:
            body["types"] = list(types)
        return _attempts((await self.control("POST", "deliveries/release", body))["attempts"])

    async def resend(self, event: str, *, copies: int = 1, concurrent: bool = False) -> list[Attempt]:
        body = {"event": event, "copies": copies, "concurrent": concurrent}
        return _attempts((await self.control("POST", "deliveries/resend", body))["attempts"])

    async def deliveries(self, object: str) -> list[Delivery]:
        answer = await self.control("GET", f"deliveries?{urlencode({'object': object})}")
        known = Delivery.__dataclass_fields__
        return [
            Delivery(
                **{**{k: v for k, v in entry.items() if k in known}, "attempts": tuple(_attempts(entry["attempts"]))}
            )
            for entry in answer["deliveries"]
        ]

    async def drain(self, timeout: float) -> bool:
        return bool((await self.control("POST", "deliveries/drain", {"timeout": timeout}))["drained"])

    async def events(self, object: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.control("GET", f"events?{urlencode({'object': object})}"))["events"]
        return found

    async def synthesize(self, type: str, object: Mapping[str, Any], **overrides: Any) -> dict[str, Any]:
        body = {"type": type, "object": dict(object), "deliver": False, **overrides}
        event: dict[str, Any] = await self.control("POST", "events", body)
        return event

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
        matching = {"method": method, "path": path, "object": object, "params": params, "times": times}
        rule = {key: value for key, value in matching.items() if value is not None}
        answer = await self.control("POST", "faults", {**rule, "caller": "target", "action": dict(action)})
        return _EmulatedFault(self, answer["id"])


def _attempts(entries: Sequence[Mapping[str, Any]]) -> list[Attempt]:
    return [
        Attempt(entry["at"], entry.get("status"), entry.get("error"), float(entry.get("duration_ms") or 0.0))
        for entry in entries
    ]
