"""Charges: read and described; created directly only the old way (docs.stripe.com/api/charges)."""

from __future__ import annotations

from stripe_audit.emulator.errors import card_error, invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources import attempt, authorized, customers, payment_methods
from stripe_audit.emulator.resources.aftermath import follow_up
from stripe_audit.emulator.resources.amounts import check_amount, check_step, currency_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money import splits
from stripe_audit.emulator.resources.wording import check_texts
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_INHERITED = (
    "application_fee_amount",
    "description",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "on_behalf_of",
)


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    for name in ("amount", "currency"):
        if params.get(name) is None:
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    currency = currency_of(params)
    check_amount(params["amount"], currency)
    check_texts(params)
    splits.check(call, params, params["amount"])
    customer = customers.living(call, params["customer"], "customer") if params.get("customer") else None
    method = _method(call, customer, params.get("source"))
    captured = params.get("capture", True)
    values = {name: params[name] for name in _INHERITED if name in params}
    charge = attempt.new_charge(
        world,
        method,
        amount=params["amount"],
        currency=currency,
        captured=captured,
        customer=params.get("customer"),
        metadata=merged({}, params.get("metadata") or {}),
        **values,
    )
    world.store.add(charge)
    if method["customer"] is None:
        world.spent.add(method["id"])
    card = world.cards[method["id"]]
    if card.decline is not None:
        attempt.failed_charge(charge, card, card.decline)
        world.emit("charge.failed", charge, call)
        call.touched = charge["id"]
        decline = card.decline
        raise card_error(decline.message, code=decline.code, decline_code=decline.decline_code, charge=charge["id"])
    if captured:
        attempt.settle(world, charge)
    else:
        authorized.hold(world, charge)
    world.emit("charge.succeeded", charge, call)
    if captured:
        follow_up(world, charge)
    return charge


def _method(call: Call, customer: Obj | None, source: str | None) -> Obj:
    """What is charged: a token, a source, or what the customer holds; the customer's default without a ``source``."""
    if not source and customer is not None:
        source = customer["default_source"]
        if not source:
            raise card_error("Cannot charge a customer that has no active card", code="missing", decline_code=None)
    if not source:
        raise invalid("Must provide source or customer.", "source", "parameter_missing")
    held = call.world.store.get("payment_method", source)
    if held is None:
        return payment_methods.from_data(call, {"type": "card", "card": {"token": source}}, "source")
    if held["customer"] is not None and (customer is None or held["customer"] != customer["id"]):
        raise missing_resource("source", source[:200], "source", status=400)
    payment_methods.check_unspent(call.world, held, "source")
    return held


def retrieve(call: Call) -> Obj:
    return call.world.find("charge", call.ids[0])


def update(call: Call) -> Obj:
    charge = call.world.find("charge", call.ids[0])
    previous = change(
        charge, call.params, ("description", "receipt_email", "shipping", "transfer_group", "fraud_details")
    )
    if previous:
        call.world.emit("charge.updated", charge, call, previous=previous)
    return charge


def capture(call: Call) -> Obj:
    charge = call.world.find("charge", call.ids[0])
    if charge["payment_intent"]:
        raise invalid(f"Charge {charge['id']} belongs to a PaymentIntent; capture that instead.", "charge")
    if authorized.is_expired(charge):
        raise invalid(
            f"Charge {charge['id']} has expired: it can no longer be captured.", code="charge_expired_for_capture"
        )
    if charge["captured"] or charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} has already been captured.", code="charge_already_captured")
    most: int = charge["amount"]
    amount: int = call.params.get("amount", most)
    if not 1 <= amount <= most:
        raise invalid(
            "Capture amount must be positive and at most the amount of the charge.", "amount", "amount_too_large"
        )
    check_step(amount, charge["currency"])
    charge.update(captured=True, amount_captured=amount)
    attempt.settle(call.world, charge)
    call.world.emit("charge.captured", charge, call, previous=attempt.uncaptured(charge))
    return charge


def listed(call: Call) -> Obj:
    intent = call.params.get("payment_intent")
    if intent:
        return list_of(call, "charge", equal_to(call, "customer"), among=call.world.store.members("charge", intent))
    return list_of(call, "charge", equal_to(call, "customer", "transfer_group"))


def found(call: Call) -> Obj:
    return search(call, "charge")


ROUTES = (
    Route("POST", "/v1/charges", create, "charge_create"),
    Route("GET", "/v1/charges", listed, "charge_list"),
    Route("GET", "/v1/charges/search", found, "charge_search"),
    Route("GET", "/v1/charges/{id}", retrieve),
    Route("POST", "/v1/charges/{id}", update, "charge_update"),
    Route("POST", "/v1/charges/{id}/capture", capture, "charge_capture"),
)
