"""Changes of subscriptions that take effect once they are paid for, and else lapse.

Source: docs.stripe.com/billing/subscriptions/pending-updates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources.billing import drafts, invoice_machine
from stripe_audit.emulator.resources.billing.changes import difference
from stripe_audit.emulator.resources.billing.subscription_bills import period_of
from stripe_audit.emulator.resources.billing.subscription_start import show_items
from stripe_audit.emulator.resources.billing.times import HOUR, now_of
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

if TYPE_CHECKING:
    from stripe_audit.emulator.resources.billing.subscription_changes import Change

__all__ = ["BEHAVIOR", "PendingUpdate", "check", "expire", "keep", "make"]

BEHAVIOR = "pending_if_incomplete"
LASTING = 23 * HOUR
_SUPPORTED = {
    "billing_cycle_anchor", "expand", "items", "payment_behavior", "proration_behavior", "proration_date", "trial_end",
    "trial_from_plan",
}  # fmt: skip
_TOLD = ("billing_cycle_anchor", "trial_end")


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """A change that waits for its invoice to be paid. ``fresh`` are the items that it would add."""

    invoice: str
    change: Change
    fresh: tuple[Obj, ...]


def check(call: Call, subscription: Obj) -> None:
    """Raise ApiError 400 for parameters that cannot wait. A change that waits already gives way to a new one."""
    if call.params.get("payment_behavior") == BEHAVIOR:
        unfit = sorted(set(call.params) - _SUPPORTED)
        if unfit:
            raise invalid(
                f"When `payment_behavior` is set to `{BEHAVIOR}`, you can only pass supported params; `{unfit[0]}` is "
                "not supported by pending updates.",
                unfit[0],
            )
    if subscription["pending_update"] is not None and "items" in call.params:
        expire(call.world, subscription, call)


def keep(call: Call, subscription: Obj, change: Change, invoice: Obj, fresh: list[Obj]) -> None:
    """The invoice is not paid: nothing changes until it is."""
    world, before = call.world, snapshot(subscription)
    for item in fresh:
        world.store.remove(item)
    told = {name: change.settings.get(name) for name in _TOLD}
    subscription.update(
        latest_invoice=invoice["id"],
        pending_update={
            **told,
            "expires_at": min(now_of(world, subscription) + LASTING, period_of(subscription)[1]),
            "subscription_items": snapshot(change.items),
            "trial_from_plan": None,
        },
    )
    world.billing.pending_updates[subscription["id"]] = PendingUpdate(invoice["id"], change, tuple(fresh))
    world.emit("customer.subscription.updated", subscription, call, previous=difference(before, subscription))


def make(world: World, call: Call | None, subscription: Obj, change: Change, before: Obj) -> None:
    """Let a change take effect, and tell of it; ``before`` is what the subscription was."""
    items = []
    for item in change.items:
        kept = world.store.by_id[item["id"]]
        kept.update(item)
        items.append(kept)
    show_items(subscription, items)
    subscription.update(change.settings)
    for item in before["items"]["data"]:
        if all(item["id"] != kept["id"] for kept in change.items):
            world.store.remove(item)
    previous = difference(before, subscription)
    if previous:
        world.emit("customer.subscription.updated", subscription, call, previous=previous)


def expire(world: World, subscription: Obj, call: Call | None = None) -> None:
    """Nobody has paid: the change lapses, and its invoice is void."""
    known = world.billing.pending_updates.pop(subscription["id"])
    previous = {"pending_update": subscription["pending_update"]}
    subscription["pending_update"] = None
    invoice = world.store.get("invoice", known.invoice)
    if invoice is not None and invoice["status"] in ("open", "uncollectible"):
        invoice_machine.void(world, call, invoice)
    world.emit("customer.subscription.pending_update_expired", subscription, call, previous=previous)


@after("invoice.paid")
def _paid(world: World, invoice: Obj, call: Call | None) -> None:
    subscription = world.store.get("subscription", drafts.subscription_behind(invoice) or "")
    known = world.billing.pending_updates.get(subscription["id"]) if subscription is not None else None
    if subscription is None or known is None or known.invoice != invoice["id"]:
        return
    del world.billing.pending_updates[subscription["id"]]
    before = snapshot(subscription)
    for item in known.fresh:
        world.store.add(item, owner=subscription["id"])
    subscription["pending_update"] = None
    make(world, call, subscription, known.change, before)
    previous = {"pending_update": before["pending_update"]}
    world.emit("customer.subscription.pending_update_applied", subscription, call, previous=previous)


@after("customer.subscription.deleted")
def _ended(world: World, subscription: Obj, call: Call | None) -> None:
    world.billing.pending_updates.pop(subscription["id"], None)
    subscription["pending_update"] = None
