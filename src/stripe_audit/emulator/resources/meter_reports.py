"""What the meter event stream could not count, told of by thin events: it takes everything, and checks afterwards.

Source: docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api#handle-meter-event-errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.thin import THIN_ONLY, timestamp
from stripe_audit.emulator.world import World

__all__ = ["Uncounted", "report_later"]

SAMPLES = 5
_REPORT, _NO_METER = sorted(THIN_ONLY)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An event that was not counted. ``meter`` None: no meter has its name; ``code`` is one of Stripe's for reports."""

    meter: str | None
    code: str
    message: str
    identifier: str


def report_later(world: World, found: Sequence[Uncounted]) -> None:
    """Tell of these once the stream has been checked: one event for each meter, and one for all without."""
    if found:
        world.clock.later(world.config.refund_delay, _report, world, tuple(found), world.clock.now())


def _report(world: World, found: Sequence[Uncounted], since: float) -> None:
    for identity in dict.fromkeys(one.meter for one in found):
        meter = world.store.by_id.get(identity or "")
        its = [one for one in found if one.meter == identity]
        data = {
            "developer_message_summary": f"There {'is' if len(its) == 1 else 'are'} {len(its)} invalid event"
            f"{'' if len(its) == 1 else 's'}",
            "reason": _reason(its),
            "validation_end": timestamp(world.clock.now()),
            "validation_start": timestamp(since),
        }
        if meter is not None:
            world.emit(_REPORT, meter, thin_data=data)
        else:
            world.emit(_NO_METER, {}, thin_data=data)


def _reason(found: Sequence[Uncounted]) -> Obj:
    codes = dict.fromkeys(one.code for one in found)
    return {"error_count": len(found), "error_types": [_kind(code, found) for code in codes]}


def _kind(code: str, found: Sequence[Uncounted]) -> Obj:
    its = [one for one in found if one.code == code]
    samples = [{"error_message": one.message, "request": {"identifier": one.identifier}} for one in its[:SAMPLES]]
    return {"code": code, "error_count": len(its), "sample_errors": samples}
