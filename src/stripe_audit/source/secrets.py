"""Stripe's secrets in bytes of any kind, by their shape. Pure.

``bytes.find`` looks for five anchors, which passes over what holds none of them at about memory speed; only around an
anchor does an expression look. Values are nowhere kept: a secret is told by its masked form, and compared by its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from stripe_audit.keys import KeyKind, KeyMode, mask, parse_key, problems

__all__ = ["ANCHORS", "Secret", "secrets_in"]

ANCHORS = (b"k_live_", b"k_test_", b"whsec_", b"absec_", b"sk_org_")
"""One of them is in every secret that is looked for; the first two also begin restricted and ephemeral keys."""
_SECRET = re.compile(
    rb"(?<![A-Za-z0-9])(?:(?:sk|rk)_(?:live|test)_|sk_org_(?:live_|test_)?|whsec_|absec_)[A-Za-z0-9+/]{24,250}"
)
_LEAST_VARIETY = 10
"""Different characters in a real secret's body; a made-up one repeats a few."""
_PUBLISHED = ("4eC39HqLyjWDarjtT1zdp7dc", "BQokikJOvBiI2HlWgH4olfQ2")
"""Bodies of the test keys that Stripe's own documentation shows to everybody."""
_MASKED_AT = 400


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and the line (from 1) that it stands on. ``digest`` tells whether two are the same."""

    kind: KeyKind
    mode: KeyMode
    masked: str
    line: int
    digest: str = field(repr=False)

    @property
    def name(self) -> str:
        """What it is, in words."""
        mode = "" if self.mode is KeyMode.UNKNOWN else f"{self.mode} "
        return f"{mode}{_NAMES.get(self.kind, self.kind.replace('_', ' '))}"


_NAMES = {
    KeyKind.SECRET: "secret key",
    KeyKind.RESTRICTED: "restricted key",
    KeyKind.ORGANISATION: "organisation key",
    KeyKind.WEBHOOK_SECRET: "webhook signing secret",
    KeyKind.APP_SIGNING_SECRET: "app signing secret",
}


def secrets_in(data: bytes) -> list[Secret]:
    """Every secret in the order of its first appearance, each value once. Placeholders and published keys are none."""
    starts = sorted({start for anchor in ANCHORS if anchor in data for start in _starts(data, anchor)})
    if not starts:
        return []
    found: dict[bytes, Secret] = {}
    for start in starts:
        match = _SECRET.match(data, start)
        if match and match.group() not in found and _is_real(text := match.group().decode("ascii")):
            parsed = parse_key(text)
            line = data.count(b"\n", 0, start) + 1
            digest = hashlib.sha256(match.group()).hexdigest()
            found[match.group()] = Secret(parsed.kind, parsed.mode, mask(text[:_MASKED_AT]), line, digest)
    return list(found.values())


def _starts(data: bytes, anchor: bytes) -> Iterator[int]:
    """Where a secret with this anchor may begin: anchors without their first letter begin one before."""
    before = 1 if anchor.startswith(b"k_") else 0
    at = data.find(anchor)
    while at >= 0:
        if at >= before:
            yield at - before
        at = data.find(anchor, at + len(anchor))


def _is_real(text: str) -> bool:
    body = text.rsplit("_", 1)[-1]
    if len(set(body)) < _LEAST_VARIETY or body in _PUBLISHED or not re.search(r"[0-9]", body):
        return False
    return "is a placeholder" not in problems(text, parse_key(text).kind)
