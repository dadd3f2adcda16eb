"""API versions and their trains: acacia, basil, clover, dahlia, endive (docs.stripe.com/api/versioning)."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ACACIA", "ENDIVE", "TRAINS", "Gap", "Train", "gap_to", "is_version"]

ACACIA = "2024-09-30"
"""What is pinned to an older version than this train is served as acacia."""
ENDIVE = "2026-09-30"
"""The train in whose shape the emulator keeps its objects."""
_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z_]+)?(;[A-Za-z0-9_=;. -]*)?")
"""A version, and behind semicolons the beta features that preview libraries ask for."""


@dataclass(frozen=True, slots=True)
class Train:
    """What changed with a train, by kind of object; ``scripts/derive_trains.py`` says how values are described."""

    name: str
    since: str
    arrived: dict[str, list[str]]
    left: dict[str, dict[str, Any]]
    words: dict[str, dict[str, dict[str, str]]]


def _load() -> tuple[Train, ...]:
    text = Path(__file__).with_name("shapes").joinpath("trains.json").read_text("utf-8")
    return tuple(Train(name, **entry) for name, entry in json.loads(text).items())


TRAINS = _load()
"""From basil on, oldest first."""


@functools.lru_cache(maxsize=512)
def is_version(text: str) -> bool:
    """Whether this is an API version as ``Stripe-Version`` takes it."""
    return _VERSION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Gap:
    """What a version has not: the ``trains`` after it, newest first, and the ``kinds`` of object that they changed."""

    trains: tuple[Train, ...]
    kinds: frozenset[str]


@functools.lru_cache(maxsize=512)
def gap_to(version: str) -> Gap | None:
    """From the emulator's own shape to a version's; None where there is none, and for texts that are no version."""
    if not is_version(version):
        return None
    trains = tuple(train for train in reversed(TRAINS) if version[:10] < train.since)
    kinds = frozenset(kind for train in trains for part in (train.arrived, train.left, train.words) for kind in part)
    return Gap(trains, kinds) if trains else None
