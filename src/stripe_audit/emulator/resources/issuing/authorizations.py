"""Authorizations: asked for, approved or declined, captured (docs.stripe.com/api/issuing/authorizations).

The webhook ``issuing_authorization.request`` goes out at once. Stripe waits two seconds for a decision and then decides
by itself, which it is here too, but the call is answered while the authorization waits.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.issuing.cards import CARD
from stripe_audit.emulator.resources.issuing.transactions import merchant, record
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

KIND = "issuing.authorization"
DECISION_SECONDS = 2.0
"""docs.stripe.com/issuing/controls/real-time-authorizations."""
_HELPERS = "test_helpers.issuing.authorization"
_METHODS = {"e": ["chip", "contactless", "keyed_in", "online", "swipe"]}
PARAMS["issuing.card_test_authorization"] = {
    "p": {
        "authorization_method": _METHODS,
        "expand": {"l": "s"},
        "held_amount": "i",
        "held_currency": "s",
        "merchant_data": "*",
        "verification_data": "*",
    },
    "r": ["held_amount"],
}
"""The Stripe CLI's fixtures call it; no reference names it any more."""
_MATCHED = {
    "address_line1_check": "match",
    "address_postal_code_check": "match",
    "authentication_exemption": None,
    "cvc_check": "match",
    "expiry_check": "match",
    "postal_code": None,
    "three_d_secure": None,
}


def create(call: Call) -> Obj:
    card = call.world.find(CARD, call.params["card"], "card")
    amount = call.params.get("amount")
    if amount is None:
        raise invalid("Missing required param: amount.", "amount", "parameter_missing")
    return _ask(call, card, amount)


def create_on_card(call: Call) -> Obj:
    return _ask(call, call.world.find(CARD, call.ids[0]), call.params["held_amount"])


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    same = equal_to(call, "cardholder", "status")
    card = call.params.get("card")
    return list_of(call, KIND, lambda one: same(one) and card in (None, one["card"]["id"]))


def update(call: Call) -> Obj:
    authorization = call.world.find(KIND, call.ids[0])
    previous = change(authorization, call.params, ())
    if previous:
        call.world.emit("issuing_authorization.updated", authorization, call, previous=previous)
    return authorization


def approve(call: Call) -> Obj:
    return _answered(call, is_approved=True)


def decline(call: Call) -> Obj:
    return _answered(call, is_approved=False)


def capture(call: Call) -> Obj:
    authorization = _pending(call)
    amount: int = call.params["capture_amount"] if "capture_amount" in call.params else authorization["amount"]
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "capture_amount", "parameter_invalid_integer")
    details = call.params.get("purchase_details")
    transaction = record(
        call, authorization["card"], -amount, "capture", authorization["merchant_data"], details, authorization
    )
    authorization["transactions"] = [*authorization["transactions"], transaction]
    if call.params.get("close_authorization", True):
        _close(call, authorization, "closed")
    return authorization


def expire(call: Call) -> Obj:
    authorization = _pending(call)
    _close(call, authorization, "expired")
    return authorization


def increment(call: Call) -> Obj:
    authorization = _pending(call)
    _resize(call, authorization, authorization["amount"] + call.params["increment_amount"])
    return authorization


def reverse(call: Call) -> Obj:
    authorization = _pending(call)
    amount: int = call.params["reverse_amount"] if "reverse_amount" in call.params else authorization["amount"]
    if not 1 <= amount <= authorization["amount"]:
        raise invalid("The amount to reverse must be positive and at most the amount authorized.", "reverse_amount")
    if amount == authorization["amount"]:
        _close(call, authorization, "reversed")
    else:
        _resize(call, authorization, authorization["amount"] - amount)
    return authorization


def _ask(call: Call, card: Obj, amount: int) -> Obj:
    params, world = call.params, call.world
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    currency = card["currency"]
    authorization = blank(
        KIND,
        id=world.ids.new("iauth"),
        object=KIND,
        amount=0,
        approved=False,
        authorization_method=params.get("authorization_method") or "online",
        balance_transactions=[],
        card=card,
        cardholder=card["cardholder"]["id"],
        created=world.clock.seconds(),
        currency=currency,
        livemode=False,
        merchant_amount=0,
        merchant_currency=currency,
        merchant_data=merchant(params.get("merchant_data")),
        metadata={},
        pending_request={
            "amount": amount,
            "amount_details": None,
            "currency": currency,
            "is_amount_controllable": params.get("is_amount_controllable", False),
            "merchant_amount": amount,
            "merchant_currency": currency,
            "network_risk_score": None,
        },
        request_history=[],
        status="pending",
        transactions=[],
        verification_data={**_MATCHED, **(params.get("verification_data") or {})},
        wallet=params.get("wallet"),
    )
    world.store.add(authorization)
    if card["status"] != "active":
        _decide(world, call, authorization, f"card_{card['status']}")
    elif card["cardholder"]["status"] != "active":
        _decide(world, call, authorization, "cardholder_inactive")
    else:
        world.emit("issuing_authorization.request", authorization, call)
        world.clock.later(DECISION_SECONDS, _decide, world, None, authorization, "webhook_timeout")
    return authorization


def _answered(call: Call, *, is_approved: bool) -> Obj:
    authorization = call.world.find(KIND, call.ids[0])
    if authorization["pending_request"] is None:
        raise invalid(f"Authorization {authorization['id']} has no pending request: it has already been decided.")
    if call.params.get("amount") is not None:
        if not authorization["pending_request"]["is_amount_controllable"]:
            raise invalid("The amount of this authorization cannot be controlled.", "amount")
        authorization["pending_request"]["amount"] = call.params["amount"]
    change(authorization, call.params, ())
    _decide(call.world, call, authorization, "webhook_approved" if is_approved else "webhook_declined")
    return authorization


def _decide(world: World, call: Call | None, authorization: Obj, reason: str) -> None:
    """Without a decision of the account's own, Stripe approves: that is a new account's setting."""
    request = authorization["pending_request"]
    if request is None:
        return
    is_approved = reason in ("webhook_approved", "webhook_timeout")
    amounts = {name: request[name] for name in ("amount", "currency", "merchant_amount", "merchant_currency")}
    authorization["request_history"] = [
        {
            **amounts,
            "amount_details": None,
            "approved": is_approved,
            "authorization_code": world.ids.text(6).upper() if is_approved else None,
            "created": world.clock.seconds(),
            "network_risk_score": None,
            "reason": reason,
            "reason_message": None,
            "requested_at": authorization["created"],
        },
        *authorization["request_history"],
    ]
    authorization.update(
        amount=request["amount"],
        approved=is_approved,
        merchant_amount=request["merchant_amount"],
        pending_request=None,
        status="pending" if is_approved else "closed",
    )
    world.emit("issuing_authorization.created", authorization, call)


def _pending(call: Call) -> Obj:
    authorization = call.world.find(KIND, call.ids[0])
    _decide(call.world, call, authorization, "webhook_timeout")
    if authorization["status"] != "pending":
        raise invalid(
            f"Authorization {authorization['id']} is not pending: it has a status of {authorization['status']}."
        )
    return authorization


def _close(call: Call, authorization: Obj, status: str) -> None:
    previous: dict[str, Any] = {"status": authorization["status"]}
    if authorization["amount"]:
        previous["amount"] = authorization["amount"]
    authorization.update(status=status, amount=0)
    call.world.emit("issuing_authorization.updated", authorization, call, previous=previous)


def _resize(call: Call, authorization: Obj, amount: int) -> None:
    previous = {"amount": authorization["amount"], "merchant_amount": authorization["merchant_amount"]}
    authorization.update(amount=amount, merchant_amount=amount)
    call.world.emit("issuing_authorization.updated", authorization, call, previous=previous)


_TESTS = "/v1/test_helpers/issuing/authorizations"
ROUTES = (
    Route(
        "POST",
        "/v1/issuing/cards/{id}/test/authorizations",
        create_on_card,
        "issuing.card_test_authorization",
        about=KIND,
    ),
    Route("GET", "/v1/issuing/authorizations", listed, f"{KIND}_list", about=KIND),
    Route("GET", "/v1/issuing/authorizations/{id}", retrieve, about=KIND),
    Route("POST", "/v1/issuing/authorizations/{id}", update, f"{KIND}_update", about=KIND),
    Route("POST", "/v1/issuing/authorizations/{id}/approve", approve, f"{KIND}_approve", about=KIND),
    Route("POST", "/v1/issuing/authorizations/{id}/decline", decline, f"{KIND}_decline", about=KIND),
    Route("POST", _TESTS, create, f"{_HELPERS}_create", about=KIND),
    Route("POST", f"{_TESTS}/{{id}}/capture", capture, f"{_HELPERS}_capture", about=KIND),
    Route("POST", f"{_TESTS}/{{id}}/expire", expire, f"{_HELPERS}_expire", about=KIND),
    Route("POST", f"{_TESTS}/{{id}}/increment", increment, f"{_HELPERS}_increment", about=KIND),
    Route("POST", f"{_TESTS}/{{id}}/reverse", reverse, f"{_HELPERS}_reverse", about=KIND),
)
