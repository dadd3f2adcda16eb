"""Tokens of cards and bank accounts, from the customer's browser (docs.stripe.com/api/tokens)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.cards import Card
from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.payment_methods import expiry_of, numbered
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "card_of"]


_BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
"""How card objects write what payment methods write in lower case."""


def create(call: Call) -> Obj:
    world, params = call.world, call.params
    given = params.get("card")
    account: dict[str, Any] = params.get("bank_account") or {}
    if given is None and not account:
        raise ApiError(
            "The emulator makes tokens of cards and bank accounts: pass `card` or `bank_account`.",
            param="card",
            code="parameter_missing",
        )
    kind = "card" if given is not None else "bank_account"
    shown = _card(call, given) if given is not None else _bank_account(call, account)
    token = blank(
        "token",
        id=world.ids.new("tok" if kind == "card" else "btok"),
        object="token",
        created=world.clock.seconds(),
        livemode=False,
        type=kind,
        used=False,
    )
    token[kind] = shown
    if given is not None:
        world.cards[token["id"]] = numbered(call, given, "card")
    return world.store.add(token)


def card_of(world: World, card: Card, expiry: dict[str, int], **values: Any) -> Obj:
    """A card object for a test card."""
    made = blank(
        "card",
        id=world.ids.new("card"),
        object="card",
        brand=_BRANDS.get(card.brand, card.brand),
        country=card.country,
        **expiry,
        fingerprint=world.fingerprint(card.number),
        funding=card.funding,
        last4=card.last4,
        metadata={},
        regulated_status="unregulated",
    )
    made.update(values)
    return made


def _card(call: Call, given: Any) -> Obj:
    if not isinstance(given, dict):
        raise invalid("Invalid object", "card")
    card = numbered(call, given, "card")
    return card_of(call.world, card, expiry_of(given))


def _bank_account(call: Call, given: dict[str, Any]) -> Obj:
    number = str(given["account_number"])
    if not (number.isascii() and number.isalnum() and 4 <= len(number) <= 34):
        raise invalid("The account number is invalid.", "bank_account[account_number]", "account_number_invalid")
    return blank(
        "bank_account",
        id=call.world.ids.new("ba"),
        object="bank_account",
        account_holder_name=given.get("account_holder_name"),
        account_holder_type=given.get("account_holder_type"),
        account_type=given.get("account_type"),
        bank_name="STRIPE TEST BANK",
        country=str(given["country"]).upper(),
        currency=currency_of(given) if given.get("currency") else "usd",
        fingerprint=call.world.fingerprint(f"{given.get('routing_number')} {number}"),
        last4=number[-4:],
        metadata={},
        routing_number=given.get("routing_number"),
        status="new",
    )


def retrieve(call: Call) -> Obj:
    return call.world.find("token", call.ids[0])


ROUTES = (
    Route("POST", "/v1/tokens", create, "token_create", is_public=True),
    Route("GET", "/v1/tokens/{id}", retrieve),
)
