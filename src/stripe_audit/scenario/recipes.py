"""How the common webhook events come about at Stripe: a few calls, written as fixtures are, whose events are real ones.

Whatever has no recipe here is made from a sample of the object's kind (``webhooks/samples.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stripe_audit.scenario.fixtures import FixtureFile, FixtureStep

__all__ = ["RECIPES", "recipe"]

_AUTOMATIC = {"enabled": True, "allow_redirects": "never"}
Steps = tuple[FixtureStep, ...]


def _post(name: str, path: str, expected: str = "", /, **params: Any) -> FixtureStep:
    return FixtureStep(name, path, "POST", params, expected)


def _intent(method: str | None = None, expected: str = "", **more: Any) -> FixtureStep:
    paid = {"payment_method": method, "confirm": True} if method else {}
    params: Mapping[str, Any] = {
        "amount": 1999,
        "currency": "usd",
        "automatic_payment_methods": _AUTOMATIC,
        **paid,
        **more,
    }
    return FixtureStep("intent", "/v1/payment_intents", "POST", params, expected)


_CUSTOMER = _post("customer", "/v1/customers", email="customer@example.com", name="A customer")
_PRODUCT = _post("product", "/v1/products", name="A product")
_PRICE = _post("price", "/v1/prices", product="${product:id}", unit_amount=1999, currency="usd")
_MONTHLY = _post(
    "price", "/v1/prices", product="${product:id}", unit_amount=1999, currency="usd", recurring={"interval": "month"}
)
_CARD = _post("card", "/v1/payment_methods/pm_card_visa/attach", customer="${customer:id}")
_SUBSCRIPTION: Steps = (
    _CUSTOMER,
    _CARD,
    _PRODUCT,
    _MONTHLY,
    _post(
        "subscription",
        "/v1/subscriptions",
        customer="${customer:id}",
        default_payment_method="${card:id}",
        items=[{"price": "${price:id}"}],
    ),
)
_SESSION = _post(
    "session",
    "/v1/checkout/sessions",
    mode="payment",
    success_url="https://example.com/done",
    line_items=[{"price": "${price:id}", "quantity": "1"}],
)
_PAID, _DECLINED = _intent("pm_card_visa"), _intent("pm_card_visa_chargeDeclined", "card_error")
_REFUND = _post("refund", "/v1/refunds", payment_intent="${intent:id}")

RECIPES: dict[str, Steps] = {
    "payment_intent.created": (_intent(),),
    "payment_intent.succeeded": (_PAID,),
    "payment_intent.payment_failed": (_DECLINED,),
    "payment_intent.requires_action": (_intent("pm_card_authenticationRequired"),),
    "payment_intent.canceled": (_intent(), _post("end", "/v1/payment_intents/${intent:id}/cancel")),
    "payment_intent.amount_capturable_updated": (_intent("pm_card_visa", capture_method="manual"),),
    "charge.succeeded": (_PAID,),
    "charge.failed": (_DECLINED,),
    "charge.captured": (
        _intent("pm_card_visa", capture_method="manual"),
        _post("taken", "/v1/payment_intents/${intent:id}/capture"),
    ),
    "charge.refunded": (_PAID, _REFUND),
    "refund.created": (_PAID, _REFUND),
    "charge.dispute.created": (_intent("pm_card_createDispute"),),
    "customer.created": (_CUSTOMER,),
    "customer.updated": (_CUSTOMER, _post("changed", "/v1/customers/${customer:id}", name="Another name")),
    "customer.deleted": (_CUSTOMER, FixtureStep("gone", "/v1/customers/${customer:id}", "DELETE")),
    "payment_method.attached": (_CUSTOMER, _CARD),
    "product.created": (_PRODUCT,),
    "price.created": (_PRODUCT, _PRICE),
    "checkout.session.completed": (
        _PRODUCT,
        _PRICE,
        _SESSION,
        _post("paid", "/v1/payment_pages/${session:id}/confirm", payment_method="pm_card_visa"),
    ),
    "checkout.session.expired": (
        _PRODUCT,
        _PRICE,
        _SESSION,
        _post("ended", "/v1/checkout/sessions/${session:id}/expire"),
    ),
    "customer.subscription.created": _SUBSCRIPTION,
    "customer.subscription.updated": (
        *_SUBSCRIPTION,
        _post("changed", "/v1/subscriptions/${subscription:id}", metadata={"changed": "yes"}),
    ),
    "customer.subscription.deleted": (
        *_SUBSCRIPTION,
        FixtureStep("gone", "/v1/subscriptions/${subscription:id}", "DELETE"),
    ),
    "invoice.created": _SUBSCRIPTION,
    "invoice.finalized": _SUBSCRIPTION,
    "invoice.paid": _SUBSCRIPTION,
    "invoice.payment_succeeded": _SUBSCRIPTION,
    "setup_intent.created": (_post("setup", "/v1/setup_intents", automatic_payment_methods=_AUTOMATIC),),
    "setup_intent.succeeded": (
        _post(
            "setup",
            "/v1/setup_intents",
            automatic_payment_methods=_AUTOMATIC,
            payment_method="pm_card_visa",
            confirm=True,
        ),
    ),
}
"""By the event's type; the last event of that type is the one that is meant."""


def recipe(event_type: str) -> FixtureFile | None:
    """The calls that make an event happen, or None."""
    steps = RECIPES.get(event_type)
    return None if steps is None else FixtureFile(Path(event_type), steps)
