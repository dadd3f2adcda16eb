"""The PaymentIntent behind a finalized invoice, and the invoice payment that joins the two.

Source: docs.stripe.com/api/invoice-payment, docs.stripe.com/billing/collection-method.
"""

from __future__ import annotations

from dataclasses import replace

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources import intent_machine, payment_methods
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.challenge import Attempt, is_needed
from stripe_audit.emulator.resources.intent_states import CANCELABLE, check_confirmable, use
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = [
    "NO_METHOD",
    "ROUTES",
    "abandon",
    "attempt",
    "default_method",
    "intent_of",
    "open_payment",
    "payment_of",
    "unasked",
]

NO_METHOD = (
    "This customer has no attached payment source or default payment method. Please consider adding a default payment "
    "method. For more information, visit "
    "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
)
_NEEDS_ACTION = (
    "Payment for this invoice requires additional user action before it can be completed successfully. Payment can be "
    "completed using the PaymentIntent associated with the invoice. For more details see: "
    "https://stripe.com/docs/billing/subscriptions/overview#requires-action"
)


def unasked(world: World) -> Call:
    """The call that stands for the passing of time: its events tell of no request."""
    return Call(world, "unknown", "", "", (), {}, world.config.api_version, None)


def open_payment(world: World, call: Call | None, invoice: Obj, known: Obj | None = None) -> Obj:
    """Make the PaymentIntent over what is due, unless one is ``known``, and the payment that joins the two."""
    intent = known or world.store.add(_new_intent(world, invoice))
    world.billing.invoice_of[intent["id"]] = invoice["id"]
    payment = blank(
        "invoice_payment",
        id=world.ids.new("inpay"),
        object="invoice_payment",
        amount_requested=invoice["amount_remaining"],
        created=now_of(world, invoice),
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        livemode=False,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    world.store.add(payment, owner=invoice["id"])
    if known is None:
        world.emit("payment_intent.created", intent, call)
    return payment


def _new_intent(world: World, invoice: Obj) -> Obj:
    identity = world.ids.new("pi")
    asked = (invoice["payment_settings"]["payment_method_options"] or {}).get("card") or {}
    secure = asked.get("request_three_d_secure") or "automatic"
    is_subscribed = (invoice["parent"] or {}).get("type") == "subscription_details"
    method = default_method(world, invoice)
    return blank(
        "payment_intent",
        id=identity,
        object="payment_intent",
        amount=invoice["amount_remaining"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method="automatic",
        client_secret=world.ids.client_secret(identity),
        confirmation_method="automatic",
        created=now_of(world, invoice),
        currency=invoice["currency"],
        customer=invoice["customer"],
        description="Subscription creation" if invoice["billing_reason"] == "subscription_create" else None,
        livemode=False,
        metadata={},
        on_behalf_of=invoice["on_behalf_of"],
        payment_method=method["id"] if method else None,
        payment_method_options={
            "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": secure}
        },
        payment_method_types=["card"],
        receipt_email=invoice["customer_email"],
        setup_future_usage="off_session" if is_subscribed else None,
        status="requires_confirmation" if method else "requires_payment_method",
    )


def payment_of(world: World, invoice: Obj) -> Obj | None:
    """The payment that is open, or was the last to be made."""
    payments = world.store.members("invoice_payment", invoice["id"])
    return payments[-1] if payments else None


def intent_of(world: World, invoice: Obj) -> Obj | None:
    """The PaymentIntent that pays the invoice."""
    payment = payment_of(world, invoice)
    return world.store.by_id[payment["payment"]["payment_intent"]] if payment else None


def default_method(world: World, invoice: Obj) -> Obj | None:
    """What the invoice is paid with unless a call says otherwise: its own default, its subscription's, the customer's.

    Source: docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority.
    """
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    subscription = world.store.get("subscription", details.get("subscription") or "") or {}
    customer = world.store.by_id[invoice["customer"]]
    settings = customer.get("invoice_settings") or {}
    for identity in (
        invoice["default_payment_method"],
        subscription.get("default_payment_method"),
        settings.get("default_payment_method"),
        customer.get("default_source"),
    ):
        method = world.store.get("payment_method", identity or "")
        if method is not None and method["customer"] == customer["id"]:
            return method
    return None


def attempt(call: Call, invoice: Obj, method: str | None = None) -> None:
    """Try to take the money for an open invoice with this payment method, or with the default one.

    What becomes of it is told by the PaymentIntent's events, to which the invoice reacts. Raises ApiError: 400 without
    a payment method, 402 where the card refuses or the customer must authenticate.
    """
    world = call.world
    intent = intent_of(world, invoice) or {}
    given = payment_methods.usable(call, method, "payment_method") if method else default_method(world, invoice)
    if given is None:
        raise ApiError(NO_METHOD, code="resource_missing")
    if intent["status"] in ("requires_payment_method", "requires_confirmation", "requires_action"):
        check_confirmable(call, intent, given, {"off_session": True})
        use(intent, given)
    card = world.cards[given["id"]]
    is_challenged = is_needed(world, card, intent, Attempt(is_off_session=True))
    intent_machine.confirm(call, intent, Attempt(is_off_session=not is_challenged))
    if intent["status"] == "requires_action":
        raise ApiError(
            _NEEDS_ACTION,
            status=402,
            type="card_error",
            code="invoice_payment_intent_requires_action",
            is_saved=True,
        )


def abandon(world: World, call: Call | None, invoice: Obj, reason: str = "void_invoice") -> None:
    """Cancel the PaymentIntent of an invoice that nobody is to pay any more."""
    payment, intent = payment_of(world, invoice), intent_of(world, invoice)
    if payment is None or intent is None or payment["status"] != "open":
        return
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = now_of(world, invoice)
    if intent["status"] in CANCELABLE:
        intent_machine.cancel(replace(call or unasked(world), params={"cancellation_reason": reason}), intent)


def retrieve(call: Call) -> Obj:
    return call.world.find("invoice_payment", call.ids[0])


def listed(call: Call) -> Obj:
    params = call.params
    wanted = params.get("payment") or {}
    if wanted and wanted["type"] == "payment_intent" and not wanted.get("payment_intent"):
        raise invalid(
            "Missing required param: payment[payment_intent].", "payment[payment_intent]", "parameter_missing"
        )
    return list_of(
        call,
        "invoice_payment",
        lambda one: (
            params.get("invoice") in (None, one["invoice"])
            and params.get("status") in (None, one["status"])
            and wanted.get("payment_intent") in (None, one["payment"]["payment_intent"])
        ),
    )


ROUTES = (
    Route("GET", "/v1/invoice_payments", listed, "invoice_payment_list"),
    Route("GET", "/v1/invoice_payments/{id}", retrieve),
)
