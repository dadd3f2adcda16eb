"""One attempt to take money: the charge, its outcome, and what follows from it."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.cards import Card, Decline
from stripe_audit.emulator.resources import refunds
from stripe_audit.emulator.resources.local_methods import mandates
from stripe_audit.emulator.resources.local_methods.details import of_charge
from stripe_audit.emulator.resources.money import splits
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.shared import shared
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["SHOWN_AS_GENERIC", "charge_of", "failed_charge", "keep_method", "new_charge", "settle", "uncaptured"]

SHOWN_AS_GENERIC = {"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"}
"""Decline codes that merchants must not show to the customer (docs.stripe.com/declines/codes)."""
_DISABLED = shared({"status": "disabled"})
_UNAVAILABLE = shared({"status": "unavailable"})
_NO_TOKEN = shared({"used": False})
_APPROVED = {
    risk: shared(
        blank(
            "charge.outcome",
            network_status="approved_by_network",
            risk_level=risk,
            risk_score=score,
            seller_message="Payment complete.",
            type="authorized",
        )
    )
    for risk, score in (("normal", 32), ("elevated", 67), ("highest", 92))
}
_NETWORK_CODES = {"insufficient_funds": "51", "lost_card": "41", "stolen_card": "43", "expired_card": "54"}


def new_charge(world: World, method: Obj, **values: Any) -> Obj:
    """A successful charge of ``amount`` in ``currency``; ``captured`` decides whether the money has moved."""
    card = world.cards[method["id"]]
    identity = world.ids.new("ch")
    captured = values.pop("captured", True)
    charge = blank(
        "charge",
        id=identity,
        object="charge",
        amount_captured=values["amount"] if captured else 0,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="STRIPE AUDIT EMULATOR",
        captured=captured,
        created=world.clock.seconds(),
        disputed=False,
        fraud_details={},
        livemode=False,
        outcome=_outcome(card, None),
        paid=True,
        payment_method=method["id"],
        payment_method_details=_details(world, method, values["amount"]),
        receipt_url=f"{world.url}/receipts/{identity}",
        refunded=False,
        status="succeeded",
    )
    charge.update(values)
    charge["metadata"] = dict(charge["metadata"] or {})
    return charge


def failed_charge(charge: Obj, card: Card, decline: Decline) -> Obj:
    """Turn a new charge into one that the issuer, or Radar, refused."""
    charge.update(
        amount_captured=0,
        captured=False,
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(card, decline),
        paid=False,
        receipt_url=None,
        status="failed",
    )
    return charge


def charge_of(world: World, intent: Obj, method: Obj, *, captured: bool) -> Obj:
    """A new successful charge of all that the intent asks for; it is not kept yet."""
    inherited = {
        name: intent[name]
        for name in (
            "amount",
            "application_fee_amount",
            "currency",
            "customer",
            "description",
            "metadata",
            "on_behalf_of",
            "receipt_email",
            "shipping",
            "statement_descriptor",
            "statement_descriptor_suffix",
            "transfer_data",
            "transfer_group",
        )
    }
    return new_charge(world, method, payment_intent=intent["id"], captured=captured, **inherited)


def keep_method(world: World, call: Call | None, intent: Obj, method: Obj) -> None:
    """Attach the method if it is to be used again; otherwise it is used up."""
    if method["customer"] is not None:
        return
    if intent["setup_future_usage"] and intent["customer"]:
        method["customer"] = intent["customer"]
        world.emit("payment_method.attached", method, call)
    else:
        world.spent.add(method["id"])


def settle(world: World, charge: Obj) -> None:
    """Book a captured charge: its balance transaction exists from now on."""
    splits.share(world, charge)
    rest = charge["amount"] - charge["amount_captured"]
    if rest:
        refunds.release(world, charge, rest)


def uncaptured(charge: Obj) -> dict[str, Any]:
    """What a charge that has just been captured by hand was before."""
    before: dict[str, Any] = {"amount_captured": 0, "captured": False}
    if charge["amount_refunded"]:
        before["amount_refunded"] = 0
    return before


def _outcome(card: Card, decline: Decline | None) -> dict[str, Any]:
    if decline is None:
        return _APPROVED[card.risk]
    outcome = dict(_APPROVED[card.risk])
    if card.is_blocked:
        outcome.update(
            network_status="not_sent_to_network",
            reason="highest_risk_level",
            seller_message="Stripe blocked this payment as too risky.",
            type="blocked",
        )
        return outcome
    reason = decline.decline_code or decline.code
    outcome.update(
        advice_code="do_not_try_again" if reason in ("lost_card", "stolen_card") else "try_again_later",
        network_advice_code="02",
        network_decline_code=_NETWORK_CODES.get(reason, "05"),
        network_status="declined_by_network",
        reason=reason,
        seller_message="The bank did not return any further details with this decline.",
        type="issuer_declined",
    )
    return outcome


def _details(world: World, method: Obj, amount: int) -> dict[str, Any]:
    if method["type"] != "card":
        mandate = mandates.active(world, method)
        return of_charge(world, method, mandate["id"] if mandate else None)
    return {"type": "card", "card": _card(world, method["card"], amount)}


def _card(world: World, card: dict[str, Any], amount: int) -> dict[str, Any]:
    return blank(
        "charge.payment_method_details.card",
        amount_authorized=amount,
        authorization_code=world.ids.text(6).upper(),
        brand=card["brand"],
        checks=card["checks"],
        country=card["country"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        extended_authorization=_DISABLED,
        fingerprint=card["fingerprint"],
        funding=card["funding"],
        incremental_authorization=_UNAVAILABLE,
        last4=card["last4"],
        multicapture=_UNAVAILABLE,
        network=card["brand"],
        network_token=_NO_TOKEN,
        network_transaction_id=world.ids.text(15).upper(),
        overcapture={"maximum_amount_capturable": amount, "status": "unavailable"},
        regulated_status="unregulated",
    )
