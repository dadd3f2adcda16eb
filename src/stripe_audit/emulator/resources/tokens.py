"""Card tokens, from the customer's browser (docs.stripe.com/api/tokens)."""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.payment_methods import expiry_of, numbered
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def create(call: Call) -> Obj:
    given = call.params.get("card")
    if given is None:
        raise ApiError("The emulator makes card tokens only: pass `card`.", param="card", code="parameter_missing")
    if not isinstance(given, dict):
        raise invalid("Invalid object", "card")
    card = numbered(call, given, "card")
    world = call.world
    token = blank(
        "token",
        id=world.ids.new("tok"),
        object="token",
        card=blank(
            "card",
            id=world.ids.new("card"),
            object="card",
            brand={"visa": "Visa", "mastercard": "MasterCard", "amex": "American Express"}.get(card.brand, card.brand),
            country=card.country,
            **expiry_of(given),
            fingerprint=world.fingerprint(card.number),
            funding=card.funding,
            last4=card.last4,
            metadata={},
        ),
        created=world.clock.seconds(),
        livemode=False,
        type="card",
        used=False,
    )
    world.cards[token["id"]] = card
    return world.store.add(token)


def retrieve(call: Call) -> Obj:
    return call.world.find("token", call.ids[0])


ROUTES = (
    Route("POST", "/v1/tokens", create, "token_create", is_public=True),
    Route("GET", "/v1/tokens/{id}", retrieve),
)
