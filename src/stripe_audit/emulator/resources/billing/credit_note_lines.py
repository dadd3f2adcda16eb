"""The lines of a credit note: parts of an invoice's lines, and amounts of its own.

Of an invoice's line a part is credited: with the same part of its discounts and taxes, each rounded by itself.
Source: docs.stripe.com/api/credit_notes/create, docs.stripe.com/invoicing/integration/programmatic-credit-notes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources.billing.pricing import rounded
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.totals import taxes_of
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["lines_given"]


def lines_given(call: Call, invoice: Obj) -> list[Obj]:
    """The lines that the call describes; one over ``amount`` where it describes none. Raises ApiError 400."""
    given = call.params.get("lines")
    amount = call.params.get("amount")
    if given and amount is not None:
        raise invalid("You may only specify one of these parameters: amount, lines.", "amount")
    if amount is not None:
        return [_line(call, {"description": "Credit"}, "custom_line_item", _positive(amount, "amount"))]
    if not given:
        raise invalid("You must specify one of: amount, lines.", "amount", "parameter_missing")
    if call.params.get("shipping_cost"):
        raise invalid("The emulator knows no shipping costs on invoices.", "shipping_cost")
    return [_given(call, invoice, one, f"lines[{index}]") for index, one in enumerate(given)]


def _given(call: Call, invoice: Obj, given: dict[str, Any], param: str) -> Obj:
    if given["type"] == "invoice_line_item":
        return _part(call, invoice, given, param)
    exact = given.get("unit_amount_decimal", given.get("unit_amount"))
    if exact is None and given.get("amount") is None:
        raise invalid(f"Missing required param: {param}[unit_amount].", f"{param}[unit_amount]", "parameter_missing")
    quantity = given.get("quantity", 1)
    unit = Decimal(exact) if exact is not None else Decimal(given["amount"])
    amount = given["amount"] if exact is None else rounded(unit * quantity)
    line = _line(call, given, "custom_line_item", _positive(amount, f"{param}[unit_amount]"))
    rates = rates_given(call, given.get("tax_rates"), f"{param}[tax_rates]")
    line.update(
        quantity=quantity,
        tax_rates=rates,
        taxes=list(taxes_of(rates, amount, invoice["customer_tax_exempt"])),
        unit_amount=int(unit) if unit == int(unit) else None,
        unit_amount_decimal=str(unit),
    )
    return line


def _part(call: Call, invoice: Obj, given: dict[str, Any], param: str) -> Obj:
    identity = given.get("invoice_line_item") or ""
    own = next((line for line in invoice["lines"]["data"] if line["id"] == identity), None)
    if own is None:
        raise invalid(f"No such invoice line item: '{identity}'", f"{param}[invoice_line_item]", "resource_missing")
    whole = own["amount"]
    quantity = given.get("quantity")
    amount = given.get("amount")
    if amount is None:
        share = Decimal(quantity) / max(1, own["quantity"] or 1) if quantity is not None else Decimal(1)
        amount = rounded(whole * share)
    if not 0 < amount <= whole:
        raise invalid("The amount credited must lie between 1 and the line's amount.", f"{param}[amount]")
    share = Decimal(amount) / whole
    line = _line(call, {**given, "description": given.get("description") or own["description"]}, given["type"], amount)
    parts = [{**one, "amount": rounded(one["amount"] * share)} for one in own["discount_amounts"]]
    line.update(
        discount_amount=sum(one["amount"] for one in parts),
        discount_amounts=parts,
        invoice_line_item=identity,
        quantity=quantity if quantity is not None else own["quantity"],
        taxes=[
            {
                **tax,
                "amount": rounded(tax["amount"] * share),
                "taxable_amount": rounded((tax["taxable_amount"] or 0) * share),
            }
            for tax in own["taxes"]
        ],
    )
    return line


def _line(call: Call, given: dict[str, Any], type: str, amount: int) -> Obj:
    return blank(
        "credit_note_line_item",
        id=call.world.ids.new("cnli"),
        object="credit_note_line_item",
        amount=amount,
        description=given.get("description"),
        discount_amount=0,
        discount_amounts=[],
        livemode=False,
        metadata=given.get("metadata") or {},
        pretax_credit_amounts=[],
        quantity=given.get("quantity", 1),
        tax_rates=[],
        taxes=[],
        type=type,
        unit_amount=None,
    )


def _positive(amount: int, param: str) -> int:
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param, "parameter_invalid_integer")
    return amount
