"""How a PaymentIntent moves from state to state, and the webhook events of each move.

Source: docs.stripe.com/payments/paymentintents/lifecycle, docs.stripe.com/payments/payment-intents/verifying-status.
"""

from __future__ import annotations

from stripe_audit.emulator.cards import AUTHENTICATION_REQUIRED, Card, Decline
from stripe_audit.emulator.errors import ApiError, card_error, invalid, unexpected_state
from stripe_audit.emulator.resources import attempt, authorized, challenge
from stripe_audit.emulator.resources.aftermath import follow_up
from stripe_audit.emulator.resources.amounts import check_step
from stripe_audit.emulator.resources.intent_states import check_state
from stripe_audit.emulator.resources.local_methods import machine as local
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["authenticate", "cancel", "capture", "confirm"]


def confirm(call: Call, intent: Obj, wanted: challenge.Attempt) -> None:
    """Try to take the money. Raises ApiError 402 if the card refuses; the intent is then open for another method."""
    world = call.world
    method = world.store.by_id[intent["payment_method"]]
    card = world.cards[method["id"]]
    if method["type"] != "card":
        local.confirm(call, intent, method, wanted)
        return
    intent["last_payment_error"] = None
    if challenge.is_needed(world, card, intent, wanted):
        if wanted.is_off_session or wanted.fails_on_action:
            _refuse(world, call, intent, method, AUTHENTICATION_REQUIRED)
        intent["status"] = "requires_action"
        intent["next_action"] = challenge.next_action(world, intent, wanted)
        world.emit("payment_intent.requires_action", intent, call)
        return
    _charge(world, call, intent, method, card, is_off_session=wanted.is_off_session)


def authenticate(world: World, intent: Obj, *, succeeds: bool) -> Obj:
    """The customer passes or fails the 3DS challenge. A refusal afterwards is recorded on the intent, not raised.

    Raises ApiError 400 if no challenge is open.
    """
    if intent["status"] != "requires_action":
        raise unexpected_state(f"No authentication is open: the PaymentIntent's status is {intent['status']}.", intent)
    method = world.store.by_id[intent["payment_method"]]
    if method["type"] != "card":
        local.end(world, intent, method, succeeds=succeeds)
        return intent
    try:
        if succeeds:
            world.authenticated.add(method["id"])
            _charge(world, None, intent, method, world.cards[method["id"]])
        else:
            challenge.fail(world, intent, method)
    except ApiError as error:
        if error.type != "card_error":
            raise
    return intent


def capture(call: Call, intent: Obj) -> Obj:
    """Take authorised money, all or part of it; what is left is released."""
    world = call.world
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            intent,
        )
    available: int = intent["amount_capturable"]
    amount: int = call.params.get("amount_to_capture", available)
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", "amount_to_capture", "parameter_invalid_integer"
        )
    if amount > available:
        raise invalid(
            "The requested capture amount is greater than the amount you can capture for this charge.",
            "amount_to_capture",
            "amount_too_large",
        )
    check_step(amount, intent["currency"], "amount_to_capture")
    charge = world.store.by_id[intent["latest_charge"]]
    charge.update(captured=True, amount_captured=amount)
    attempt.settle(world, charge)
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    world.emit("charge.captured", charge, call, previous=attempt.uncaptured(charge))
    world.emit("payment_intent.succeeded", intent, call)
    follow_up(world, charge)
    return intent


def cancel(call: Call, intent: Obj) -> Obj:
    """End an intent that has not succeeded; authorised money is released."""
    world = call.world
    check_state(intent, "cancel")
    if intent["status"] == "requires_capture":
        charge = world.store.by_id[intent["latest_charge"]]
        previous = {"amount_refunded": 0, "refunded": False}
        charge.update(refunded=True, amount_refunded=charge["amount"])
        world.emit("charge.refunded", charge, call, previous=previous)
    elif intent["status"] == "processing":
        local.call_off(world, call, intent)
    intent.update(
        status="canceled",
        canceled_at=world.clock.seconds(),
        cancellation_reason=call.params.get("cancellation_reason"),
        amount_capturable=0,
        next_action=None,
    )
    world.emit("payment_intent.canceled", intent, call)
    return intent


def _charge(
    world: World, call: Call | None, intent: Obj, method: Obj, card: Card, *, is_off_session: bool = False
) -> None:
    if card.decline is not None:
        _refuse(world, call, intent, method, card.decline)
    is_manual = "manual" in (intent["capture_method"], intent["payment_method_options"]["card"].get("capture_method"))
    charge = world.store.add(attempt.charge_of(world, intent, method, captured=not is_manual), owner=intent["id"])
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    attempt.keep_method(world, call, intent, method)
    if is_manual:
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        authorized.hold(world, charge, is_off_session=is_off_session)
        world.emit("charge.succeeded", charge, call)
        world.emit("payment_intent.amount_capturable_updated", intent, call)
        return
    intent.update(status="succeeded", amount_received=intent["amount"])
    is_async = intent["capture_method"] == "automatic_async"
    if not is_async:
        attempt.settle(world, charge)
    world.emit("charge.succeeded", charge, call)
    world.emit("payment_intent.succeeded", intent, call)
    if (
        is_async
    ):  # the balance transaction comes after the event (docs.stripe.com/payments/payment-intents/asynchronous-capture)
        attempt.settle(world, charge)
        world.emit("charge.updated", charge, call, previous={"balance_transaction": None})
    follow_up(world, charge)


def _refuse(world: World, call: Call | None, intent: Obj, method: Obj, decline: Decline) -> None:
    """Record a refused attempt and raise it."""
    charge = attempt.charge_of(world, intent, method, captured=False)
    attempt.failed_charge(charge, world.cards[method["id"]], decline)
    world.store.add(charge, owner=intent["id"])
    shown = {
        "charge": charge["id"],
        "code": decline.code,
        **({"decline_code": decline.decline_code} if decline.decline_code else {}),
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": snapshot(method),
        "type": "card_error",
    }
    intent.update(
        status="requires_payment_method",
        latest_charge=charge["id"],
        last_payment_error=shown,
        next_action=None,
        payment_method=None,
    )
    world.emit("charge.failed", charge, call)
    world.emit("payment_intent.payment_failed", intent, call)
    raise card_error(
        decline.message,
        code=decline.code,
        decline_code=decline.decline_code,
        charge=charge["id"],
        payment_intent=snapshot(intent),
        payment_method=snapshot(method),
    )
