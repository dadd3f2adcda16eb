"""Refunds: full, partial, repeated, late (docs.stripe.com/api/refunds, docs.stripe.com/refunds)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.amounts import check_step, spoken
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money import splits
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "release"]


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    charge = _charge(call)
    call.touched = charge["id"]
    amount = _amount(call, charge)
    splits.check_refund(call, charge)
    aftermath = world.cards[charge["payment_method"]].aftermath
    refund = _new(world, charge, amount, metadata=merged({}, params.get("metadata") or {}), reason=params.get("reason"))
    if aftermath == "pending_refund":
        refund["status"] = "pending"
    refund["balance_transaction"] = balance.book(world, {**refund, "description": None}, -amount, "refund")["id"]
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    splits.give_back(call, charge, refund)
    world.emit("refund.created", refund, call)
    world.emit("charge.refunded", charge, call, previous=previous)
    if aftermath == "pending_refund":
        world.clock.later(world.config.refund_delay, _succeed, world, refund)
    elif aftermath == "failing_refund":
        world.clock.later(world.config.refund_delay, _fail, world, refund, charge)
    return refund


def release(world: World, charge: Obj, amount: int) -> None:
    """What was authorised and not captured goes back: Stripe makes a refund of it, and tells of it on the charge.

    It is seen in payments of merchants (github.com/woocommerce/woocommerce-gateway-stripe/issues/1073) and in the
    reporting category ``partial_capture_reversal``.
    """
    refund = _new(world, charge, amount, metadata={})
    source = {**refund, "description": None}
    booked = balance.book(world, source, -amount, "refund", category="partial_capture_reversal")
    refund["balance_transaction"] = booked["id"]
    charge["amount_refunded"] += amount


def _new(world: World, charge: Obj, amount: int, **values: Any) -> Obj:
    refund = blank(
        "refund",
        id=world.ids.new("re"),
        object="refund",
        amount=amount,
        charge=charge["id"],
        created=world.clock.seconds(),
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details=_destination(charge["payment_method_details"]["type"]),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status="succeeded",
    )
    refund.update(values)
    return world.store.add(refund, owner=charge["id"])


def _destination(kind: str) -> dict[str, Any]:
    if kind != "card":
        return {"type": kind}
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {"type": "card", "card": card}


def retrieve(call: Call) -> Obj:
    return call.world.find("refund", call.ids[0])


def update(call: Call) -> Obj:
    refund = call.world.find("refund", call.ids[0])
    previous = change(refund, call.params, ())
    if previous:
        call.world.emit("charge.refund.updated", refund, call, previous=previous)
        call.world.emit("refund.updated", refund, call, previous=previous)
    return refund


def cancel(call: Call) -> Obj:
    refund = call.world.find("refund", call.ids[0])
    raise invalid(
        f"Refund {refund['id']} has a status of {refund['status']} and cannot be canceled. Only refunds with the "
        "status requires_action can be canceled."
    )


def listed(call: Call) -> Obj:
    return list_of(call, "refund", equal_to(call, "charge", "payment_intent"))


def of_charge(call: Call) -> Obj:
    charge = call.world.find("charge", call.ids[0])
    return list_of(call, "refund", among=call.world.store.members("refund", charge["id"]))


def _charge(call: Call) -> Obj:
    """The charge to give back. Raises ApiError 400 where there is none, or none that took money."""
    params, world = call.params, call.world
    if params.get("charge"):
        charge = world.find("charge", params["charge"], "charge")
        if params.get("payment_intent") not in (None, charge["payment_intent"]):
            raise invalid("The charge does not belong to the PaymentIntent.", "charge")
    elif params.get("payment_intent"):
        intent = world.find("payment_intent", params["payment_intent"], "payment_intent")
        known = world.store.get("charge", intent["latest_charge"] or "")
        if known is None or intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
                "payment_intent_unexpected_state",
            )
        charge = known
    else:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            "charge",
            "parameter_missing",
        )
    if charge["source_transfer"]:
        raise invalid(
            f"Charge {charge['id']} came by a transfer, and is given back by reversing that.",
            "charge",
            "charge_not_refundable",
        )
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise invalid(
            f"Charge {charge['id']} did not succeed, or was not captured, and cannot be refunded.",
            "charge",
            "charge_not_refundable",
        )
    return charge


def _amount(call: Call, charge: Obj) -> int:
    remaining: int = charge["amount"] - charge["amount_refunded"]
    if remaining <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    disputes = call.world.store.members("dispute", charge["id"])
    if any(not dispute["is_charge_refundable"] for dispute in disputes):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    amount: int = call.params.get("amount", remaining)
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > remaining:
        raise ApiError(
            f"Refund amount ({spoken(amount, charge['currency'])}) is greater than unrefunded amount on charge "
            f"({spoken(remaining, charge['currency'])})",
            param="amount",
            code="amount_too_large",
        )
    check_step(amount, charge["currency"])
    return amount


def _succeed(world: World, refund: Obj) -> None:
    refund["status"] = "succeeded"
    world.emit("refund.updated", refund, previous={"status": "pending"})


def _fail(world: World, refund: Obj, charge: Obj) -> None:
    refund.update(status="failed", failure_reason="unknown")
    returned = balance.book(world, {**refund, "description": None}, refund["amount"], "refund_failure")
    refund["failure_balance_transaction"] = returned["id"]
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.emit("refund.failed", refund)
    world.emit("refund.updated", refund, previous={"status": "succeeded"})
    world.emit("charge.refund.updated", refund, previous={"status": "succeeded"})


ROUTES = (
    Route("POST", "/v1/refunds", create, "refund_create"),
    Route("GET", "/v1/refunds", listed, "refund_list"),
    Route("GET", "/v1/refunds/{id}", retrieve),
    Route("POST", "/v1/refunds/{id}", update, "refund_update"),
    Route("POST", "/v1/refunds/{id}/cancel", cancel, "refund_cancel"),
    Route("GET", "/v1/charges/{id}/refunds", of_charge, "webhook_endpoint_list"),
)
