"""The private calls with which Stripe's own page, and the Stripe CLI's fixtures, pay a Checkout Session.

``/v1/payment_pages`` is in no reference: what is answered is what its callers are seen to need.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources import payment_methods
from stripe_audit.emulator.resources.amounts import spoken
from stripe_audit.emulator.resources.checkout import completion
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "method_given"]

_SHOWN = (
    "amount_total",
    "cancel_url",
    "currency",
    "customer_email",
    "mode",
    "payment_method_types",
    "payment_status",
    "return_url",
    "setup_intent",
    "status",
    "success_url",
    "ui_mode",
    "url",
)


def retrieve(call: Call) -> Obj:
    return _page(call, call.world.find("checkout.session", call.ids[0]))


def confirm(call: Call) -> Obj:
    session = call.world.find("checkout.session", call.ids[0])
    call.touched = session["id"]
    completion.check_open(session)
    expected = call.params.get("expected_amount")
    if expected is not None and expected != (session["amount_total"] or 0):
        raise ApiError(
            f"The amount expected, {spoken(expected, session['currency'] or 'usd')}, is not the amount due.",
            code="checkout_amount_mismatch",
            param="expected_amount",
        )
    method = method_given(call, call.params)
    return _page(call, completion.pay(call, session, method))


def method_given(call: Call, params: dict[str, Any]) -> Obj | None:
    """The payment method that a confirmation names or describes; None if it does neither."""
    if params.get("payment_method"):
        return payment_methods.usable(call, params["payment_method"], "payment_method")
    data = params.get("payment_method_data")
    if not data:
        return None
    if not isinstance(data, dict):
        raise invalid("Invalid object", "payment_method_data")
    return payment_methods.from_data(call, data, "payment_method_data")


def _page(call: Call, session: Obj) -> Obj:
    """What the page knows of the session, and the intent as the customer sees it."""
    intent = call.world.store.get("payment_intent", session["payment_intent"] or "")
    return {
        "id": f"ppage_{session['id'][-24:]}",
        "object": "checkout.session.page",
        **{name: session[name] for name in _SHOWN},
        "livemode": False,
        "next_action": snapshot(intent["next_action"]) if intent else None,
        "payment_intent": intent["id"] if intent else None,
        "session_id": session["id"],
        "state": {"open": "active", "complete": "succeeded", "expired": "expired"}[session["status"]],
    }


ROUTES = (
    Route("GET", "/v1/payment_pages/{id}", retrieve, is_public=True, about="checkout.session"),
    Route(
        "POST",
        "/v1/payment_pages/{id}/confirm",
        confirm,
        "payment_page_confirm",
        is_public=True,
        about="checkout.session",
    ),
)
