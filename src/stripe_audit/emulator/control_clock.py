"""The control API's part about time: the clock, and snapshots of everything."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.asked import Asked, ControlError
from stripe_audit.emulator.opening import furnish
from stripe_audit.emulator.resources.billing.test_clocks import advance_customer
from stripe_audit.emulator.world import World

__all__ = ["advance", "delete", "go_on", "hold", "reset", "restore", "shown", "snapshots", "take"]

Answer = dict[str, Any]
LONGEST_S = 10 * 366 * 24 * 3600
LATEST = 4_102_444_800
"""The year 2100, in Unix seconds."""


def shown(world: World, asked: Asked) -> Answer:
    """The emulator's time."""
    clock = world.clock
    return {"now": clock.now(), "skipped": clock.skipped, "held": clock.held_at is not None}


def advance(world: World, asked: Asked) -> Answer:
    """Let time pass; with ``customer``, for this customer's subscriptions and invoices alone.

    What that makes due has happened when the answer comes.
    """
    seconds = asked.number("seconds")
    if not 0 <= seconds <= LONGEST_S:
        raise ControlError("seconds must lie between 0 and ten years")
    if "customer" in asked.body:
        customer = world.store.get("customer", asked.text("customer"))
        if customer is None:
            raise ControlError(f"there is no customer {asked.text('customer')}")
        advance_customer(world, customer, int(seconds))
    else:
        world.clock.advance(seconds)
    return shown(world, asked)


def hold(world: World, asked: Asked) -> Answer:
    """Stop the clock, at a time in Unix seconds or where it is."""
    at = asked.number("at") if "at" in asked.body else None
    if at is not None and not 0 <= at <= LATEST:
        raise ControlError("at must lie between 0 and the year 2100, in Unix seconds")
    world.clock.hold(at)
    return shown(world, asked)


def go_on(world: World, asked: Asked) -> Answer:
    """Let the clock run again."""
    world.clock.go_on()
    return shown(world, asked)


def reset(world: World, asked: Asked) -> Answer:
    """Forget everything but keys, token, snapshots and what the configuration names."""
    world.reset()
    furnish(world)
    return {"ok": True}


def take(world: World, asked: Asked) -> Answer:
    """Keep everything as it is now."""
    return world.snapshots.take().as_json()


def restore(world: World, asked: Asked) -> Answer:
    """Be again as it was when the snapshot ``id`` was taken; it stays, and can be restored again."""
    return world.snapshots.restore(asked.text("id")).as_json()


def snapshots(world: World, asked: Asked) -> Answer:
    """What there is to restore, oldest first."""
    return {"snapshots": [one.as_json() for one in world.snapshots.listed()]}


def delete(world: World, asked: Asked) -> Answer:
    """Forget a snapshot."""
    world.snapshots.delete(asked.argument)
    return {"deleted": True}
