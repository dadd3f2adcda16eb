"""What a Checkout Session in the mode ``subscription`` makes of its prices.

Source: docs.stripe.com/billing/subscriptions/build-subscriptions (Checkout).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources import challenge, payment_methods
from stripe_audit.emulator.resources.billing import subscription_start
from stripe_audit.emulator.resources.billing.invoice_payments import intent_of
from stripe_audit.emulator.resources.local_methods.choice import check_method
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["payment_status", "subscribe"]

_FIELDS = (
    "application_fee_percent",
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "billing_mode",
    "default_tax_rates",
    "description",
    "invoice_settings",
    "metadata",
    "on_behalf_of",
    "proration_behavior",
    "transfer_data",
    "trial_end",
    "trial_period_days",
    "trial_settings",
)


def subscribe(call: Call, session: Obj, method: Obj | None) -> None:
    """Start the subscription for the session's customer. Raises ApiError 402 where the first payment is refused.

    Once-only prices go onto the first invoice.
    """
    world = call.world
    wishes = world.checkout.wishes[session["id"]]
    customer = world.find("customer", wishes["customer"])
    if method is None and (session["amount_total"] or session["payment_method_collection"] == "always"):
        raise invalid("Missing required param: payment_method.", "payment_method", "parameter_missing")
    if method is not None:
        listed = wishes["types"]
        intent = {**session, "automatic_payment_methods": None if listed else {"enabled": True}}
        check_method(call, intent, method, call.params)
        payment_methods.attach_to(call, method, customer)
    params = _params(call, session, method)
    card = world.cards[method["id"]] if method is not None else None
    is_refused = card is not None and card.decline is not None and card.challenge == "never"
    params["payment_behavior"] = "error_if_incomplete" if is_refused else "allow_incomplete"
    subscription = subscription_start.start(replace(call, params=params), customer)
    session.update(subscription=subscription["id"], invoice=subscription["latest_invoice"])
    intent_made = _intent(world, session)
    if intent_made is not None:
        world.checkout.session_of[intent_made["id"]] = session["id"]
        if intent_made["status"] == "requires_action":
            wanted = challenge.Attempt(return_url=call.params["return_url"])
            intent_made["next_action"] = challenge.next_action(world, intent_made, wanted)


def payment_status(world: World, session: Obj) -> str | None:
    """How far the first payment is; None while the customer has still something to do."""
    intent = _intent(world, session)
    if intent is None or intent["status"] == "canceled":
        return "no_payment_required" if not session["amount_total"] or intent is None else "unpaid"
    return {"succeeded": "paid", "processing": "unpaid"}.get(intent["status"])


def _intent(world: World, session: Obj) -> Obj | None:
    invoice = world.store.get("invoice", session["invoice"] or "")
    return intent_of(world, invoice) if invoice is not None else None


def _params(call: Call, session: Obj, method: Obj | None) -> dict[str, Any]:
    data = call.world.checkout.wishes[session["id"]]["subscription_data"]
    lines = [one for one in call.world.store.members("item", session["id"]) if one["id"] in call.world.store.by_id]
    recurring = [one for one in lines if one["price"]["type"] == "recurring"]
    once = [one for one in lines if one["price"]["type"] != "recurring"]
    return {
        "customer": call.world.checkout.wishes[session["id"]]["customer"],
        "items": [_priced(one) for one in recurring],
        **({"add_invoice_items": [_priced(one) for one in once]} if once else {}),
        **({"default_payment_method": method["id"]} if method else {}),
        **({"discounts": [_chosen(one) for one in session["discounts"]]} if session["discounts"] else {}),
        **{name: data[name] for name in _FIELDS if data.get(name) is not None},
    }


def _priced(item: Obj) -> dict[str, Any]:
    price = item["price"]
    shown = {} if item["quantity"] is None else {"quantity": item["quantity"]}
    if price["active"]:
        return {"price": price["id"], **shown}
    described = {name: price[name] for name in ("currency", "product", "unit_amount_decimal", "tax_behavior")}
    if price["recurring"]:
        described["recurring"] = {name: price["recurring"][name] for name in ("interval", "interval_count")}
    return {"price_data": described, **shown}  # a price that was described in the call is not for reuse


def _chosen(discount: dict[str, Any]) -> dict[str, Any]:
    name = "promotion_code" if discount["promotion_code"] else "coupon"
    return {name: discount[name]}
