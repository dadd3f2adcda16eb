"""What was spent on issued cards, and given back (docs.stripe.com/api/issuing/transactions)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.issuing.cards import CARD
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import HELD, blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["KIND", "ROUTES", "merchant", "record"]

KIND = "issuing.transaction"
HELD[KIND] = {"purchase_details": []}
_MERCHANT = {
    "category": "taxicabs_limousines",
    "category_code": "4121",
    "city": "San Francisco",
    "country": "US",
    "name": "Rocket Rides",
    "network_id": "1234567890",
    "postal_code": "94107",
    "state": "CA",
    "tax_id": None,
    "terminal_id": None,
    "url": None,
}


def merchant(given: dict[str, Any] | None) -> Obj:
    """Where the card was used: what the call says, and a taxi in San Francisco for the rest."""
    return {**_MERCHANT, **(given or {})}


def record(
    call: Call,
    card: Obj,
    amount: int,
    kind: str,
    seller: Obj,
    details: dict[str, Any] | None,
    authorization: Obj | None = None,
) -> Obj:
    """Money moves: negative for what was spent."""
    world = call.world
    transaction = blank(
        KIND,
        id=world.ids.new("ipi"),
        object=KIND,
        amount=amount,
        authorization=authorization["id"] if authorization else None,
        card=card["id"],
        cardholder=card["cardholder"]["id"],
        created=world.clock.seconds(),
        currency=card["currency"],
        livemode=False,
        merchant_amount=amount,
        merchant_currency=card["currency"],
        merchant_data=dict(seller),
        metadata={},
        purchase_details=_details(details),
        type=kind,
    )
    world.store.add(transaction)
    world.emit("issuing_transaction.created", transaction, call)
    if transaction["purchase_details"] and transaction["purchase_details"]["receipt"]:
        world.emit("issuing_transaction.purchase_details_receipt_updated", transaction, call)
    return transaction


def force_capture(call: Call) -> Obj:
    params = call.params
    card = call.world.find(CARD, params["card"], "card")
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    seller = merchant(params.get("merchant_data"))
    return record(call, card, -params["amount"], "capture", seller, params.get("purchase_details"))


def refund(call: Call) -> Obj:
    spent = call.world.find(KIND, call.ids[0])
    if spent["type"] != "capture":
        raise invalid(f"Transaction {spent['id']} is no capture and cannot be refunded.")
    amount: int = call.params.get("refund_amount", -spent["amount"])
    if not 1 <= amount <= -spent["amount"]:
        raise invalid("The amount must be positive and at most what was spent.", "refund_amount")
    card = call.world.find(CARD, spent["card"])
    return record(call, card, amount, "refund", spent["merchant_data"], None)


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND, equal_to(call, "card", "cardholder", "type"))


def update(call: Call) -> Obj:
    transaction = call.world.find(KIND, call.ids[0])
    previous = change(transaction, call.params, ())
    if previous:
        call.world.emit("issuing_transaction.updated", transaction, call, previous=previous)
    return transaction


def _details(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    nothing = dict.fromkeys(("fleet", "flight", "fuel", "lodging", "receipt", "reference"))
    shown = {**nothing, **given}
    if shown["receipt"]:
        shown["receipt"] = [_line(line) for line in shown["receipt"]]
    return shown


def _line(given: dict[str, Any]) -> Obj:
    line = {**dict.fromkeys(("description", "quantity", "total", "unit_cost")), **given}
    if line["quantity"] is not None:
        line["quantity"] = float(line["quantity"])
    return line


_HELPERS = "test_helpers.issuing.transaction"
_TESTS = "/v1/test_helpers/issuing/transactions"
ROUTES = (
    Route("POST", f"{_TESTS}/create_force_capture", force_capture, f"{_HELPERS}_create_force_capture", about=KIND),
    Route("POST", f"{_TESTS}/{{id}}/refund", refund, f"{_HELPERS}_refund", about=KIND),
    Route("GET", "/v1/issuing/transactions", listed, f"{KIND}_list", about=KIND),
    Route("GET", "/v1/issuing/transactions/{id}", retrieve, about=KIND),
    Route("POST", "/v1/issuing/transactions/{id}", update, f"{KIND}_update", about=KIND),
)
