"""PaymentIntents: their parameters and routes (docs.stripe.com/api/payment_intents). ``intent_machine`` moves them."""

from __future__ import annotations

import functools
import hmac
from typing import Any

from stripe_audit.emulator.errors import invalid, unexpected_state
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources import confirmation_tokens, customers, intent_machine, payment_methods
from stripe_audit.emulator.resources.amounts import check_amount, currency_of
from stripe_audit.emulator.resources.challenge import Attempt, check_return_url
from stripe_audit.emulator.resources.intent_states import (
    check_confirmable,
    check_fits,
    check_state,
    shown_to_customer,
    use,
)
from stripe_audit.emulator.resources.local_methods.choice import check_types, types_given
from stripe_audit.emulator.resources.local_methods.kinds import KINDS
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money import splits
from stripe_audit.emulator.resources.wording import check_texts
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.shared import shared
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_PLAIN = (
    "application_fee_amount",
    "description",
    "excluded_payment_method_types",
    "allowed_payment_method_types",
    "on_behalf_of",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)
_CONFIRM_ONLY = ("confirmation_token", "return_url", "off_session", "error_on_requires_action", "use_stripe_sdk")
_NO_TIP = shared({"tip": {}})
_OPTIONS = shared(
    {
        "card": {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": "automatic",
        }
    }
)
_FROZEN_LATER = ("amount", "currency", "payment_method", "payment_method_data", "customer", "capture_method")
_MUTABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(call: Call) -> Obj:
    token = confirmation_tokens.unfold(call) if call.params.get("confirm") else None
    params = call.params
    currency = currency_of(params)
    check_amount(params["amount"], currency)
    automatic = _automatic_methods(params)
    check_types(params, currency)
    types = types_given(params)
    for name in _CONFIRM_ONLY:
        if name in params and name != "use_stripe_sdk" and not params.get("confirm"):
            raise invalid(f"You may only use `{name}` when `confirm` is true.", name)
    check_texts(params)
    splits.check(call, params, params["amount"])
    customer = _customer(call, params)
    identity = call.world.ids.new("pi")
    intent = blank(
        "payment_intent",
        id=identity,
        object="payment_intent",
        amount=params["amount"],
        amount_capturable=0,
        amount_details=_NO_TIP,
        amount_received=0,
        automatic_payment_methods=automatic,
        capture_method=params.get("capture_method") or "automatic_async",
        client_secret=call.world.ids.client_secret(identity),
        confirmation_method=params.get("confirmation_method") or "automatic",
        created=call.world.clock.seconds(),
        currency=currency,
        customer=customer,
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        payment_method_options=_OPTIONS,
        payment_method_types=types[1] if types else ["card"],
        setup_future_usage=params.get("setup_future_usage"),
        status="requires_payment_method",
    )
    for name in _PLAIN:
        if name in params:
            intent[name] = params[name]
    _set_options(intent, params)
    method = _given_method(call, intent)
    if params.get("confirm"):
        check_return_url(params)
        check_confirmable(call, intent, method, params)
    if method is not None:
        use(intent, method)
    call.world.store.add(intent)
    confirmation_tokens.note(call, token, intent)
    call.world.emit("payment_intent.created", intent, call)
    if params.get("confirm"):
        intent_machine.confirm(call, intent, Attempt.of(call))
    return intent


def retrieve(call: Call) -> Obj:
    intent = _found(call)
    return _for(call, intent)


def update(call: Call) -> Obj:
    intent, params = _found(call), call.params
    status = intent["status"]
    frozen = [name for name in _FROZEN_LATER if name in params]
    if status not in _MUTABLE and frozen:
        raise unexpected_state(
            f"This PaymentIntent's {frozen[0]} could not be updated because it has a status of {status}. You may only "
            f"update the {frozen[0]} of a PaymentIntent with one of the following statuses: {', '.join(_MUTABLE)}.",
            intent,
        )
    currency = currency_of(params) if "currency" in params else intent["currency"]
    amount: int = params["amount"] if "amount" in params else intent["amount"]
    if frozen:
        check_amount(amount, currency)
    check_types(params, currency)
    check_texts(params)
    splits.check(call, {**intent, **params}, amount)
    customer = _customer(call, params) if "customer" in params else intent["customer"]
    method = _given_method(call, {**intent, "customer": customer})
    change(intent, params, (*_PLAIN, "capture_method", "setup_future_usage", "payment_method_types"))
    intent.update(amount=amount, currency=currency, customer=customer)
    _set_options(intent, params)
    if method is not None:
        use(intent, method)
    return intent


def confirm(call: Call) -> Obj:
    intent = _found(call)
    check_state(intent, "confirm")
    token = confirmation_tokens.unfold(call)
    check_return_url(call.params)
    method = _given_method(call, intent)
    current = method or call.world.store.get("payment_method", intent["payment_method"] or "")
    check_confirmable(call, intent, current, call.params)
    for name in ("capture_method", "receipt_email", "setup_future_usage", "shipping"):
        if name in call.params:
            intent[name] = call.params[name]
    _set_options(intent, call.params)
    if method is not None:
        use(intent, method)
    confirmation_tokens.note(call, token, intent)
    intent_machine.confirm(call, intent, Attempt.of(call))
    return _for(call, intent)


def capture(call: Call) -> Obj:
    return intent_machine.capture(call, _found(call))


def cancel(call: Call) -> Obj:
    intent = _found(call)
    session = call.world.store.get("checkout.session", call.world.checkout.session_of.get(intent["id"], ""))
    if session is not None and session["mode"] == "payment" and intent["status"] != "requires_capture":
        check_state(intent, "cancel")
        raise unexpected_state(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. Expire the Checkout "
            "Session instead.",
            intent,
        )
    return intent_machine.cancel(call, intent)


def listed(call: Call) -> Obj:
    return list_of(call, "payment_intent", equal_to(call, "customer"))


def found(call: Call) -> Obj:
    return search(call, "payment_intent")


def _found(call: Call) -> Obj:
    intent = call.world.find("payment_intent", call.ids[0])
    call.touched = intent["id"]
    secret = call.params.get("client_secret")
    if call.caller == "customer" and not secret:
        raise invalid("Missing required param: client_secret.", "client_secret", "parameter_missing")
    if secret is not None and not hmac.compare_digest(str(secret).encode(), intent["client_secret"].encode()):
        raise invalid(
            "The client_secret provided does not match any associated PaymentIntent on this account. Ensure the "
            "provided secret matches the PaymentIntent.",
            "client_secret",
            "payment_intent_invalid_parameter",
        )
    return intent


def _for(call: Call, intent: Obj) -> Obj:
    return shown_to_customer(intent) if call.caller == "customer" else intent


def _automatic_methods(params: dict[str, Any]) -> dict[str, Any] | None:
    given, types = params.get("automatic_payment_methods"), params.get("payment_method_types")
    if given and given.get("enabled") and types:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            "payment_method_types",
            "parameters_exclusive",
        )
    if types:
        return None
    if given is None:
        return _automatic("always", True)
    return _automatic(given.get("allow_redirects") or "always", given["enabled"])


@functools.cache
def _automatic(allow_redirects: str, is_enabled: bool) -> Obj:
    return shared({"allow_redirects": allow_redirects, "enabled": is_enabled})


def _customer(call: Call, params: dict[str, Any]) -> str | None:
    identity: str | None = params.get("customer")
    if identity:
        customers.living(call, identity, "customer")
    return identity


def _given_method(call: Call, intent: Obj) -> Obj | None:
    """The payment method that the parameters name or describe; None if they do not."""
    params = call.params
    method: Obj | None = None
    if params.get("payment_method"):
        method = payment_methods.usable(call, params["payment_method"], "payment_method")
    elif params.get("payment_method_data"):
        method = payment_methods.from_data(call, params["payment_method_data"], "payment_method_data")
    if method is not None:
        check_fits(intent, method)
    return method


def _set_options(intent: Obj, params: dict[str, Any]) -> None:
    """Keep whether 3DS is asked for, and capture by hand; the other options are kept, and change nothing here."""
    given = params.get("payment_method_options")
    if not given:
        return
    options = dict(intent["payment_method_options"])
    card = given.get("card") or {}
    kept = {name: card[name] for name in ("request_three_d_secure", "capture_method") if card.get(name)}
    options["card"] = {**options["card"], **kept}
    options.update((kind, one) for kind, one in given.items() if kind in KINDS and isinstance(one, dict))
    intent["payment_method_options"] = options


ROUTES = (
    Route("POST", "/v1/payment_intents", create, "payment_intent_create"),
    Route("GET", "/v1/payment_intents", listed, "payment_intent_list"),
    Route("GET", "/v1/payment_intents/search", found, "payment_intent_search"),
    Route("GET", "/v1/payment_intents/{id}", retrieve, "payment_intent_retrieve", is_public=True),
    Route("POST", "/v1/payment_intents/{id}", update, "payment_intent_update"),
    Route("POST", "/v1/payment_intents/{id}/confirm", confirm, "payment_intent_confirm", is_public=True),
    Route("POST", "/v1/payment_intents/{id}/capture", capture, "payment_intent_capture"),
    Route("POST", "/v1/payment_intents/{id}/cancel", cancel, "payment_intent_cancel"),
)
