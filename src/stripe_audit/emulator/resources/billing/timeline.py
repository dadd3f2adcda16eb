"""What happens because time passes: drafts are finalized, subscriptions renew, schedules go on to their next phase.

An object of a customer with a test clock waits for that clock to be advanced; all others live on the emulator's clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources.billing import invoice_machine
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["NEXT_STEPS", "Step", "advance", "first_step", "once"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is to happen at a time, in Unix seconds."""

    at: int
    action: Callable[[], None]


NEXT_STEPS: dict[str, Callable[[World, Obj], list[Step]]] = {}
"""By kind of object: what lies ahead of one, as it is now. An action changes it so that the same step is not ahead."""


def first_step(world: World, obj: Obj) -> Step | None:
    """What is next for an object that still exists."""
    if obj["id"] not in world.store.by_id:
        return None
    return min(NEXT_STEPS[obj["object"]](world, obj), key=lambda step: step.at, default=None)


def once(world: World, type: str, obj: Obj, date: int) -> bool:
    """Whether the event that comes once per object and date is still to come."""
    return (type, obj["id"], date) not in world.billing.told


def advance(world: World, clock: Obj, target: int) -> None:
    """Let everything happen that lies between a test clock's time and ``target``, in its order."""
    while True:
        ahead = [
            step
            for kind in NEXT_STEPS
            for obj in list(world.store.by_kind[kind].values())
            if obj["test_clock"] == clock["id"] and (step := first_step(world, obj)) is not None
        ]
        earliest = min(ahead, key=lambda step: step.at, default=None)
        if earliest is None or earliest.at > target:
            break
        clock["frozen_time"] = max(clock["frozen_time"], earliest.at)
        earliest.action()
    clock["frozen_time"] = target


@after(
    "invoice.created",
    "invoice.updated",
    "customer.subscription.created",
    "customer.subscription.updated",
    "quote.created",
    "quote.finalized",
    "subscription_schedule.created",
    "subscription_schedule.updated",
)
def watch(world: World, obj: Obj, call: Call | None) -> None:
    """Have the emulator's clock look at an object when its next step is due."""
    if obj["test_clock"] is not None:
        return
    step = first_step(world, obj)
    known = world.billing.wakes.get(obj["id"])
    if step is None or (known is not None and known <= step.at):
        return
    world.billing.wakes[obj["id"]] = step.at
    world.clock.later(max(0.0, step.at - world.clock.now()), _wake, world, obj, step.at)


def _wake(world: World, obj: Obj, at: int) -> None:
    if world.billing.wakes.get(obj["id"]) == at:
        del world.billing.wakes[obj["id"]]
    _catch_up(world, obj)


def _catch_up(world: World, obj: Obj) -> None:
    try:
        while (step := first_step(world, obj)) is not None and step.at <= world.clock.now():
            step.action()
        watch(world, obj, None)
    except Exception as error:  # the emulator's own mistake: the clock must go on, and it must be seen
        log.exception("time passes for %s", obj["id"])
        world.defects.append(f"time passes for {obj['id']}: {type(error).__name__}: {error}")


def _invoice_steps(world: World, invoice: Obj) -> list[Step]:
    steps = []
    if invoice["status"] == "draft" and invoice["auto_advance"] and invoice["automatically_finalizes_at"] is not None:
        steps.append(Step(invoice["automatically_finalizes_at"], lambda: _finalize(world, invoice)))
    if invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
        steps.append(Step(invoice["next_payment_attempt"], lambda: invoice_machine.collect(world, invoice)))
    due = invoice["due_date"]
    if invoice["status"] == "open" and due is not None and once(world, "invoice.overdue", invoice, due):
        steps.append(Step(due, lambda: _tell_overdue(world, invoice, due)))
    return steps


def _finalize(world: World, invoice: Obj) -> None:
    invoice_machine.finalize(world, None, invoice)
    if invoice["status"] != "open":
        return
    if invoice["collection_method"] == "charge_automatically":
        invoice_machine.collect(world, invoice)
    elif invoice["customer_email"]:
        world.emit("invoice.sent", invoice)


def _tell_overdue(world: World, invoice: Obj, due: int) -> None:
    world.billing.told.add(("invoice.overdue", invoice["id"], due))
    world.emit("invoice.overdue", invoice)


NEXT_STEPS["invoice"] = _invoice_steps
