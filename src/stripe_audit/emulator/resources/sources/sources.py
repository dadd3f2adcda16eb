"""Sources (docs.stripe.com/api/sources): one kind of object for cards, debits, redirects and credit transfers."""

from __future__ import annotations

import hmac
from typing import Any

from stripe_audit.emulator.cards import Card, by_name
from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.resources import customers, payment_methods
from stripe_audit.emulator.resources.amounts import check_amount, currency_of
from stripe_audit.emulator.resources.challenge import check_return_url
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.sources import holding
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "authorize"]

_REDIRECTS = ("alipay", "bancontact", "eps", "giropay", "ideal", "klarna", "multibanco", "p24", "sofort", "wechat")
_DETAILS: dict[str, dict[str, Any]] = {
    "ach_credit_transfer": {
        "account_number": "test_52796e3294dc",
        "bank_name": "TEST BANK",
        "fingerprint": None,
        "routing_number": "110000000",
        "swift_code": "TSTEZ122",
    },
    "sepa_debit": {
        "bank_code": "19043",
        "branch_code": None,
        "country": "AT",
        "fingerprint": None,
        "last4": "3201",
        "mandate_reference": None,
        "mandate_url": None,
    },
}
_OWNER = ("address", "email", "name", "phone")
_VERIFIED = ("verified_address", "verified_email", "verified_name", "verified_phone")


def create(call: Call) -> Obj:
    world, params = call.world, call.params
    kind = params.get("type") or ("card" if params.get("token") else None)
    if kind is None:
        raise invalid("Missing required param: type.", "type", "parameter_missing")
    is_redirect = kind in _REDIRECTS
    if not (is_redirect or kind in ("card", *_DETAILS)):
        raise invalid(f"Invalid source type: {kind[:50]}", "type", "source_type_not_supported")
    currency = currency_of(params) if params.get("currency") else None
    if is_redirect:
        for name in ("amount", "currency", "redirect"):
            if params.get(name) is None:
                raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
        check_return_url(params["redirect"])
    if params.get("amount") is not None and currency:
        check_amount(params["amount"], currency)
    card, token = _card(call) if kind == "card" else (None, None)
    customer = customers.living(call, params["customer"], "customer") if params.get("customer") else None
    identity = world.ids.new("src")
    source = blank(
        "source",
        id=identity,
        object="source",
        amount=params.get("amount"),
        client_secret=f"src_client_secret_{world.ids.text(24)}",
        created=world.clock.seconds(),
        currency=currency,
        flow="redirect" if is_redirect else "receiver" if kind == "ach_credit_transfer" else "none",
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        owner={**dict.fromkeys((*_OWNER, *_VERIFIED)), **(params.get("owner") or {})},
        statement_descriptor=params.get("statement_descriptor"),
        status="pending" if is_redirect or kind == "ach_credit_transfer" else "chargeable",
        type=kind,
        usage=params.get("usage") or ("single_use" if is_redirect else "reusable"),
    )
    source[kind] = dict(_DETAILS.get(kind, {}))
    if is_redirect:
        page = f"{world.url}/sources/{identity}?client_secret={source['client_secret']}"
        source["redirect"] = {"return_url": params["redirect"]["return_url"], "status": "pending", "url": page}
        source["redirect"]["failure_reason"] = None
    if kind == "ach_credit_transfer":
        source["receiver"] = _receiver()
    world.store.add(source)
    if card is not None:
        source["card"] = _card_details(world, card, token)
        payment_methods.from_card(world, card, id=identity)
    if source["status"] == "chargeable":
        world.emit("source.chargeable", source, call)
    if customer is not None:
        holding.add(call, customer, identity)
    return source


def _receiver() -> dict[str, Any]:
    counts = dict.fromkeys(("amount_charged", "amount_received", "amount_returned"), 0)
    return {
        "address": "110000000-test_52796e3294dc",
        **counts,
        "refund_attributes_method": "email",
        "refund_attributes_status": "missing",
    }


def _card(call: Call) -> tuple[Card, Obj | None]:
    identity = call.params.get("token")
    if not identity:
        raise invalid("Missing required param: token.", "token", "parameter_missing")
    token = call.world.store.get("token", identity)
    card = call.world.cards.get(identity) if token is not None else by_name(identity)
    if card is None or not identity.startswith("tok_"):
        raise missing_resource("token", identity[:200], "token", status=400)
    if token is not None:
        if token["used"]:
            raise invalid(f"You cannot use a Stripe token more than once: {identity}.", "token", "token_already_used")
        token["used"] = True
    return card, token


def _card_details(world: World, card: Card, token: Obj | None) -> dict[str, Any]:
    dates = token["card"] if token is not None else {"exp_month": 12, "exp_year": 2034}
    return {
        "address_line1_check": None,
        "address_zip_check": None,
        "brand": card.brand.capitalize(),
        "country": card.country,
        "cvc_check": "pass",
        "dynamic_last4": None,
        "exp_month": dates["exp_month"],
        "exp_year": dates["exp_year"],
        "fingerprint": world.fingerprint(card.number),
        "funding": card.funding,
        "last4": card.last4,
        "name": None,
        "three_d_secure": "optional" if card.challenge == "never" else "required",
        "tokenization_method": None,
    }


def retrieve(call: Call) -> Obj:
    source = call.world.find("source", call.ids[0])
    secret = call.params.get("client_secret")
    if call.caller == "customer" and not secret:
        raise invalid("Missing required param: client_secret.", "client_secret", "parameter_missing")
    if secret is not None and not hmac.compare_digest(str(secret).encode(), source["client_secret"].encode()):
        raise invalid("The client secret provided does not match the source's client secret.", "client_secret")
    return source


def update(call: Call) -> Obj:
    source = call.world.find("source", call.ids[0])
    params = dict(call.params)
    if params.get("owner") is not None:
        params["owner"] = {**source["owner"], **params["owner"]}
    change(source, params, ("amount", "owner"))
    return source


def authorize(world: World, source: Obj, *, succeeds: bool) -> Obj:
    """The customer authorizes or fails a redirect. Raises ApiError 400 where none is open."""
    if source["status"] != "pending" or source["redirect"] is None:
        raise ApiError(f"No redirect is open: the source's status is {source['status']}.")
    source["status"] = "chargeable" if succeeds else "failed"
    source["redirect"]["status"] = "succeeded" if succeeds else "failed"
    source["redirect"]["failure_reason"] = None if succeeds else "declined"
    world.emit("source.chargeable" if succeeds else "source.failed", source)
    return source


ROUTES = (
    Route("POST", "/v1/sources", create, "source_create", is_public=True),
    Route("GET", "/v1/sources/{id}", retrieve, "source_retrieve", is_public=True),
    Route("POST", "/v1/sources/{id}", update, "source_update"),
)
