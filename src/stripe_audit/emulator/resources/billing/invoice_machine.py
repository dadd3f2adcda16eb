"""How an invoice moves from state to state, and the webhook events of each move.

Source: docs.stripe.com/invoicing/integration/workflow-transitions, docs.stripe.com/billing/subscriptions/webhooks.
"""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources.billing import drafts, invoice_payments
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.customer_balance import book
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World
from stripe_audit.money import minimum_charge

__all__ = ["RETRIES", "collect", "finalize", "mark_paid", "mark_uncollectible", "pay", "pay_elsewhere", "void"]

RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
"""Waits before each further attempt to collect. In Stripe they are a setting, and by default chosen case by case
(docs.stripe.com/billing/revenue-recovery/smart-retries)."""
_UNPAYABLE = {
    "paid": "Invoice is already paid",
    "void": "This invoice can no longer be paid: it was voided.",
}


def finalize(world: World, call: Call | None, invoice: Obj, *, paid_by: Obj | None = None) -> None:
    """Number a draft and ask for what is due. What comes to nothing, or was paid before, is paid at once.

    ``paid_by`` is the PaymentIntent that has paid it. Raises ApiError 400 for what is no draft.
    """
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    now = now_of(world, invoice)
    customer = world.store.by_id[invoice["customer"]]
    with changing(world, call, invoice, "invoice.finalized", "invoice.updated"):
        drafts.add_up(world, invoice)
        _settle_balance(world, call, invoice, customer)
        invoice.update(
            automatically_finalizes_at=None,
            effective_at=invoice["effective_at"] or now,
            ending_balance=customer["balance"],
            hosted_invoice_url=f"{world.url}/invoices/{invoice['id']}",
            invoice_pdf=f"{world.url}/invoices/{invoice['id']}/pdf",
            number=invoice["number"] or _next_number(customer),
            status="open",
        )
        invoice["status_transitions"]["finalized_at"] = now
    if invoice["amount_remaining"] > 0:
        invoice_payments.open_payment(world, call, invoice, paid_by)
    if invoice["amount_remaining"] == 0 or paid_by is not None:
        mark_paid(world, call, invoice)


def _next_number(customer: Obj) -> str:
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    return f"{customer['invoice_prefix']}-{sequence:04}"


def _settle_balance(world: World, call: Call | None, invoice: Obj, customer: Obj) -> None:
    """Use up credit, ask for what the customer owes, and put on the balance what is too little to be charged.

    Source: docs.stripe.com/billing/customer/balance.
    """
    due, type = invoice["amount_due"], "applied_to_invoice"
    if 0 < due < (minimum_charge(invoice["currency"]) or 0):
        type = "invoice_too_small"
        invoice.update(amount_due=0, amount_remaining=0)
    moved = -invoice["starting_balance"] if invoice["amount_due"] else invoice["total"]
    if invoice["starting_balance"] == 0 and invoice["total"] >= 0 and type == "applied_to_invoice":
        return
    if moved:
        book(world, call, customer, moved, invoice["currency"], type, invoice=invoice["id"])


def pay(call: Call, invoice: Obj, method: str | None = None) -> None:
    """Take the money now; a draft is finalized first. Raises ApiError: 400 by state, 402 where the card refuses."""
    world = call.world
    if invoice["status"] in _UNPAYABLE:
        raise invalid(_UNPAYABLE[invoice["status"]])
    if invoice["status"] == "draft":
        finalize(world, call, invoice)
    if invoice["status"] != "paid":
        invoice_payments.attempt(call, invoice, method)


def pay_elsewhere(call: Call, invoice: Obj) -> None:
    """Note that the money came by another way. Raises ApiError 400 by state."""
    if invoice["status"] in _UNPAYABLE:
        raise invalid(_UNPAYABLE[invoice["status"]])
    if invoice["status"] == "draft":
        finalize(call.world, call, invoice)
    if invoice["status"] != "paid":
        invoice_payments.abandon(call.world, call, invoice)
        mark_paid(call.world, call, invoice, is_elsewhere=True)


def collect(world: World, invoice: Obj) -> None:
    """Try to collect an open invoice because its time has come. A refusal is on record, and is not raised."""
    try:
        invoice_payments.attempt(invoice_payments.unasked(world), invoice)
    except ApiError as error:
        if error.status == 400:  # no payment method: nothing was tried, yet it counts, and trying again is no use
            _note_failure(world, None, invoice, is_retried=False)


def mark_paid(world: World, call: Call | None, invoice: Obj, *, is_elsewhere: bool = False) -> None:
    """Nothing is due any more: paid, forgiven by credit, or never due."""
    payment = invoice_payments.payment_of(world, invoice)
    is_charged = payment is not None and payment["status"] == "open" and not is_elsewhere
    amount = invoice["amount_remaining"]
    with changing(world, call, invoice, "invoice.updated"):
        invoice.update(
            amount_paid=invoice["amount_paid"] + amount,
            amount_remaining=0,
            attempted=True,
            auto_advance=False,
            next_payment_attempt=None,
            status="paid",
        )
        if is_charged:
            invoice["attempt_count"] += 1
        if is_elsewhere:
            invoice["amount_paid_off_stripe"] += amount
        invoice["status_transitions"]["paid_at"] = now_of(world, invoice)
    world.emit("invoice.paid", invoice, call)
    if not is_elsewhere:
        world.emit("invoice.payment_succeeded", invoice, call)
    if payment is not None and is_charged:
        payment.update(amount_paid=payment["amount_requested"], status="paid")
        payment["status_transitions"]["paid_at"] = now_of(world, invoice)
        world.emit("invoice_payment.paid", payment, call)


def mark_uncollectible(world: World, call: Call | None, invoice: Obj) -> None:
    """Give an open invoice up. It may still be paid or voided. Raises ApiError 400 by state."""
    if invoice["status"] != "open":
        raise invalid("You can only mark an open invoice as uncollectible.", code="invoice_not_editable")
    with changing(world, call, invoice, "invoice.marked_uncollectible", "invoice.updated"):
        invoice.update(auto_advance=False, next_payment_attempt=None, status="uncollectible")
        invoice["status_transitions"]["marked_uncollectible_at"] = now_of(world, invoice)


def void(world: World, call: Call | None, invoice: Obj) -> None:
    """Take an open or uncollectible invoice back for good. Raises ApiError 400 by state."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(
            "You can only void an open or uncollectible invoice; this one's status is " + invoice["status"] + ".",
            code="invoice_not_editable",
        )
    invoice_payments.abandon(world, call, invoice)
    with changing(world, call, invoice, "invoice.voided", "invoice.updated"):
        invoice.update(amount_remaining=0, auto_advance=False, next_payment_attempt=None, status="void")
        invoice["status_transitions"]["voided_at"] = now_of(world, invoice)


def _invoice_behind(world: World, intent: Obj) -> Obj | None:
    invoice = world.store.get("invoice", world.billing.invoice_of.get(intent["id"], ""))
    return invoice if invoice is not None and invoice["status"] in ("open", "uncollectible") else None


@after("payment_intent.succeeded")
def note_success(world: World, intent: Obj, call: Call | None) -> None:
    """An invoice is paid when its PaymentIntent succeeds, whoever confirmed it."""
    invoice = _invoice_behind(world, intent)
    if invoice is not None:
        mark_paid(world, call, invoice)


@after("payment_intent.payment_failed")
def note_refusal(world: World, intent: Obj, call: Call | None) -> None:
    """An attempt to pay the invoice was refused."""
    invoice = _invoice_behind(world, intent)
    if invoice is not None:
        _note_failure(world, call, invoice)


@after("payment_intent.requires_action")
def note_challenge(world: World, intent: Obj, call: Call | None) -> None:
    """The customer has to authenticate before the invoice is paid."""
    invoice = _invoice_behind(world, intent)
    if invoice is not None:
        with changing(world, call, invoice, "invoice.updated"):
            invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
        world.emit("invoice.payment_action_required", invoice, call)


def _note_failure(world: World, call: Call | None, invoice: Obj, *, is_retried: bool = True) -> None:
    with changing(world, call, invoice, "invoice.updated"):
        invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
        retries = invoice["attempt_count"] - 1
        has_more = is_retried and invoice["auto_advance"] and retries < len(RETRIES)
        invoice["next_payment_attempt"] = now_of(world, invoice) + RETRIES[retries] if has_more else None
    world.emit("invoice.payment_failed", invoice, call)
