"""Ways to sign a genuine event that are right only for an endpoint with one of the usual flaws. Pure.

The body stays as Stripe sent it; it is the signature that is made as a flawed endpoint would expect it. Which of them
an endpoint takes tells which flaw it has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from stripe_audit import signatures
from stripe_audit.keys import KeyKind, parse_key
from stripe_audit.webhooks.forgeries import PLACEHOLDER_KEYS

__all__ = ["Known", "Suspicion", "suspicions"]

_DAY_S = 86_400
_LEAST_OFFSET_S = 60
_OF_THE_CLI = re.compile(r"whsec_[0-9a-f]{64}")
"""The shape of the secrets of ``stripe listen``; those of endpoints are shorter and not hexadecimal."""


_NAMES = {
    KeyKind.UNKNOWN: "no key of Stripe's at all",
    KeyKind.ENDPOINT_ID: "the id of an endpoint, not its secret",
    KeyKind.APP_SIGNING_SECRET: "the signing secret of a Stripe App",
    KeyKind.ACCOUNT_ID: "the id of an account",
    KeyKind.CLIENT_SECRET: "the client secret of a payment",
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A flaw, and the signature that fits it: ``sign(body, now)`` gives the header, ``now`` in Unix seconds.

    ``title`` ends the sentence "A genuine event is refused: …"; ``advice`` says what to do, in whole sentences.
    """

    cause: str
    title: str
    advice: str
    sign: Callable[[bytes, int], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What the audit knows besides an endpoint's own secret.

    ``others``: the secrets of other endpoints by their paths; ``values``: the target's variables and what else may have
    been pasted, by their names; ``clock_s``: how far the target's clock is ahead, by its Date header.
    """

    others: Mapping[str, str] = field(default_factory=dict, repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock_s: float = 0.0


def suspicions(secret: str, known: Known) -> Iterator[Suspicion]:
    """Every suspicion about an endpoint with this secret, the usual ones first."""
    for path, other in known.others.items():
        title = "it verifies with the secret of another endpoint"
        advice = f"It takes the same event signed with the secret of {path}: the two are mixed up. Give each its own."
        yield Suspicion("other-endpoint", title, advice, _keyed(other))
    yield from _pasted(secret, known)
    yield from _spelt(secret)
    yield from _unset()
    yield from _rewritten(secret)
    yield from _timed(secret, known.clock_s)


def _keyed(secret: str | bytes) -> Callable[[bytes, int], str]:
    """Sign as always, with a key."""
    key = secret if isinstance(secret, bytes) else secret.encode()

    def sign(body: bytes, now: int) -> str:
        return f"t={now},v1={hmac.new(key, str(now).encode() + b'.' + body, hashlib.sha256).hexdigest()}"

    return sign


def _pasted(secret: str, known: Known) -> Iterator[Suspicion]:
    """Another value of the target's stands where the secret belongs."""
    for name, value in known.values.items():
        text = value.strip()
        if not text or text == secret.strip() or text in known.others.values():
            continue
        kind = parse_key(text).kind
        if kind is not KeyKind.WEBHOOK_SECRET:
            title = "what it verifies with is no signing secret"
            what = _NAMES.get(kind, f"a {kind.value.replace('_', ' ')} key of Stripe's")
            advice = (
                f"It takes the same event signed with {name}, which is {what}. Take the endpoint's whsec_… instead."
            )
            yield Suspicion("wrong-kind", title, advice, _keyed(text))
        elif _OF_THE_CLI.fullmatch(text):
            title = "it verifies with the secret of the Stripe CLI"
            advice = (
                f"It takes the same event signed with {name}, a secret as ``stripe listen`` prints it: that one is for "
                "what the CLI forwards. Take the endpoint's own from Workbench → Webhooks."
            )
            yield Suspicion("cli-secret", title, advice, _keyed(text))
        else:
            title = "it verifies with another secret than its own"
            advice = f"It takes the same event signed with {name}: one of another endpoint or mode, or an old one."
            yield Suspicion("other-secret", title, advice, _keyed(text))


def _spelt(secret: str) -> Iterator[Suspicion]:
    """The right secret, with something around it or without a part of it."""
    title = "its secret has white space or quotation marks around it"
    around = {
        "a line break after it": f"{secret}\n",
        "a Windows line break after it": f"{secret}\r\n",
        "a carriage return after it": f"{secret}\r",
        "a space after it": f"{secret} ",
        "a space before it": f" {secret}",
        "quotation marks around it": f'"{secret}"',
        "single quotation marks around it": f"'{secret}'",
        "a backslash and an n after it": f"{secret}\\n",
        "a semicolon after it": f"{secret};",
    }
    for what, written in around.items():
        yield Suspicion("white-space", title, f"It verifies with its secret with {what}: strip it.", _keyed(written))
    title = "it verifies with a part of its secret"
    whole = "Stripe's key is the whole text, whsec_ included; other senders' libraries decode theirs."
    bare = secret.removeprefix("whsec_")
    yield Suspicion("secret-taken-apart", title, f"It leaves out whsec_. {whole}", _keyed(bare))
    if decoded := _decoded(bare):
        yield Suspicion("secret-taken-apart", title, f"It decodes the secret from base64. {whole}", _keyed(decoded))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _unset() -> Iterator[Suspicion]:
    """The secret is not set, or was never filled in."""
    title = "it has no secret, or a placeholder"
    yield Suspicion(
        "unset", title, "It takes the same event signed with the empty key: its secret is unset.", _keyed("")
    )
    for key in PLACEHOLDER_KEYS:
        advice = f"It takes the same event signed with {key.strip() or 'a blank'!r}: its secret was never filled in."
        yield Suspicion("unset", title, advice, _keyed(key))


def _rewritten(secret: str) -> Iterator[Suspicion]:
    """The body is not what was sent when it is verified."""
    title = "the body is altered before it is verified"

    def over(write: Callable[[bytes], bytes]) -> Callable[[bytes, int], str]:
        return lambda body, now: signatures.header(write(body), secret, now)

    for what, write in _WRITERS.items():
        advice = (
            f"It takes the event signed over {what}: the raw body is lost before the check. See docs/fixes/raw-body.md."
        )
        yield Suspicion("body-altered", title, advice, over(write))


def _dumped(**options: object) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps(json.loads(body), **options).encode()  # type: ignore[arg-type]


_COMPACT = (",", ":")
_WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "the body as JavaScript's JSON.stringify writes it": _dumped(separators=_COMPACT, ensure_ascii=False),
    "the body as Python's json.dumps writes it": _dumped(),
    "the body as PHP's json_encode writes it": lambda body: _dumped(separators=_COMPACT)(body).replace(b"/", rb"\/"),
    "the body as Go's json.Marshal writes a map": _dumped(separators=_COMPACT, ensure_ascii=False, sort_keys=True),
    "an empty body (it was read before)": lambda body: b"",
    "the text [object Object]": lambda body: b"[object Object]",
    "the body's base64 text, not decoded": base64.b64encode,
    "the body as a JSON string": lambda body: json.dumps(body.decode(), ensure_ascii=False).encode(),
}


def _timed(secret: str, clock_s: float) -> Iterator[Suspicion]:
    """The event counts as old, or as not yet made."""

    def at(moment: Callable[[int], int]) -> Callable[[bytes, int], str]:
        return lambda body, now: signatures.header(body, secret, moment(now))

    if abs(clock_s) >= _LEAST_OFFSET_S:
        told = f"{abs(clock_s) / 60:.0f} minutes {'fast' if clock_s > 0 else 'slow'}, by its Date header"
        advice = f"The server's clock is {told}. It takes the event when it is signed for that time. Use NTP."
        yield Suspicion("clock", "its clock is wrong", advice, at(lambda now: now + round(clock_s)))
    advice = (
        "It takes the event when it is signed for a later time: its clock is fast, it takes local time for UTC, or its "
        "tolerance is next to nothing (0 is strict in some libraries). The default is 300 seconds."
    )
    yield Suspicion("clock", "every event counts as old", advice, at(lambda now: now + _DAY_S))
    advice = "It takes the event when the signature's time is in milliseconds: Stripe's ``t`` is in seconds."
    yield Suspicion("clock", "it takes seconds for milliseconds", advice, at(lambda now: now * 1000))
