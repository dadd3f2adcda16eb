"""Subscription schedules (docs.stripe.com/api/subscription_schedules). ``schedule_machine`` moves them."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.billing import schedule_machine
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.schedule_phases import (
    phase_of_subscription,
    phases_given,
    settings_given,
)
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

KIND = "subscription_schedule"


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if params.get("end_behavior") == "renew" or params.get("pause_schedules"):
        raise invalid("The emulator knows no renewing schedules and no scheduled pauses.", "end_behavior")
    if params.get("from_subscription"):
        return _adopt(call, params["from_subscription"])
    for name in ("customer", "phases"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    customer = customers.living(call, params["customer"], "customer")
    now = now_of(world, customer)
    wanted = params.get("start_date")
    start = now if wanted in (None, "now") else int(wanted)
    if start < now - 366 * 24 * 3600:
        raise invalid("The start date is too far in the past.", "start_date")
    phases = phases_given(call, params["phases"], start)
    if phases[-1]["end_date"] <= now:
        raise invalid("The schedule would be over already.", "phases")
    schedule = _blank(call, customer, phases)
    if start <= now:
        schedule_machine.begin(call, schedule)
    world.store.add(schedule)
    world.emit("subscription_schedule.created", schedule, call)
    return schedule


def _blank(call: Call, customer: Obj, phases: list[Obj]) -> Obj:
    params, now = call.params, now_of(call.world, customer)
    mode = (params.get("billing_mode") or {"type": "flexible"})["type"]
    is_flexible = mode == "flexible"
    return blank(
        KIND,
        id=call.world.ids.new("sub_sched"),
        object=KIND,
        billing_mode={
            "flexible": {"proration_discounts": "included"} if is_flexible else None,
            "type": mode,
            "updated_at": now if is_flexible else None,
        },
        created=now,
        customer=customer["id"],
        default_settings=settings_given(params.get("default_settings")),
        end_behavior=params.get("end_behavior") or "release",
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        pause_schedules=[],
        phases=phases,
        status="not_started",
        test_clock=customer["test_clock"],
    )


def _adopt(call: Call, identity: str) -> Obj:
    """A schedule for a subscription that is there: its first phase is the current period."""
    world = call.world
    if call.params.get("phases"):
        raise invalid("You cannot set `phases` if `from_subscription` is set.", "phases")
    subscription = world.find("subscription", identity, "from_subscription")
    if subscription["schedule"] is not None or subscription["status"] in (
        "canceled",
        "incomplete",
        "incomplete_expired",
    ):
        raise invalid(
            "You cannot migrate a subscription that is already attached to a schedule, or is not active.",
            "from_subscription",
        )
    phase = phase_of_subscription(subscription)
    schedule = _blank(call, world.store.by_id[subscription["customer"]], [phase])
    schedule.update(
        current_phase={"end_date": phase["end_date"], "start_date": phase["start_date"]},
        status="active",
        subscription=subscription["id"],
    )
    world.store.add(schedule)
    world.emit("subscription_schedule.created", schedule, call)
    with changing(world, call, subscription, "customer.subscription.updated"):
        subscription["schedule"] = schedule["id"]
    return schedule


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def update(call: Call) -> Obj:
    """New phases replace all; the one that is current must be among them, and its changes are applied at once."""
    schedule, params, world = _going(call, "update"), call.params, call.world
    phases = None
    if params.get("phases"):
        first = params["phases"][0].get("start_date")
        known = schedule["phases"][0]["start_date"]
        start = now_of(world, schedule) if first == "now" else first if first is not None else known
        phases = phases_given(call, params["phases"], start)
        _check_current(schedule, phases, now_of(world, schedule))
    with changing(world, call, schedule, "subscription_schedule.updated"):
        change(schedule, params, ("end_behavior",))
        if params.get("default_settings"):
            schedule["default_settings"] = settings_given(params["default_settings"], schedule["default_settings"])
        if phases is not None:
            now = now_of(world, schedule)
            if schedule["status"] == "active":
                current = next(phase for phase in phases if phase["start_date"] <= now < phase["end_date"])
                current["proration_behavior"] = params.get("proration_behavior") or current["proration_behavior"]
                schedule_machine.enter(call, schedule, current)
            schedule["phases"] = phases
    return schedule


def _check_current(schedule: Obj, phases: list[Obj], now: int) -> None:
    if schedule["status"] == "active" and not any(phase["start_date"] <= now < phase["end_date"] for phase in phases):
        raise invalid("The current phase must be among the phases.", "phases")
    if schedule["status"] == "not_started" and phases[0]["start_date"] < now:
        raise invalid("A schedule that has not started must start in the future.", "phases[0][start_date]")


def cancel(call: Call) -> Obj:
    schedule = _going(call, "cancel")
    schedule_machine.cancel(call, schedule)
    return schedule


def release(call: Call) -> Obj:
    schedule = _going(call, "release")
    schedule_machine.release(call, schedule)
    return schedule


def _going(call: Call, verb: str) -> Obj:
    schedule = call.world.find(KIND, call.ids[0])
    if schedule["status"] not in ("active", "not_started"):
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status. A "
            f"schedule must be in `active` or `not_started` status to be {verb}d."
        )
    return schedule


def listed(call: Call) -> Obj:
    matches = equal_to(call, "customer")
    is_waiting = call.params.get("scheduled")
    return list_of(
        call,
        KIND,
        lambda one: matches(one) and (is_waiting is None or is_waiting == (one["status"] == "not_started")),
    )


_PATH = "/v1/subscription_schedules"
ROUTES = (
    Route("POST", _PATH, create, "subscription_schedule_create"),
    Route("GET", _PATH, listed, "subscription_schedule_list"),
    Route("GET", f"{_PATH}/{{id}}", retrieve),
    Route("POST", f"{_PATH}/{{id}}", update, "subscription_schedule_update"),
    Route("POST", f"{_PATH}/{{id}}/cancel", cancel, "subscription_schedule_cancel"),
    Route("POST", f"{_PATH}/{{id}}/release", release, "subscription_schedule_release", about=KIND),
)
