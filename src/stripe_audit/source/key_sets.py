"""Whether the keys in an env file belong together: one mode, one account, and names that tell the truth. Pure.

A file may hold several sets of keys where the names of the variables keep them apart (``STRIPE_TEST_SECRET_KEY`` and
``STRIPE_LIVE_SECRET_KEY``, ``STRIPE_EU_…`` and ``STRIPE_US_…``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stripe_audit.keys import KeyKind, KeyMode, StripeKey, parse_key
from stripe_audit.source.env_files import EnvFile

__all__ = ["HeldKey", "Mismatch", "keys_in", "mismatches"]

_KINDS = (KeyKind.SECRET, KeyKind.PUBLISHABLE, KeyKind.RESTRICTED)
_NOT_TELLING = {
    *("STRIPE", "SECRET", "PUBLISHABLE", "PUBLIC", "PRIVATE", "RESTRICTED", "KEY", "API", "TOKEN", "SK", "PK", "RK"),
    *("CLIENT", "SERVER", "BACKEND", "FRONTEND", "NEXT", "VITE", "REACT", "APP", "NUXT", "EXPO", "GATSBY", "SVELTE"),
}
"""Words in the names of variables that do not tell one set of keys from another."""
_MODE_WORDS = {
    "TEST": KeyMode.TEST,
    "SANDBOX": KeyMode.TEST,
    "LIVE": KeyMode.LIVE,
    "PROD": KeyMode.LIVE,
    "PRODUCTION": KeyMode.LIVE,
}


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that a variable holds, without its value."""

    name: str
    line: int
    key: StripeKey

    @property
    def words(self) -> frozenset[str]:
        """The words in its name that tell one set from another."""
        return frozenset(self.name.upper().split("_")) - _NOT_TELLING

    @property
    def named_mode(self) -> KeyMode | None:
        """The mode that its name promises."""
        return next((mode for word, mode in _MODE_WORDS.items() if word in self.words), None)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Keys that do not belong together: by their ``modes``, by their ``accounts``, or one that its ``name`` belies."""

    kind: Literal["modes", "accounts", "name"]
    keys: tuple[HeldKey, ...]


def keys_in(file: EnvFile) -> list[HeldKey]:
    """Every API key whose value shows its mode, whatever its variable is called."""
    held = [HeldKey(entry.name, entry.line, parse_key(entry.value)) for entry in file.variables.values()]
    return [one for one in held if one.key.kind in _KINDS and one.key.mode is not KeyMode.UNKNOWN]


def mismatches(held: Iterable[HeldKey]) -> list[Mismatch]:
    """What does not belong together among the keys of one file."""
    keys = list(held)
    found = [Mismatch("name", (one,)) for one in keys if one.named_mode not in (None, one.key.mode)]
    unnamed = tuple(one for one in keys if one.named_mode is None)
    if len({one.key.mode for one in unnamed}) > 1:
        found.append(Mismatch("modes", unnamed))
    sets: dict[frozenset[str], list[HeldKey]] = {}
    for one in keys:
        sets.setdefault(one.words, []).append(one)
    for members in sets.values():
        known = tuple(one for one in members if one.key.account_hint)
        # Keys of two modes have been told of; of the same account they may be or not.
        if len({one.key.account_hint for one in known}) > 1 and len({one.key.mode for one in known}) == 1:
            found.append(Mismatch("accounts", known))
    return found
