"""SetupIntents: their parameters and routes (docs.stripe.com/api/setup_intents). ``setup_machine`` moves them."""

from __future__ import annotations

import hmac
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import confirmation_tokens, customers, payment_methods, setup_machine
from stripe_audit.emulator.resources.challenge import check_return_url
from stripe_audit.emulator.resources.local_methods.choice import check_method, check_types, may_redirect, types_given
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_FIELDS = (
    "attach_to_self",
    "description",
    "excluded_payment_method_types",
    "allowed_payment_method_types",
    "flow_directions",
    "on_behalf_of",
    "payment_method_types",
)
_HIDDEN_FROM_CUSTOMERS = ("application", "customer", "latest_attempt", "mandate", "metadata", "on_behalf_of")


def create(call: Call) -> Obj:
    token = confirmation_tokens.unfold(call) if call.params.get("confirm") else None
    params = call.params
    if params.get("return_url") and not params.get("confirm"):
        raise invalid("You may only use `return_url` when `confirm` is true.", "return_url")
    if params.get("customer"):
        customers.living(call, params["customer"], "customer")
    check_types(params, None)
    identity = call.world.ids.new("seti")
    given = params.get("automatic_payment_methods")
    types = params.get("payment_method_types")
    listed_types = types_given(params)
    intent = blank(
        "setup_intent",
        id=identity,
        object="setup_intent",
        automatic_payment_methods=None if types else _automatic(given),
        client_secret=call.world.ids.client_secret(identity),
        created=call.world.clock.seconds(),
        customer=params.get("customer"),
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        payment_method_options={
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        payment_method_types=listed_types[1] if listed_types else ["card"],
        status="requires_payment_method",
        usage=params.get("usage") or "off_session",
    )
    change(intent, {name: value for name, value in params.items() if name != "metadata"}, _FIELDS)
    _use(intent, _given_method(call, intent))
    if params.get("confirm"):
        _check_confirmable(call, intent, is_asked=given is not None)
    call.world.store.add(intent)
    confirmation_tokens.note(call, token, intent)
    call.world.emit("setup_intent.created", intent, call)
    if params.get("confirm"):
        setup_machine.confirm(call, intent)
    return intent


def retrieve(call: Call) -> Obj:
    return _shown(call, _found(call))


def update(call: Call) -> Obj:
    intent = _found(call)
    if intent["status"] not in setup_machine.CONFIRMABLE:
        raise setup_machine.unexpected(intent, "updated")
    if "customer" in call.params:
        if call.params["customer"]:
            customers.living(call, call.params["customer"], "customer")
        intent["customer"] = call.params["customer"] or None
    check_types(call.params, None)
    method = _given_method(call, intent)
    change(intent, call.params, _FIELDS)
    _use(intent, method)
    return intent


def confirm(call: Call) -> Obj:
    intent = _found(call)
    if intent["status"] not in setup_machine.CONFIRMABLE:
        raise setup_machine.unexpected(intent, "confirmed")
    token = confirmation_tokens.unfold(call)
    method = _given_method(call, intent)
    before = snapshot(intent)
    _use(intent, method)
    try:
        _check_confirmable(call, intent)
    except ApiError:
        intent.update(before)
        raise
    confirmation_tokens.note(call, token, intent)
    setup_machine.confirm(call, intent)
    return _shown(call, intent)


def cancel(call: Call) -> Obj:
    intent = _found(call)
    if intent["status"] not in setup_machine.CONFIRMABLE:
        raise setup_machine.unexpected(intent, "canceled")
    intent.update(status="canceled", cancellation_reason=call.params.get("cancellation_reason"), next_action=None)
    call.world.emit("setup_intent.canceled", intent, call)
    return intent


def listed(call: Call) -> Obj:
    return list_of(call, "setup_intent", equal_to(call, "attach_to_self", "customer", "payment_method"))


def attempts(call: Call) -> Obj:
    call.world.find("setup_intent", call.params["setup_intent"], "setup_intent")
    return list_of(call, "setup_attempt", equal_to(call, "setup_intent"))


def _automatic(given: dict[str, Any] | None) -> dict[str, Any]:
    chosen = given or {"enabled": True}
    return {"allow_redirects": chosen.get("allow_redirects") or "always", "enabled": chosen["enabled"]}


def _found(call: Call) -> Obj:
    intent = call.world.find("setup_intent", call.ids[0])
    call.touched = intent["id"]
    secret = call.params.get("client_secret")
    if call.caller == "customer" and not secret:
        raise invalid("Missing required param: client_secret.", "client_secret", "parameter_missing")
    if secret is not None and not hmac.compare_digest(str(secret).encode(), intent["client_secret"].encode()):
        raise invalid(
            "The client_secret provided does not match any associated SetupIntent on this account. Ensure the provided "
            "secret matches the SetupIntent.",
            "client_secret",
            "setup_intent_invalid_parameter",
        )
    return intent


def _shown(call: Call, intent: Obj) -> Obj:
    if call.caller != "customer":
        return intent
    return {name: value for name, value in intent.items() if name not in _HIDDEN_FROM_CUSTOMERS}


def _given_method(call: Call, intent: Obj) -> Obj | None:
    params = call.params
    method: Obj | None = None
    if params.get("payment_method"):
        method = payment_methods.usable(call, params["payment_method"], "payment_method")
    elif params.get("payment_method_data"):
        method = payment_methods.from_data(call, params["payment_method_data"], "payment_method_data")
    if method is not None and method["customer"] not in (None, intent["customer"]):
        raise invalid(
            f"The payment method supplied ({method['id']}) belongs to a different Customer than the one on the "
            "SetupIntent.",
            "payment_method",
        )
    return method


def _use(intent: Obj, method: Obj | None) -> None:
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation", next_action=None)


def _check_confirmable(call: Call, intent: Obj, *, is_asked: bool = True) -> None:
    """Raise ApiError 400 where a confirmation lacks its payment method or ``return_url``.

    An account that did not ask for automatic payment methods sets up cards: the Stripe CLI's fixtures send no URL.
    """
    check_return_url(call.params)
    if not intent["payment_method"]:
        raise ApiError(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again.",
            code="setup_intent_unexpected_state",
            setup_intent=snapshot(intent),
        )
    check_method(call, intent, call.world.store.by_id[intent["payment_method"]], call.params)
    has_redirects = may_redirect(intent)
    is_exempt = call.caller == "customer" or call.params.get("use_stripe_sdk") or call.params.get("return_url")
    if has_redirects and is_asked and not is_exempt:
        raise invalid(
            "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
            "might redirect your customer off of your page, you must provide a `return_url`, or set "
            "`automatic_payment_methods[allow_redirects]` to `never`.",
            "return_url",
        )


ROUTES = (
    Route("POST", "/v1/setup_intents", create, "setup_intent_create"),
    Route("GET", "/v1/setup_intents", listed, "setup_intent_list"),
    Route("GET", "/v1/setup_intents/{id}", retrieve, "setup_intent_retrieve", is_public=True),
    Route("POST", "/v1/setup_intents/{id}", update, "setup_intent_update"),
    Route("POST", "/v1/setup_intents/{id}/confirm", confirm, "setup_intent_confirm", is_public=True),
    Route("POST", "/v1/setup_intents/{id}/cancel", cancel, "setup_intent_cancel"),
    Route("GET", "/v1/setup_attempts", attempts, "setup_attempt_list"),
)
