"""What a defect is: a tiny change to the sound shop, and the check that must notice it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Defect"]


@dataclass(frozen=True, slots=True)
class Defect:
    """One flaw, and nothing else.

    ``breaks`` is the check that must find it; ``also`` names checks whose verdict it changes too, since they need what
    it breaks. The classes are put in front of the shop's own; ``env`` changes the env file that the project has (None
    removes a variable), never what the running shop is given. ``is_process`` marks the ones that only show in a
    launched process. ``files`` are files that the project has besides or in place of its own, ``past`` such that only
    its first commit had, ``env_mode`` the env file's permissions, ``programs`` scripts that come first on the PATH by
    their names. ``account`` changes the Stripe account, given a ``stripe.StripeClient`` and the shop's URL, where the
    shop runs in a thread. ``seen_in`` names a real failure of this shape, as owner/repo#number.
    """

    id: str
    title: str
    breaks: str
    also: tuple[str, ...] = ()
    seen_in: str = ""
    shop: type | None = None
    orders: type | None = None
    receipts: type | None = None
    pages: type | None = None
    stripe: type | None = None
    env: Mapping[str, str | None] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    perhaps: tuple[str, ...] = ()
    """Checks whose verdict depends on which of two events wins a race, or on how long they wait."""
    env_mode: int | None = None
    account: Callable[[Any, str], None] | None = None
    is_process: bool = False
