"""What the engine says while it works: values named by what has happened. Whoever shows or stores progress listens.

Order within a run: RunStarted, then per phase PhaseStarted, CheckFinished for each check (in plan order, whatever the
concurrency), PhaseFinished, and at last RunFinished. CheckBegan is sent when a check really begins, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stripe_audit.models import CheckResult

__all__ = [
    "CheckBegan",
    "CheckFinished",
    "Event",
    "Listener",
    "NoteAdded",
    "PhaseFinished",
    "PhaseStarted",
    "RunFinished",
    "RunStarted",
]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """``run`` is the run's tag; ``planned`` how many checks will run, ``total`` how many are in the plan."""

    run: str
    planned: int
    total: int


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """``number`` is 1 to 6."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class CheckBegan:
    """A check's code begins to run now."""

    check: str


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """Sent in plan order. A check that does not run finishes at once, as skipped."""

    result: CheckResult


@dataclass(frozen=True, slots=True)
class PhaseFinished:
    """All checks of the phase have finished."""

    number: int


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """Something about the run as a whole that its reader should know."""

    text: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """``interrupted`` after Ctrl-C or SIGTERM: the report is partial."""

    interrupted: bool


Event = RunStarted | PhaseStarted | CheckBegan | CheckFinished | PhaseFinished | NoteAdded | RunFinished
Listener = Callable[[Event], None]
