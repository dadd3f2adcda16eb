"""How a subscription moves from state to state, and the webhook events of each move.

Source: docs.stripe.com/billing/subscriptions/overview (statuses, payment behaviours),
docs.stripe.com/billing/subscriptions/trials, docs.stripe.com/billing/subscriptions/webhooks.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources.billing import invoice_machine, invoice_payments, subscription_bills
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.drafts import subscription_behind
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["LIVING", "cancel", "collect_now", "end_trial", "expire", "has_method", "keep_method", "pause", "renew"]

LIVING = ("active", "past_due", "trialing", "unpaid", "paused", "incomplete")
"""The statuses that can still change."""


def has_method(world: World, subscription: Obj) -> bool:
    """Whether there is anything that the subscription could be paid with."""
    return invoice_payments.default_method(world, subscription_bills.shell(world, subscription, "upcoming")) is not None


def collect_now(call: Call, subscription: Obj, invoice: Obj, behavior: str) -> None:
    """Finalize a draft and, where it is charged for, pay it.

    ``behavior`` is the call's ``payment_behavior``: with ``error_if_incomplete`` a refusal voids the invoice and is
    raised, ApiError 402; with ``default_incomplete`` nothing is tried.
    """
    invoice_machine.finalize(call.world, call, invoice)
    if invoice["status"] != "open" or behavior == "default_incomplete":
        return
    try:
        invoice_payments.attempt(call, invoice)
    except ApiError:
        if behavior == "error_if_incomplete":
            invoice_machine.void(call.world, call, invoice)
            raise


def renew(world: World, subscription: Obj) -> None:
    """Begin the next period, and draft its invoice."""
    start, end = subscription_bills.period_of(subscription)
    if subscription["cancel_at_period_end"]:
        cancel(world, None, subscription, reason="cancellation_requested")
        return
    _begin_period(world, subscription, end, period_start=start, period_end=end)


def _begin_period(world: World, subscription: Obj, start: int, **values: Any) -> None:
    items = subscription["items"]["data"]
    end = subscription_bills.period_after(subscription, items, start)
    with changing(world, None, subscription, "customer.subscription.updated"):
        subscription_bills.set_period(items, start, end)
        lines = subscription_bills.period_lines(world, subscription, items, start, end)
        paused = (subscription["pause_collection"] or {}).get("behavior")
        invoice = subscription_bills.bill(
            world, None, subscription, "subscription_cycle", lines, auto_advance=paused is None, **values
        )
        subscription_bills.spend_discounts(world, subscription)
        subscription["latest_invoice"] = invoice["id"]
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
    if paused in ("mark_uncollectible", "void"):
        invoice_machine.finalize(world, None, invoice)
        give_up = invoice_machine.mark_uncollectible if paused == "mark_uncollectible" else invoice_machine.void
        if invoice["status"] == "open":
            give_up(world, None, invoice)


def end_trial(world: World, subscription: Obj) -> None:
    """A trial is over: the first paid period begins, unless there is nothing to pay it with."""
    wanted = (subscription["trial_settings"] or {}).get("end_behavior", {}).get("missing_payment_method")
    is_charged = subscription["collection_method"] == "charge_automatically"
    if is_charged and wanted in ("cancel", "pause") and not has_method(world, subscription):
        if wanted == "cancel":
            cancel(world, None, subscription, reason="payment_failed")
        else:
            pause(world, None, subscription)
        return
    if subscription["cancel_at_period_end"]:
        cancel(world, None, subscription, reason="cancellation_requested")
        return
    start, end = subscription_bills.period_of(subscription)
    _begin_period(world, subscription, end, period_start=start, period_end=end)


def pause(world: World, call: Call | None, subscription: Obj) -> None:
    """Stop billing until the subscription is resumed: its trial ended without a payment method."""
    with changing(world, call, subscription, "customer.subscription.updated"):
        subscription["status"] = "paused"
    world.emit("customer.subscription.paused", subscription, call)


def expire(world: World, subscription: Obj) -> None:
    """The first payment did not come in time."""
    with changing(world, None, subscription, "customer.subscription.updated"):
        subscription.update(status="incomplete_expired", ended_at=now_of(world, subscription))
    _void_latest(world, None, subscription)


def _void_latest(world: World, call: Call | None, subscription: Obj) -> None:
    invoice = world.store.get("invoice", subscription["latest_invoice"] or "")
    if invoice is not None and invoice["status"] == "open":
        invoice_machine.void(world, call, invoice)


def cancel(world: World, call: Call | None, subscription: Obj, *, reason: str, **details: Any) -> None:
    """End the subscription now. What is open stays due, but is no longer collected by itself."""
    was_incomplete = subscription["status"] == "incomplete"
    now = now_of(world, subscription)
    subscription.update(
        canceled_at=subscription["canceled_at"] or now,
        cancellation_details={**subscription["cancellation_details"], "reason": reason, **details},
        ended_at=now,
        status="canceled",
    )
    world.emit("customer.subscription.deleted", subscription, call)
    if was_incomplete:
        _void_latest(world, call, subscription)
    for invoice in world.store.members("invoice", subscription["customer"]):
        if subscription_behind(invoice) == subscription["id"] and invoice["status"] in ("draft", "open"):
            with changing(world, call, invoice, "invoice.updated"):
                invoice.update(auto_advance=False, next_payment_attempt=None)
    for item in world.store.members("invoiceitem", subscription["customer"]):
        details_of = (item["parent"] or {}).get("subscription_details") or {}
        is_waiting = item["invoice"] is None and item["id"] in world.store.by_id
        if is_waiting and item["proration"] and details_of.get("subscription") == subscription["id"]:
            world.store.remove(item)
            world.emit("invoiceitem.deleted", item, call)


def _subscription_of(world: World, invoice: Obj) -> Obj | None:
    subscription = world.store.get("subscription", subscription_behind(invoice) or "")
    if subscription is None or subscription["id"] in world.billing.starting:
        return None
    return subscription


@after("invoice.paid")
def note_payment(world: World, invoice: Obj, call: Call | None) -> None:
    """A subscription that waited for this invoice is active; the payment method may become its default."""
    subscription = _subscription_of(world, invoice)
    if subscription is None or subscription["status"] not in LIVING:
        return
    was_paused = subscription["status"] == "paused" and invoice["id"] == subscription["latest_invoice"]
    with changing(world, call, subscription, "customer.subscription.updated"):
        if subscription["status"] == "incomplete" or was_paused or not _owes(world, subscription):
            is_trial = (subscription["trial_end"] or 0) > now_of(world, subscription)
            subscription["status"] = "trialing" if is_trial else "active"
        keep_method(world, subscription, invoice)
    if was_paused:
        world.emit("customer.subscription.resumed", subscription, call)


def keep_method(world: World, subscription: Obj, invoice: Obj) -> None:
    """Make what paid the invoice the subscription's default, where its settings say so."""
    intent = invoice_payments.intent_of(world, invoice)
    is_kept = (subscription["payment_settings"] or {}).get("save_default_payment_method") == "on_subscription"
    if is_kept and intent is not None and intent["status"] == "succeeded":
        subscription["default_payment_method"] = intent["payment_method"]


def _owes(world: World, subscription: Obj) -> bool:
    """Whether it is past due, and not yet paid up."""
    if subscription["status"] not in ("past_due", "unpaid"):
        return True
    invoice = world.store.get("invoice", subscription["latest_invoice"] or "")
    return invoice is not None and invoice["status"] == "open"


@after("invoice.payment_failed")
def note_failure(world: World, invoice: Obj, call: Call | None) -> None:
    """An active subscription is past due; after the last attempt it is canceled, as by an account's usual settings."""
    subscription = _subscription_of(world, invoice)
    if subscription is None or invoice["id"] in world.billing.tentative:
        return
    _fall_due(world, subscription, call)
    is_last = invoice["auto_advance"] and invoice["attempt_count"] > len(invoice_machine.RETRIES)
    if is_last and subscription["status"] == "past_due":
        cancel(world, call, subscription, reason="payment_failed")


@after("invoice.payment_action_required", "invoice.overdue")
def note_delay(world: World, invoice: Obj, call: Call | None) -> None:
    """An active subscription is past due while the customer has not authenticated or paid."""
    subscription = _subscription_of(world, invoice)
    if subscription is not None and invoice["id"] not in world.billing.tentative:
        _fall_due(world, subscription, call)


def _fall_due(world: World, subscription: Obj, call: Call | None) -> None:
    if subscription["status"] == "active":
        with changing(world, call, subscription, "customer.subscription.updated"):
            subscription["status"] = "past_due"
