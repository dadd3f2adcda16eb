"""Test clocks: customers whose time is moved by hand (docs.stripe.com/billing/testing/test-clocks)."""

from __future__ import annotations

import logging

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.billing.changes import removed
from stripe_audit.emulator.resources.billing.subscription_bills import period_of
from stripe_audit.emulator.resources.billing.subscription_terms import interval_of
from stripe_audit.emulator.resources.billing.timeline import advance
from stripe_audit.emulator.resources.billing.times import DAY, boundary
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "advance_customer"]

KIND = "test_helpers.test_clock"
KEPT_FOR = 30 * DAY
"""docs.stripe.com/api/test_clocks/object: clocks are deleted after a month. The emulator only says so."""
_LATEST = 4_102_444_800
"""The year 2100."""
_BELONGING = ("customer", "subscription", "subscription_schedule", "invoice", "invoiceitem", "quote")
log = logging.getLogger(__name__)


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if not 0 <= params["frozen_time"] < _LATEST:
        raise invalid("Invalid timestamp: can be no later than the year 2100", "frozen_time")
    clock = _new(world, params["frozen_time"], params.get("name"))
    world.emit("test_helpers.test_clock.created", clock, call)
    return clock


def _new(world: World, frozen_time: int, name: str | None) -> Obj:
    clock = blank(
        KIND,
        id=world.ids.new("clock"),
        object=KIND,
        created=world.clock.seconds(),
        deletes_after=world.clock.seconds() + KEPT_FOR,
        frozen_time=frozen_time,
        livemode=False,
        name=name,
        status="ready",
        status_details={},
    )
    world.store.add(clock)
    return clock


def advance_customer(world: World, customer: Obj, seconds: int) -> None:
    """Let time pass for one customer, with all that is theirs. What that makes due has happened when this returns.

    Stripe has no such thing: there a customer gets a test clock when it is created, or never.
    """
    clock = world.store.by_kind[KIND].get(customer["test_clock"] or "")
    if clock is None:
        clock = _new(world, world.clock.seconds(), None)
        customer["test_clock"] = clock["id"]
        for kind in _BELONGING:
            for obj in world.store.by_kind[kind].values():
                if kind != "customer" and obj.get("customer") == customer["id"]:
                    obj["test_clock"] = clock["id"]
    advance(world, clock, clock["frozen_time"] + seconds)


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND)


def move(call: Call) -> Obj:
    """Answers at once; what the time brings follows, and then the clock is ready."""
    clock, world, target = call.world.find(KIND, call.ids[0]), call.world, call.params["frozen_time"]
    if clock["status"] != "ready":
        raise ApiError(
            "Test clock advancement underway - cannot perform modifications.", status=429, code="lock_timeout"
        )
    if not clock["frozen_time"] < target < _LATEST:
        raise invalid("The test clock can only be advanced to a time later than its present one.", "frozen_time")
    farthest = _farthest(world, clock)
    if farthest is not None and target > farthest:
        raise invalid(
            "You can only advance up to two intervals from the present frozen time, based on the shortest subscription "
            "interval.",
            "frozen_time",
        )
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    world.emit("test_helpers.test_clock.advancing", clock, call)
    world.clock.later(0, _pass_time, world, clock, target)
    return {**clock, "status_details": dict(clock["status_details"])}


def _pass_time(world: World, clock: Obj, target: int) -> None:
    try:
        advance(world, clock, target)
        clock.update(status="ready", status_details={})
        world.emit("test_helpers.test_clock.ready", clock)
    except Exception as error:  # the emulator's own mistake: the clock must go on, and it must be seen
        log.exception("time passes on %s", clock["id"])
        world.defects.append(f"time passes on {clock['id']}: {type(error).__name__}: {error}")
        clock.update(status="internal_failure", status_details={})
        world.emit("test_helpers.test_clock.internal_failure", clock)


def _farthest(world: World, clock: Obj) -> int | None:
    """docs.stripe.com/billing/testing/test-clocks/api-advanced-usage: two of the shortest intervals at a time."""
    ends = []
    for subscription in world.store.by_kind["subscription"].values():
        if subscription["test_clock"] == clock["id"] and subscription["status"] not in (
            "canceled",
            "incomplete_expired",
        ):
            interval, count = interval_of(subscription["items"]["data"][0])
            ends.append(boundary(max(clock["frozen_time"], period_of(subscription)[0]), interval, count, 2))
    return min(ends, default=None)


def delete(call: Call) -> Obj:
    """The clock goes with its customers and all that is theirs."""
    clock, world = call.world.find(KIND, call.ids[0]), call.world
    for kind in _BELONGING:
        for obj in list(world.store.by_kind[kind].values()):
            if obj.get("test_clock") == clock["id"]:
                world.store.remove(obj)
    answer = removed(world, clock)
    world.emit("test_helpers.test_clock.deleted", clock, call)
    return answer


_PATH = "/v1/test_helpers/test_clocks"
ROUTES = (
    Route("POST", _PATH, create, "test_helpers.test_clock_create", about=KIND),
    Route("GET", _PATH, listed, "test_helpers.test_clock_list", about=KIND),
    Route("GET", f"{_PATH}/{{id}}", retrieve, about=KIND),
    Route("DELETE", f"{_PATH}/{{id}}", delete, about=KIND),
    Route("POST", f"{_PATH}/{{id}}/advance", move, "test_helpers.test_clock_advance", about=KIND),
)
