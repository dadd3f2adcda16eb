"""What lies ahead of a subscription: its trial's end, its renewal, its end.

Source: docs.stripe.com/api/events/types, docs.stripe.com/billing/subscriptions/overview.
"""

from __future__ import annotations

from stripe_audit.emulator.resources.billing import (
    pending_updates,
    previews,
    schedule_machine,
    subscription_bills,
    subscription_machine,
)
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.subscription_start import TRIAL_NOTICE
from stripe_audit.emulator.resources.billing.timeline import NEXT_STEPS, Step, once
from stripe_audit.emulator.resources.billing.times import DAY, HOUR
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["INCOMPLETE_FOR", "UPCOMING_NOTICE"]

INCOMPLETE_FOR = 23 * HOUR
"""How long the first payment may take."""
UPCOMING_NOTICE = 7 * DAY
"""How long before a renewal ``invoice.upcoming`` is told; a setting in Stripe."""


def steps(world: World, subscription: Obj) -> list[Step]:
    """Those of its schedule come first where they are due at the same time."""
    status = subscription["status"]
    schedule = world.store.get("subscription_schedule", subscription["schedule"] or "")
    found = schedule_machine.steps(world, schedule) if schedule else []
    if status == "incomplete":
        found.append(
            Step(subscription["created"] + INCOMPLETE_FOR, lambda: subscription_machine.expire(world, subscription))
        )
        return found
    if status not in ("trialing", "active", "past_due", "unpaid"):
        return found
    start, end = subscription_bills.period_of(subscription)
    cancel_at = subscription["cancel_at"]
    if cancel_at is not None:
        found.append(Step(cancel_at, lambda: _cancel(world, subscription)))
    if status == "trialing":
        notice = "customer.subscription.trial_will_end"
        if once(world, notice, subscription, end):
            found.append(Step(end - TRIAL_NOTICE, lambda: _tell(world, notice, subscription, end)))
        found.append(Step(end, lambda: subscription_machine.end_trial(world, subscription)))
    else:
        found.append(Step(end, lambda: subscription_machine.renew(world, subscription)))
    if cancel_at is None and once(world, "invoice.upcoming", subscription, end):
        found.append(Step(max(start, end - UPCOMING_NOTICE), lambda: _tell_upcoming(world, subscription, end)))
    waiting = subscription["pending_update"]
    if waiting is not None:
        found.insert(0, Step(waiting["expires_at"], lambda: pending_updates.expire(world, subscription)))
    paused = subscription["pause_collection"] or {}
    if paused.get("resumes_at") is not None:
        found.append(Step(paused["resumes_at"], lambda: _resume_collection(world, subscription)))
    return found


def _cancel(world: World, subscription: Obj) -> None:
    subscription_machine.cancel(world, None, subscription, reason="cancellation_requested")


def _tell(world: World, type: str, subscription: Obj, date: int) -> None:
    world.billing.told.add((type, subscription["id"], date))
    world.emit(type, subscription)


def _tell_upcoming(world: World, subscription: Obj, end: int) -> None:
    world.billing.told.add(("invoice.upcoming", subscription["id"], end))
    world.emit("invoice.upcoming", previews.upcoming(world, subscription))


def _resume_collection(world: World, subscription: Obj) -> None:
    with changing(world, None, subscription, "customer.subscription.updated"):
        subscription["pause_collection"] = None


NEXT_STEPS["subscription"] = steps
