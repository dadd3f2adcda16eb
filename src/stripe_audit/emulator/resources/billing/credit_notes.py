"""Credit notes: less to pay on an open invoice, money back on a paid one (docs.stripe.com/api/credit_notes)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import refunds
from stripe_audit.emulator.resources.billing import invoice_machine, invoice_payments
from stripe_audit.emulator.resources.billing.changes import changing, embedded
from stripe_audit.emulator.resources.billing.credit_note_lines import lines_given
from stripe_audit.emulator.resources.billing.customer_balance import book
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def create(call: Call) -> Obj:
    note, invoice = _drawn_up(call)
    world = call.world
    _give_back(call, note, invoice)
    for line in note["lines"]["data"]:
        world.store.add(line, owner=note["id"])
    world.store.add(note, owner=invoice["id"])
    world.emit("credit_note.created", note, call)
    with changing(world, call, invoice, "invoice.updated"):
        invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
        _reduce(call, invoice, note["pre_payment_amount"])
    if note["pre_payment_amount"] and invoice["amount_remaining"] == 0:
        invoice_payments.abandon(world, call, invoice)
        invoice_machine.mark_paid(world, call, invoice)
    return note


def preview(call: Call) -> Obj:
    note, _ = _drawn_up(call)
    return note


def _drawn_up(call: Call) -> tuple[Obj, Obj]:
    params, world = call.params, call.world
    invoice = world.find("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise invalid(
            f"You can only create a credit note for an open or paid invoice; this one's status is {invoice['status']}.",
            "invoice",
        )
    lines = lines_given(call, invoice)
    identity = world.ids.new("cn")
    note = blank(
        "credit_note",
        id=identity,
        object="credit_note",
        amount_shipping=0,
        created=now_of(world, invoice),
        currency=invoice["currency"],
        customer=invoice["customer"],
        effective_at=params.get("effective_at") or now_of(world, invoice),
        invoice=invoice["id"],
        lines=embedded(lines, f"/v1/credit_notes/{identity}/lines"),
        livemode=False,
        memo=params.get("memo"),
        metadata=merged({}, params.get("metadata") or {}),
        number=f"{invoice['number']}-CN-{len(world.store.members('credit_note', invoice['id'])) + 1:02}",
        out_of_band_amount=params.get("out_of_band_amount"),
        pdf=f"{world.url}/credit_notes/{identity}/pdf",
        pretax_credit_amounts=[],
        reason=params.get("reason"),
        refunds=[],
        status="issued",
    )
    _sum_up(note, lines)
    _divide(note, invoice)
    _check_sum(params, note)
    return note, invoice


def _sum_up(note: Obj, lines: list[Obj]) -> None:
    taxes: dict[tuple[str, str], dict[str, Any]] = {}
    discounts: dict[str, int] = {}
    for line in lines:
        for tax in line["taxes"]:
            key = (tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"])
            known = taxes.setdefault(key, {**tax, "amount": 0, "taxable_amount": 0})
            known["amount"] += tax["amount"]
            known["taxable_amount"] += tax["taxable_amount"]
        for one in line["discount_amounts"]:
            discounts[one["discount"]] = discounts.get(one["discount"], 0) + one["amount"]
    subtotal, discount = sum(line["amount"] for line in lines), sum(discounts.values())
    added = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "exclusive")
    included = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "inclusive")
    total = subtotal - discount + added
    note.update(
        amount=total,
        discount_amount=discount,
        discount_amounts=[{"amount": amount, "discount": key} for key, amount in discounts.items()],
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - included,
        total=total,
        total_excluding_tax=total - added - included,
        total_taxes=list(taxes.values()),
    )


def _divide(note: Obj, invoice: Obj) -> None:
    """What is still to be paid is credited first, then what was paid. Raises ApiError 400 beyond both."""
    before = min(note["total"], invoice["amount_remaining"]) if invoice["status"] == "open" else 0
    behind = note["total"] - before
    left = invoice["amount_paid"] - invoice["post_payment_credit_notes_amount"]
    if behind > left:
        raise invalid(
            f"The amount of the credit note ({note['total']}) is more than what is left of the invoice to be credited "
            f"({before + left}).",
            "amount",
        )
    kind = "mixed" if before and behind else "post_payment" if behind else "pre_payment"
    note.update(post_payment_amount=behind, pre_payment_amount=before, type=kind)


def _check_sum(params: dict[str, Any], note: Obj) -> None:
    ways = [params.get(name) or 0 for name in ("credit_amount", "refund_amount", "out_of_band_amount")]
    ways += [one.get("amount_refunded") or 0 for one in params.get("refunds") or []]
    if any(amount < 0 for amount in ways) or sum(ways) != note["post_payment_amount"]:
        raise invalid(
            f"The sum of credit amount, refund amount, refunds and out of band amount ({sum(ways)}) must equal the "
            f"credit note's post payment amount ({note['post_payment_amount']}).",
            "credit_amount",
        )


def _give_back(call: Call, note: Obj, invoice: Obj) -> None:
    """Refund, or credit to the customer's balance, what was paid already. Raises ApiError as a refund does."""
    params, world = call.params, call.world
    for index, one in enumerate(params.get("refunds") or []):
        known = world.find("refund", one.get("refund") or "", f"refunds[{index}][refund]")
        note["refunds"].append(_refunded(known, one.get("amount_refunded") or known["amount"]))
    if params.get("refund_amount"):
        intent = invoice_payments.intent_of(world, invoice)
        if intent is None:
            raise invalid("The invoice was paid without a charge that could be refunded.", "refund_amount")
        wanted = {"payment_intent": intent["id"], "amount": params["refund_amount"]}
        refund = refunds.create(replace(call, params=wanted))
        note["refunds"].append(_refunded(refund, refund["amount"]))
    if params.get("credit_amount"):
        customer = world.store.by_id[invoice["customer"]]
        booked = book(
            world,
            call,
            customer,
            -params["credit_amount"],
            invoice["currency"],
            "credit_note",
            credit_note=note["id"],
            invoice=invoice["id"],
        )
        note["customer_balance_transaction"] = booked["id"]


def _refunded(refund: Obj, amount: int) -> dict[str, Any]:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}


def _reduce(call: Call, invoice: Obj, amount: int) -> None:
    """Ask for less on an open invoice, or, where ``amount`` is negative, for more again."""
    invoice["pre_payment_credit_notes_amount"] += amount
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    intent = invoice_payments.intent_of(call.world, invoice)
    if (
        amount
        and intent is not None
        and intent["status"] not in ("succeeded", "canceled")
        and invoice["amount_remaining"]
    ):
        intent["amount"] = invoice["amount_remaining"]


def retrieve(call: Call) -> Obj:
    return call.world.find("credit_note", call.ids[0])


def update(call: Call) -> Obj:
    note = call.world.find("credit_note", call.ids[0])
    with changing(call.world, call, note, "credit_note.updated"):
        change(note, call.params, ("memo",))
    return note


def void(call: Call) -> Obj:
    """Only while the invoice is still to be paid."""
    note, world = call.world.find("credit_note", call.ids[0]), call.world
    invoice = world.find("invoice", note["invoice"])
    if note["status"] != "issued" or invoice["status"] != "open" or note["post_payment_amount"]:
        raise invalid("You can only void a credit note that is issued, and whose invoice is open.", "id")
    with changing(world, call, note, "credit_note.voided"):
        note.update(status="void", voided_at=now_of(world, invoice))
    with changing(world, call, invoice, "invoice.updated"):
        _reduce(call, invoice, -note["pre_payment_amount"])
    return note


def listed(call: Call) -> Obj:
    return list_of(call, "credit_note", equal_to(call, "customer", "invoice"))


def lines(call: Call) -> Obj:
    note = call.world.find("credit_note", call.ids[0])
    return list_of(call, "credit_note_line_item", among=reversed(note["lines"]["data"]))


_PATH = "/v1/credit_notes"
ROUTES = (
    Route("POST", _PATH, create, "credit_note_create"),
    Route("GET", _PATH, listed, "credit_note_list"),
    Route("GET", f"{_PATH}/preview", preview, "credit_note_preview", about="credit_note"),
    Route("GET", f"{_PATH}/{{id}}", retrieve),
    Route("POST", f"{_PATH}/{{id}}", update, "credit_note_update"),
    Route("POST", f"{_PATH}/{{id}}/void", void, "credit_note_void_credit_note", about="credit_note"),
    Route("GET", f"{_PATH}/{{id}}/lines", lines, "invoice_list_lines", about="credit_note_line_item"),
)
