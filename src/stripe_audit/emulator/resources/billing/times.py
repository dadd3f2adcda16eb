"""Times of billing: the clock that an object lives on, and periods of days, weeks, months and years in UTC.

Source: docs.stripe.com/billing/subscriptions/billing-cycle (an anchor on the 31st falls on the last day of shorter
months), docs.stripe.com/billing/testing/test-clocks.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["DAY", "HOUR", "boundary", "next_boundary", "now_of", "spoken_date"]

HOUR = 3600
DAY = 24 * HOUR
_DAYS = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "year": (365, 366)}
_LATEST = 253_402_300_799
"""The end of the year 9999, the last that a date can have here."""


def now_of(world: World, obj: Obj | None) -> int:
    """Now, for an object or a customer: the time of its test clock, or else of the account."""
    clock = world.store.by_kind["test_helpers.test_clock"].get((obj or {}).get("test_clock") or "")
    return int(clock["frozen_time"]) if clock is not None else world.clock.seconds()


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """The start of period ``number`` of those that are counted from ``anchor``; ``number`` may be negative."""
    start = datetime.fromtimestamp(anchor, UTC)
    steps = number * count
    try:
        if interval in ("day", "week"):
            moved = start + timedelta(days=steps * (7 if interval == "week" else 1))
        else:
            months = start.year * 12 + start.month - 1 + steps * (12 if interval == "year" else 1)
            year, month = divmod(months, 12)
            day = min(start.day, calendar.monthrange(year, month + 1)[1])
            moved = start.replace(year=year, month=month + 1, day=day)
    except (ValueError, OverflowError):  # beyond the year 9999
        return _LATEST
    return int(moved.timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """The first start of a period that is later than ``after``."""
    shortest, longest = _DAYS[interval]
    days = count * (longest if after >= anchor else shortest)
    number = (after - anchor) // (days * DAY) - 1  # at or before the one that is sought
    while (found := boundary(anchor, interval, count, number)) <= after and found < _LATEST:
        number += 1
    return found


def spoken_date(moment: int) -> str:
    """``24 Nov 2026``, as in the descriptions of prorations."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y")
