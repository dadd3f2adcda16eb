"""Payment methods: test cards by name, attached to customers (docs.stripe.com/api/payment_methods)."""

from __future__ import annotations

import functools
import re
from typing import Any

from stripe_audit.emulator.cards import Card, by_name, by_number
from stripe_audit.emulator.errors import ApiError, card_error, invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.local_methods import creation
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.shared import shared
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = [
    "ROUTES",
    "attach_to",
    "billing_details",
    "check_attachable",
    "expiry_of",
    "from_card",
    "from_data",
    "numbered",
    "usable",
]

_DIGITS = re.compile("[0-9]{1,4}")
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_NO_DETAILS = shared(blank("payment_method.billing_details", address=dict.fromkeys(_ADDRESS)))
_REUSED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)
_RAW_NUMBERS = (
    "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens that "
    "map to the test card you are using, see https://stripe.com/docs/testing."
)


def from_card(world: World, card: Card, **values: Any) -> Obj:
    """A new payment method for a test card."""
    method = blank(
        "payment_method",
        id=world.ids.new("pm"),
        object="payment_method",
        allow_redisplay="unspecified",
        billing_details=billing_details({}),
        card=_card(card, world.fingerprint(card.number)),
        created=world.clock.seconds(),
        livemode=False,
        metadata={},
        type="card",
    )
    method.update(values)
    world.cards[method["id"]] = card
    return world.store.add(method)


def from_data(call: Call, data: dict[str, Any], param: str) -> Obj:
    """A new payment method from ``type`` and ``card`` (a token; from the customer's browser also a number).

    Raises ApiError for types that do not exist, unknown tokens, numbers from a server, and data that cannot be right.
    """
    kind = data.get("type") or ("card" if data.get("card") else None)
    if kind is None:
        name = f"{param}[type]" if param else "type"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    values: dict[str, Any] = {"billing_details": billing_details(data.get("billing_details") or {})}
    values["metadata"] = merged({}, data.get("metadata") or {})
    if data.get("allow_redisplay"):
        values["allow_redisplay"] = data["allow_redisplay"]
    if kind != "card":
        return creation.from_data(call, str(kind), data, param, values)
    given = data.get("card")
    if not isinstance(given, dict):
        raise invalid("Missing required param: card.", "card", "parameter_missing")
    if given.get("token"):
        return from_card(call.world, _token(call, given["token"]), **values)
    card = numbered(call, given, f"{param}card" if not param else f"{param}[card]")
    method = from_card(call.world, card, **values)
    method["card"] = {**method["card"], **expiry_of(given)}
    return method


def expiry_of(given: dict[str, Any]) -> dict[str, int]:
    """The checked expiry of a numbered card, its year in four digits."""
    return {"exp_month": int(given["exp_month"]), "exp_year": int(given["exp_year"]) % 2000 + 2000}


def numbered(call: Call, given: dict[str, Any], param: str) -> Card:
    """The card of a number that the customer's browser sent. Raises ApiError 402 as Stripe's tokenisation does."""
    if call.caller != "customer":
        raise ApiError(_RAW_NUMBERS, status=402)
    for name in ("number", "exp_month", "exp_year"):
        if not given.get(name):
            raise invalid(f"Missing required param: {param}[{name}].", f"{param}[{name}]", "parameter_missing")
    card = by_number(str(given["number"]))
    if card is None:
        raise card_error("Your card number is incorrect.", code="incorrect_number", decline_code=None, param="number")
    month, year, cvc = (str(given.get(name) or "") for name in ("exp_month", "exp_year", "cvc"))
    if not _DIGITS.fullmatch(month) or not 1 <= int(month) <= 12:
        raise card_error(
            "Your card's expiration month is invalid.",
            code="invalid_expiry_month",
            decline_code=None,
            param="exp_month",
        )
    now = call.world.clock.now() / 31_556_952 + 1970  # a card is good to the end of its month; the year will do here
    if not _DIGITS.fullmatch(year) or not now <= int(year) % 2000 + 2001 <= 2100:
        raise card_error(
            "Your card's expiration year is invalid.", code="invalid_expiry_year", decline_code=None, param="exp_year"
        )
    if cvc and not (_DIGITS.fullmatch(cvc) and len(cvc) in (3, 4)):
        raise card_error("Your card's security code is invalid.", code="invalid_cvc", decline_code=None, param="cvc")
    return card


def usable(call: Call, identity: str, param: str) -> Obj:
    """The payment method of an id, or of a test name (``pm_card_visa``), which makes a fresh one.

    Raises ApiError 400 for an unknown one and for one that was used up.
    """
    world = call.world
    known = world.store.get("payment_method", identity)
    if known is not None:
        check_unspent(world, known, param)
        return known
    card = by_name(identity) if identity.startswith("pm_card_") else None
    if card is None:
        made = creation.by_test_name(world, identity)
        if made is not None:
            return made
        raise missing_resource("PaymentMethod", identity[:200], param, status=400)
    return from_card(world, card)


def check_unspent(world: World, method: Obj, param: str) -> None:
    """Raise ApiError 400 for a payment method that was used without a customer, or detached from one."""
    if method["id"] in world.spent and method["customer"] is None:
        raise invalid(_REUSED, param, "payment_method_unexpected_state")


def attach_to(call: Call, method: Obj, customer: Obj) -> None:
    """Attach, once. Raises ApiError as ``check_attachable`` does."""
    if method["customer"] == customer["id"]:
        return
    check_attachable(call, method)
    method["customer"] = customer["id"]
    call.world.emit("payment_method.attached", method, call)


def check_attachable(call: Call, method: Obj) -> None:
    """Raise ApiError: 402 for cards that refuse it, 400 for another customer's and for used-up payment methods."""
    if method["customer"] is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            "payment_method",
            "payment_method_unexpected_state",
        )
    check_unspent(call.world, method, "payment_method")
    card = call.world.cards[method["id"]]
    if not card.is_attachable and card.decline is not None:
        raise card_error(card.decline.message, code=card.decline.code, decline_code=card.decline.decline_code)


def billing_details(given: dict[str, Any]) -> dict[str, Any]:
    """Billing details with every field, also of the address."""
    if not given:
        return _NO_DETAILS
    address = given.get("address") or {}
    details = blank("payment_method.billing_details", **given)
    details["address"] = {name: address.get(name) for name in _ADDRESS}
    return details


def _token(call: Call, token: Any) -> Card:
    identity = str(token)
    card = by_name(identity) if identity.startswith("tok_") else None
    if card is None:
        stored = call.world.store.get("token", identity)
        if stored is None:
            raise missing_resource("token", identity[:200], "card[token]", status=400)
        if stored["used"]:
            raise invalid(
                f"You cannot use a Stripe token more than once: {identity}.", "card[token]", "token_already_used"
            )
        stored["used"] = True
        card = call.world.cards[identity]
    return card


@functools.lru_cache(maxsize=256)
def _card(card: Card, fingerprint: str) -> dict[str, Any]:
    shown = blank(
        "payment_method.card",
        brand=card.brand,
        checks={"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        country=card.country,
        display_brand=card.brand,
        exp_month=12,
        exp_year=2034,
        fingerprint=fingerprint,
        funding=card.funding,
        last4=card.last4,
        networks={"available": [card.brand], "preferred": None},
        regulated_status="unregulated",
        three_d_secure_usage={"supported": True},
    )
    return shared(shown)


def create(call: Call) -> Obj:
    params = call.params
    if params.get("payment_method"):
        raise invalid("Sharing payment methods between accounts is not emulated.", "payment_method")
    return from_data(call, params, "")


def retrieve(call: Call) -> Obj:
    identity = call.ids[0]
    if call.world.store.get("payment_method", identity) is None and by_name(identity) and identity.startswith("pm_"):
        return usable(call, identity, "payment_method")
    return call.world.find("payment_method", identity)


def update(call: Call) -> Obj:
    method = call.world.find("payment_method", call.ids[0])
    params = dict(call.params)
    if params.get("billing_details") is not None:
        params["billing_details"] = billing_details({**method["billing_details"], **params["billing_details"]})
    if params.get("card") is not None:
        if method["card"] is None:
            raise invalid("You cannot update `card` of a payment method of another type.", "card")
        params["card"] = {**method["card"], **{k: v for k, v in params["card"].items() if k.startswith("exp_")}}
    previous = change(method, params, ("allow_redisplay", "billing_details", "card"))
    if previous:
        call.world.emit("payment_method.updated", method, call, previous=previous)
    return method


def attach(call: Call) -> Obj:
    customer_id = call.params.get("customer")
    if not customer_id:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = call.world.find("customer", customer_id, "customer")
    if customer.get("deleted"):
        raise missing_resource("customer", customer_id, "customer", status=400)
    method = usable(call, call.ids[0], "payment_method")
    attach_to(call, method, customer)
    return method


def detach(call: Call) -> Obj:
    method = call.world.find("payment_method", call.ids[0])
    customer = method["customer"]
    if customer is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            "payment_method",
            "payment_method_unexpected_state",
        )
    method["customer"] = None
    call.world.spent.add(method["id"])
    call.world.emit("payment_method.detached", method, call, previous={"customer": customer})
    return method


def listed(call: Call) -> Obj:
    customer = call.params.get("customer")
    if customer:
        call.world.find("customer", customer, "customer")
    matches = equal_to(call, "type", "allow_redisplay")
    return list_of(
        call, "payment_method", lambda o: o["customer"] is not None and customer in (None, o["customer"]) and matches(o)
    )


ROUTES = (
    Route("POST", "/v1/payment_methods", create, "payment_method_create", is_public=True),
    Route("GET", "/v1/payment_methods", listed, "payment_method_list"),
    Route("GET", "/v1/payment_methods/{id}", retrieve),
    Route("POST", "/v1/payment_methods/{id}", update, "payment_method_update"),
    Route("POST", "/v1/payment_methods/{id}/attach", attach, "payment_method_attach"),
    Route("POST", "/v1/payment_methods/{id}/detach", detach),
)
