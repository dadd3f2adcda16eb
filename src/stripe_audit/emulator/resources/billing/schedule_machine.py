"""How a subscription schedule moves from phase to phase, and how it ends.

Source: docs.stripe.com/billing/subscriptions/subscription-schedules, docs.stripe.com/api/events/types.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources.billing import schedule_phases, subscription_changes, subscription_machine
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.invoice_payments import unasked
from stripe_audit.emulator.resources.billing.subscription_start import start
from stripe_audit.emulator.resources.billing.timeline import NEXT_STEPS, Step, once
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["EXPIRING_NOTICE", "begin", "cancel", "enter", "release", "steps"]

EXPIRING_NOTICE = 10 * DAY
"""How long before its end ``subscription_schedule.expiring`` is told. The reference says seven days; the Stripe CLI's
own fixture for the event moves the clock to nine days before."""


def begin(call: Call, schedule: Obj) -> None:
    """Create the subscription with the first phase. Raises ApiError as the creation does."""
    customer = call.world.store.by_id[schedule["customer"]]
    phase = schedule["phases"][0]
    params = schedule_phases.subscription_params(phase, schedule["default_settings"], schedule["billing_mode"])
    for item in (*params["items"], *params.get("add_invoice_items", ())):
        item["price"] = call.world.store.get("price", item["price"]) or item["price"]
    subscription = start(replace(call, params=params), customer, is_deferred=True, schedule=schedule["id"])
    schedule.update(
        current_phase={"end_date": phase["end_date"], "start_date": phase["start_date"]},
        status="active",
        subscription=subscription["id"],
    )


def _begin_later(world: World, schedule: Obj) -> None:
    try:
        with changing(world, None, schedule, "subscription_schedule.updated"):
            begin(unasked(world), schedule)
    except ApiError:  # its price or customer is no more
        _end(world, None, schedule, "canceled")
        world.emit("subscription_schedule.aborted", schedule)


def enter(call: Call, schedule: Obj, phase: Obj) -> None:
    """Change the subscription into what a phase wants."""
    world = call.world
    subscription = world.store.by_id[schedule["subscription"]]
    params: dict[str, Any] = {
        "items": schedule_phases.changes_into(phase, subscription),
        "proration_behavior": phase["proration_behavior"],
    }
    for item in params["items"]:
        if "price" in item:
            item["price"] = world.store.get("price", item["price"]) or item["price"]
    before = snapshot(subscription)
    planned = subscription_changes.plan(call, subscription, params)
    if phase["default_payment_method"]:
        subscription["default_payment_method"] = phase["default_payment_method"]
    if phase["metadata"]:
        subscription["metadata"] = {**subscription["metadata"], **phase["metadata"]}
    subscription_changes.apply(call, subscription, planned, params, before)
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}


def _go_on(world: World, schedule: Obj) -> None:
    """The current phase is over."""
    following = [phase for phase in schedule["phases"] if phase["start_date"] >= schedule["current_phase"]["end_date"]]
    if not following:
        _complete(world, schedule)
        return
    with changing(world, None, schedule, "subscription_schedule.updated"):
        try:
            enter(unasked(world), schedule, following[0])
        except ApiError:  # a price is no more: the subscription goes on as it is
            schedule["current_phase"] = {name: following[0][name] for name in ("end_date", "start_date")}


def _complete(world: World, schedule: Obj) -> None:
    subscription = world.store.by_id[schedule["subscription"]]
    now = now_of(world, schedule)
    schedule.update(completed_at=now, current_phase=None, status="completed")
    if schedule["end_behavior"] == "cancel":
        world.emit("subscription_schedule.completed", schedule)
        subscription_machine.cancel(world, None, subscription, reason="cancellation_requested")
        return
    schedule.update(released_subscription=subscription["id"], subscription=None)
    world.emit("subscription_schedule.completed", schedule)
    with changing(world, None, subscription, "customer.subscription.updated"):
        subscription["schedule"] = None


def cancel(call: Call, schedule: Obj) -> None:
    """End the schedule, and its subscription with it.

    One that had not started also tells of ``subscription_schedule.aborted``, as the Stripe CLI's fixture expects.
    """
    world, was_waiting = call.world, schedule["status"] == "not_started"
    subscription = world.store.get("subscription", schedule["subscription"] or "")
    _end(world, call, schedule, "canceled")
    if was_waiting:
        world.emit("subscription_schedule.aborted", schedule, call)
    if subscription is not None and subscription["status"] in subscription_machine.LIVING:
        subscription_machine.cancel(world, call, subscription, reason="cancellation_requested")


def _end(world: World, call: Call | None, schedule: Obj, status: str) -> None:
    schedule.update({"current_phase": None, f"{status}_at": now_of(world, schedule), "status": status})
    world.emit(f"subscription_schedule.{status}", schedule, call)


def release(call: Call, schedule: Obj) -> None:
    """End the schedule, and leave its subscription as it is."""
    world = call.world
    subscription = world.store.get("subscription", schedule["subscription"] or "")
    schedule.update(released_subscription=schedule["subscription"], subscription=None)
    _end(world, call, schedule, "released")
    if subscription is not None:
        with changing(world, call, subscription, "customer.subscription.updated"):
            subscription["schedule"] = None


@after("customer.subscription.deleted")
def follow(world: World, subscription: Obj, call: Call | None) -> None:
    """A schedule ends with its subscription: aborted, if that was not paid for."""
    schedule = world.store.get("subscription_schedule", subscription["schedule"] or "")
    if schedule is None or schedule["status"] != "active":
        return
    _end(world, call, schedule, "canceled")
    if subscription["cancellation_details"]["reason"] == "payment_failed":
        world.emit("subscription_schedule.aborted", schedule, call)


def steps(world: World, schedule: Obj) -> list[Step]:
    """What lies ahead of a schedule."""
    if schedule["status"] == "not_started":
        return [Step(schedule["phases"][0]["start_date"], lambda: _begin_later(world, schedule))]
    if schedule["status"] != "active" or schedule["end_behavior"] == "none":
        return []
    end, type = schedule["phases"][-1]["end_date"], "subscription_schedule.expiring"
    found = [Step(schedule["current_phase"]["end_date"], lambda: _go_on(world, schedule))]
    if once(world, type, schedule, end):
        notice = max(schedule["phases"][0]["start_date"], end - EXPIRING_NOTICE)
        found.append(Step(notice, lambda: _tell_expiring(world, schedule, end)))
    return found


def _tell_expiring(world: World, schedule: Obj, end: int) -> None:
    world.billing.told.add(("subscription_schedule.expiring", schedule["id"], end))
    world.emit("subscription_schedule.expiring", schedule)


NEXT_STEPS["subscription_schedule"] = steps
