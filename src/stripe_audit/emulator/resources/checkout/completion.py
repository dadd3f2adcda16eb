"""How a Checkout Session ends: paid, to be paid later, set up, subscribed, or expired.

Source: docs.stripe.com/payments/checkout/how-checkout-works, docs.stripe.com/checkout/fulfillment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources import customers, intent_machine, payment_intents, setup_machine
from stripe_audit.emulator.resources.billing.coupons import redeem
from stripe_audit.emulator.resources.challenge import Attempt
from stripe_audit.emulator.resources.checkout import invoicing, subscribing
from stripe_audit.emulator.resources.checkout.display import details_of
from stripe_audit.emulator.resources.intent_states import CANCELABLE, check_confirmable, use
from stripe_audit.emulator.resources.local_methods.choice import check_method
from stripe_audit.emulator.resources.local_methods.kinds import KINDS
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["check_open", "expire", "lapse", "pay", "return_page"]

_INTENT_FIELDS = (
    "application_fee_amount",
    "capture_method",
    "description",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)


def check_open(session: Obj) -> None:
    """Raise ApiError 400 for a session that has ended."""
    if session["status"] != "open":
        raise ApiError(f"This Checkout Session is no longer open: it has a status of {session['status']}.")


def return_page(world: World, session: Obj) -> str:
    """Where banks and wallets send the customer back to; it leads on to the shop."""
    return f"{world.url}/c/pay/{session['id']}/return"


def pay(call: Call, session: Obj, method: Obj | None) -> Obj:
    """The customer confirms an open session with this payment method; with none where nothing is to be paid.

    Raises ApiError: 402 if it is refused, and the session stays open; 400 for what cannot pay here.
    """
    by_customer = replace(call, caller="customer", ids=(), params={"return_url": return_page(call.world, session)})
    if session["mode"] == "setup":
        _set_up(by_customer, session, _demanded(method))
    elif session["mode"] == "subscription":
        _note_customer(by_customer, session, method)
        subscribing.subscribe(by_customer, session, method)
        _note_subscription(call.world, session, by_customer)
    elif not session["amount_total"]:
        _note_customer(by_customer, session, method)
        _complete(call.world, session, call, "no_payment_required")
    else:
        _pay_once(by_customer, session, _demanded(method))
    return session


def _demanded(method: Obj | None) -> Obj:
    if method is None:
        raise invalid("Missing required param: payment_method.", "payment_method", "parameter_missing")
    return method


def _pay_once(call: Call, session: Obj, method: Obj) -> None:
    world = call.world
    intent = world.store.get("payment_intent", session["payment_intent"] or "")
    if intent is None:
        draft = _intent_params(call, session)
        probe = {**draft, "object": "payment_intent", "excluded_payment_method_types": None}
        probe.setdefault("automatic_payment_methods", None)
        probe.setdefault("payment_method_types", ["card"])
        check_method(call, probe, method, call.params)
        _note_customer(call, session, method)
        draft["customer"] = world.checkout.wishes[session["id"]].get("customer")
        intent = payment_intents.create(replace(call, params=draft))
        session["payment_intent"] = intent["id"]
        world.checkout.session_of[intent["id"]] = session["id"]
    check_confirmable(call, intent, method, call.params)
    _note_customer(call, session, method)
    use(intent, method)
    intent_machine.confirm(call, intent, Attempt(return_url=call.params["return_url"]))


def _intent_params(call: Call, session: Obj) -> dict[str, Any]:
    data = call.world.checkout.wishes[session["id"]]["payment_intent_data"]
    listed = call.world.checkout.wishes[session["id"]]["types"]
    types: dict[str, Any] = (
        {"payment_method_types": listed}
        if listed
        else {"automatic_payment_methods": {"enabled": True, "allow_redirects": "always"}}
    )
    return {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"],
        "metadata": data.get("metadata") or {},
        "payment_method_options": session["payment_method_options"],
        **types,
        **{name: data[name] for name in _INTENT_FIELDS if data.get(name) is not None},
    }


def _set_up(call: Call, session: Obj, method: Obj) -> None:
    intent = call.world.store.by_id[session["setup_intent"]]
    check_method(call, intent, method, call.params)
    _note_customer(call, session, method)
    intent["customer"] = call.world.checkout.wishes[session["id"]].get("customer")
    intent.update(payment_method=method["id"], status="requires_confirmation", next_action=None)
    setup_machine.confirm(call, intent)


def _note_customer(call: Call, session: Obj, method: Obj | None) -> None:
    """Remember who pays; make a customer where the session wants one."""
    wishes = call.world.checkout.wishes[session["id"]]
    billing = method["billing_details"] if method else {}
    wishes["billing"] = billing
    if wishes.get("customer") or session["customer"]:
        wishes["customer"] = wishes.get("customer") or session["customer"]
        return
    wants_one = session["customer_creation"] == "always" or invoicing.is_wanted(session)
    saves = bool(wishes["payment_intent_data"].get("setup_future_usage"))
    if wants_one or saves:
        details = details_of(None, session["customer_email"], billing) or {}
        known = {name: details[name] for name in ("email", "name", "phone", "address") if details.get(name)}
        wishes["customer"] = customers.create(replace(call, params=known))["id"]


def _complete(world: World, session: Obj, call: Call | None, payment_status: str) -> None:
    wishes = world.checkout.wishes.get(session["id"], {})
    identity = wishes.get("customer") or session["customer"]
    customer = world.store.get("customer", identity or "")
    details = details_of(customer, session["customer_email"], wishes.get("billing") or {})
    session.update(
        customer=identity,
        customer_details=details,
        payment_status=payment_status,
        status="complete",
        url=None,
    )
    shipping = wishes.get("payment_intent_data", {}).get("shipping")
    if shipping and session["collected_information"]["shipping_details"] is None:
        shown = {"address": shipping["address"], "name": shipping["name"]}
        session["collected_information"] = {**session["collected_information"], "shipping_details": shown}
    if payment_status != "unpaid":
        _bill(world, call, session)
    for discount in session["discounts"] if session["mode"] == "payment" and not invoicing.is_wanted(session) else ():
        _redeem(world, discount)
    _count(world, session)
    world.emit("checkout.session.completed", session, call)


def _bill(world: World, call: Call | None, session: Obj) -> None:
    customer = world.store.get("customer", session["customer"] or "")
    if invoicing.is_wanted(session) and customer is not None and not customer.get("deleted"):
        intent = world.store.get("payment_intent", session["payment_intent"] or "")
        invoicing.bill(world, call, session, customer, intent)


def _redeem(world: World, discount: dict[str, Any]) -> None:
    coupon = world.store.get("coupon", discount["coupon"])
    code = world.store.get("promotion_code", discount["promotion_code"] or "")
    if coupon is not None:
        redeem(world, coupon)
    if code is not None:
        code["times_redeemed"] += 1


def _count(world: World, session: Obj) -> None:
    """A payment link may allow so many completed sessions; the last one closes it."""
    link = world.store.get("payment_link", session["payment_link"] or "")
    limits = ((link or {}).get("restrictions") or {}).get("completed_sessions")
    if link is None or limits is None:
        return
    limits["count"] += 1
    if limits["count"] >= limits["limit"] and link["active"]:
        link["active"] = False
        world.emit("payment_link.updated", link, previous={"active": True})


def lapse(world: World, session: Obj) -> None:
    """The session's time is over."""
    if session["status"] == "open" and session["id"] in world.store.by_id:
        expire(world, session, None)


def expire(world: World, session: Obj, call: Call | None) -> Obj:
    """End an open session; an intent that it made is canceled."""
    session.update(status="expired", url=None)
    intent = world.store.by_id.get(session["payment_intent"] or session["setup_intent"] or "")
    if intent is not None and intent["object"] == "payment_intent" and intent["status"] in CANCELABLE:
        intent_machine.cancel(_asking(world, call, cancellation_reason="expired"), intent)
    elif intent is not None and intent["status"] in setup_machine.CONFIRMABLE:
        intent.update(status="canceled", cancellation_reason="abandoned", next_action=None)
        world.emit("setup_intent.canceled", intent, call)
    world.emit("checkout.session.expired", session, call)
    return session


def _asking(world: World, call: Call | None, **params: Any) -> Call:
    if call is not None:
        return replace(call, params=params)
    return Call(world, "unknown", "", "", (), params, world.config.api_version, None)


def _session_of(world: World, intent: Obj) -> Obj | None:
    return world.store.get("checkout.session", world.checkout.session_of.get(intent["id"], ""))


def _is_delayed(world: World, intent: Obj) -> bool:
    method = world.store.get("payment_method", intent["payment_method"] or "") or {}
    kind = KINDS.get(method.get("type", ""))
    return kind is not None and kind.is_delayed


@after("payment_intent.succeeded")
def _paid(world: World, intent: Obj, call: Call | None) -> None:
    session = _session_of(world, intent)
    if session is None:
        return
    if session["status"] == "open":
        _finish(world, session, call, "paid")
    elif session["status"] == "complete" and session["payment_status"] == "unpaid":
        session["payment_status"] = "paid"
        _bill(world, call, session)
        if _is_delayed(world, intent):
            world.emit("checkout.session.async_payment_succeeded", session, call)


@after("payment_intent.processing", "payment_intent.amount_capturable_updated", "payment_intent.requires_action")
def _awaited(world: World, intent: Obj, call: Call | None) -> None:
    """The customer has done their part; whether the money comes is not known yet."""
    session = _session_of(world, intent)
    if session is None or session["status"] != "open":
        return
    action = (intent["next_action"] or {}).get("type", "")
    waits_here = intent["status"] == "requires_action" and not action.endswith(
        ("_display_details", "display_bank_transfer_instructions")
    )
    if not waits_here:
        _finish(world, session, call, "unpaid")


@after("payment_intent.payment_failed")
def _unpaid(world: World, intent: Obj, call: Call | None) -> None:
    session = _session_of(world, intent)
    if session is not None and session["status"] == "complete" and session["payment_status"] == "unpaid":
        world.emit("checkout.session.async_payment_failed", session, call)


@after("setup_intent.succeeded")
def _set_up_done(world: World, intent: Obj, call: Call | None) -> None:
    session = _session_of(world, intent)
    if session is not None and session["status"] == "open":
        _complete(world, session, call, "no_payment_required")


def _finish(world: World, session: Obj, call: Call | None, payment_status: str) -> None:
    # While a subscription is being made it does not know its session yet: it completes once it is there.
    if session["mode"] == "payment" or session["subscription"] is not None:
        _complete(world, session, call, payment_status)


def _note_subscription(world: World, session: Obj, call: Call) -> None:
    status = subscribing.payment_status(world, session)
    if status is not None:
        _complete(world, session, call, status)
