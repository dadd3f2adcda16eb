"""How a PaymentIntent moves with a payment method that is no card: at once, by a page, or days later.

Source: docs.stripe.com/payments/paymentintents/lifecycle and the pages of each method, "Test your integration".
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.bank_accounts import ENDS_MANDATE, LATE_SECONDS
from stripe_audit.emulator.cards import AUTHENTICATION_REQUIRED, Decline
from stripe_audit.emulator.errors import card_error
from stripe_audit.emulator.resources import attempt, authorized, challenge
from stripe_audit.emulator.resources.aftermath import follow_up
from stripe_audit.emulator.resources.local_methods import mandates, transfers, vouchers
from stripe_audit.emulator.resources.local_methods.kinds import KINDS
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["action_for", "call_off", "confirm", "end", "needs_customer"]

_CALLED_OFF = Decline("generic_could_not_process", None, "The payment was canceled before the bank received it.")
_EXPIRED = Decline(
    "payment_intent_payment_attempt_expired", None, "The payment attempt has expired because the customer did not pay."
)
_SOON_S = 0.05
_PATIENCE_S = 5.0
"""How long an outcome, which takes days in truth, waits for the events before it to be answered."""


def needs_customer(world: World, method: Obj, wanted: challenge.Attempt) -> bool:
    """Whether the customer has to go to a page before this payment method can be used or set up."""
    kind = KINDS.get(method["type"])
    if kind is None:
        return False
    if kind.way == "redirect":
        return not (wanted.is_off_session and kind.is_reusable)
    account = world.checkout.accounts.get(method["id"])
    is_known = account is None or account.is_verified or method["id"] in world.checkout.verified
    return method["type"] in ("us_bank_account", "acss_debit") and not is_known


def confirm(call: Call, intent: Obj, method: Obj, wanted: challenge.Attempt) -> None:
    """Begin to take the money. Raises ApiError 402 where the customer would have to act and is not there."""
    world, kind = call.world, KINDS[method["type"]]
    if kind.has_mandate:
        mandates.give(world, method, intent, call.params.get("mandate_data"))
    if kind.way == "transfer":
        transfers.begin(call, intent, method)
        return
    if kind.way == "debit" and not needs_customer(world, method, wanted):
        _process(world, call, intent, method)
        return
    if kind.way == "redirect" and not needs_customer(world, method, wanted):
        _pay(world, call, intent, method, None)
        return
    if wanted.is_off_session or wanted.fails_on_action:
        _refuse_absent(call, intent, method)
    intent["status"] = "requires_action"
    if kind.way == "voucher":
        fate = vouchers.fate(world, method)
        intent["next_action"] = vouchers.next_action(world, intent, method, fate)
        _later(world, intent, method, fate.seconds, _EXPIRED if fate.failure else None)
    else:
        intent["next_action"] = action_for(world, intent, method, wanted)
    world.emit("payment_intent.requires_action", intent, call)


def end(world: World, intent: Obj, method: Obj, *, succeeds: bool) -> None:
    """The customer did, or failed to do, what the intent's ``next_action`` asks for."""
    kind = KINDS[method["type"]]
    if not succeeds:
        challenge.fail(world, intent, method)
    elif kind.way == "transfer":
        transfers.complete(world, intent)
    elif kind.way == "debit":
        world.checkout.verified.add(method["id"])
        _process(world, None, intent, method)
    elif kind.way == "redirect" and kind.is_delayed:
        _process(world, None, intent, method)
    else:
        _pay(world, None, intent, method, None)


def call_off(world: World, call: Call | None, intent: Obj) -> None:
    """The debit that is on its way is stopped, because the intent is canceled."""
    charge = world.store.by_id[intent["latest_charge"]]
    attempt.failed_charge(charge, world.cards[charge["payment_method"]], _CALLED_OFF)
    world.emit("charge.failed", charge, call)


def _process(world: World, call: Call | None, intent: Obj, method: Obj) -> None:
    """The debit is on its way; its outcome comes on the emulator's clock."""
    account = world.checkout.accounts.get(method["id"])
    charge = attempt.charge_of(world, intent, method, captured=True)
    charge.update(status="pending", paid=False, amount_captured=0, captured=True, receipt_url=None)
    charge["outcome"] = {**charge["outcome"], "seller_message": "Payment processing."}
    world.store.add(charge, owner=intent["id"])
    intent.update(status="processing", latest_charge=charge["id"], next_action=None)
    attempt.keep_method(world, call, intent, method)
    world.emit("payment_intent.processing", intent, call)
    world.emit("charge.pending", charge, call)
    if account is None or not account.is_stuck:
        seconds = LATE_SECONDS if account and account.is_late else world.config.debit_delay
        _later(world, intent, method, seconds, account.failure if account else None, charge)


def _later(
    world: World,
    intent: Obj,
    method: Obj,
    seconds: float | None,
    failure: Decline | None,
    charge: Obj | None = None,
) -> None:
    """Let the attempt end after this time, unless the intent has moved on by then."""
    if seconds is None:
        return
    known = (intent["status"], intent["latest_charge"])
    world.clock.later(seconds, _settle, world, intent, method, failure, charge, known)


def _settle(
    world: World,
    intent: Obj,
    method: Obj,
    failure: Decline | None,
    charge: Obj | None,
    known: tuple[str, str | None],
    patience: float = _PATIENCE_S,
) -> None:
    """End the attempt, where the intent still has the status and the charge that it had."""
    if (intent["status"], intent["latest_charge"]) != known or intent["payment_method"] != method["id"]:
        return
    is_told = all(root != intent["id"] for _, root in world.deliveries.lanes)
    if not is_told and patience > 0 and world.clock.held_at is None:
        world.clock.later(_SOON_S, _settle, world, intent, method, failure, charge, known, patience - _SOON_S)
    elif failure is not None:
        _fail(world, intent, method, failure, charge)
    else:
        _pay(world, None, intent, method, charge)


def _pay(world: World, call: Call | None, intent: Obj, method: Obj, pending: Obj | None) -> None:
    kind = KINDS[method["type"]]
    is_manual = intent["capture_method"] == "manual" and not kind.is_delayed
    if pending is None:
        charge = world.store.add(attempt.charge_of(world, intent, method, captured=not is_manual), owner=intent["id"])
        attempt.keep_method(world, call, intent, method)
    else:
        charge = pending
        charge.update(status="succeeded", paid=True, amount_captured=charge["amount"])
        charge["receipt_url"] = f"{world.url}/receipts/{charge['id']}"
        charge["outcome"] = {**charge["outcome"], "seller_message": "Payment complete."}
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    if is_manual:
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        authorized.hold(world, charge)
        world.emit("charge.succeeded", charge, call)
        world.emit("payment_intent.amount_capturable_updated", intent, call)
        return
    intent.update(status="succeeded", amount_received=intent["amount"])
    attempt.settle(world, charge)
    world.emit("charge.succeeded", charge, call)
    world.emit("payment_intent.succeeded", intent, call)
    follow_up(world, charge)


def _fail(world: World, intent: Obj, method: Obj, failure: Decline, charge: Obj | None) -> None:
    error: dict[str, Any] = {
        "code": failure.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{failure.code.replace('_', '-')}",
        "message": failure.message,
        "payment_method": snapshot(method),
        "type": "card_error",
    }
    if charge is not None:
        attempt.failed_charge(charge, world.cards[method["id"]], failure)
        error["charge"] = charge["id"]
    intent.update(status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None)
    if charge is not None:
        world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)
    if failure.code in ENDS_MANDATE:
        mandates.end(world, method)


def _refuse_absent(call: Call, intent: Obj, method: Obj) -> None:
    """402: nobody is there to go to the page."""
    _fail(call.world, intent, method, AUTHENTICATION_REQUIRED, None)
    raise card_error(
        AUTHENTICATION_REQUIRED.message,
        code=AUTHENTICATION_REQUIRED.code,
        decline_code=None,
        payment_intent=snapshot(intent),
        payment_method=snapshot(method),
    )


def action_for(world: World, intent: Obj, method: Obj, wanted: challenge.Attempt) -> Obj:
    """Where the customer goes: to the bank's page, the wallet's, or the one that takes the micro-deposits' code."""
    if method["type"] not in KINDS or KINDS[method["type"]].way != "debit":
        return challenge.next_action(world, intent, wanted)
    return {
        "type": "verify_with_microdeposits",
        "verify_with_microdeposits": {
            "arrival_date": world.clock.seconds(),
            "hosted_verification_url": challenge.page_of(world, intent),
            "microdeposit_type": "descriptor_code",
        },
    }
