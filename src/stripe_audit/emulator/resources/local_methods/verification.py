"""What intents with bank accounts and bank transfers can be told: micro-deposits, and money from the cash balance.

Source: docs.stripe.com/api/payment_intents/verify_microdeposits, docs.stripe.com/payments/ach-direct-debit (testing).
"""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid, unexpected_state
from stripe_audit.emulator.resources.authentication import authenticate
from stripe_audit.emulator.resources.local_methods import transfers
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_RIGHT, _TOO_OFTEN, _LATE = ("SM11AA", [32, 45]), ("SM33CC", [10, 11]), ("SM44DD", [40, 41])
"""docs.stripe.com/testing: the code or the amounts that verify, exceed the attempts, or come too late."""


def verify_payment(call: Call) -> Obj:
    return _verify(call, call.world.find("payment_intent", call.ids[0]))


def verify_setup(call: Call) -> Obj:
    return _verify(call, call.world.find("setup_intent", call.ids[0]))


def _verify(call: Call, intent: Obj) -> Obj:
    call.touched = intent["id"]
    if (intent["next_action"] or {}).get("type") != "verify_with_microdeposits":
        spoken = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
        raise ApiError(
            f"You cannot verify microdeposits for this {spoken} because it has a status of {intent['status']} and no "
            "micro-deposits to verify.",
            code=f"{intent['object']}_unexpected_state",
        )
    params = call.params
    code, amounts = params.get("descriptor_code"), params.get("amounts")
    if not code and not amounts:
        raise invalid("Missing required param: amounts.", "amounts", "parameter_missing")
    given = str(code).upper() if code else sorted(amounts or ())
    if given in _RIGHT:
        return authenticate(call.world, intent, succeeds=True)
    if given in _TOO_OFTEN or given in _LATE:
        authenticate(call.world, intent, succeeds=False)
        name = "attempts_exceeded" if given in _TOO_OFTEN else "timeout"
        raise ApiError(
            "The bank account could not be verified.", code=f"payment_method_microdeposit_verification_{name}"
        )
    wrong = "descriptor_code_mismatch" if code else "amounts_mismatch"
    raise ApiError(
        "The microdeposit amounts or descriptor code provided do not match those that were sent to the bank account.",
        code=f"payment_method_microdeposit_verification_{wrong}",
        param="descriptor_code" if code else "amounts",
    )


def apply_balance(call: Call) -> Obj:
    """Pay an intent from the customer's cash balance by hand."""
    world = call.world
    intent = world.find("payment_intent", call.ids[0])
    call.touched = intent["id"]
    if (intent["next_action"] or {}).get("type") != "display_bank_transfer_instructions":
        raise unexpected_state(
            f"This PaymentIntent's status is {intent['status']}: it does not wait for a bank transfer.", intent
        )
    available = (transfers.balance_of(world, intent["customer"])["available"] or {}).get(intent["currency"], 0)
    most = call.params.get("amount", available)
    if not 0 < most <= available:
        raise invalid("The customer's cash balance does not hold this amount.", "amount", "insufficient_funds")
    transfers.apply(world, call, intent, most)
    return intent


ROUTES = (
    Route(
        "POST",
        "/v1/payment_intents/{id}/verify_microdeposits",
        verify_payment,
        "payment_intent_verify_microdeposits",
        is_public=True,
        about="payment_intent",
    ),
    Route(
        "POST",
        "/v1/setup_intents/{id}/verify_microdeposits",
        verify_setup,
        "setup_intent_verify_microdeposits",
        is_public=True,
        about="setup_intent",
    ),
    Route(
        "POST",
        "/v1/payment_intents/{id}/apply_customer_balance",
        apply_balance,
        "payment_intent_apply_customer_balance",
        about="payment_intent",
    ),
)
