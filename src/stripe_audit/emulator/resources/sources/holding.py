"""Cards, bank accounts and sources that a customer holds.

A card that a customer holds is a payment method of the same id as well
(docs.stripe.com/payments/payment-methods/transitioning#compatibility).
"""

from __future__ import annotations

from stripe_audit.emulator.cards import by_name
from stripe_audit.emulator.errors import ApiError, card_error, invalid, missing_resource
from stripe_audit.emulator.resources import payment_methods, tokens
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["KINDS", "add", "drop", "held_by", "make_default"]

KINDS = ("card", "bank_account", "source")


def held_by(world: World, customer: Obj) -> list[Obj]:
    """What the customer holds, newest first."""
    held = [one for kind in KINDS for one in world.store.by_kind[kind].values() if one["customer"] == customer["id"]]
    return held[::-1]


def add(call: Call, customer: Obj, identity: str, metadata: dict[str, str] | None = None) -> Obj:
    """Give the customer what a token or a source stands for; the first one is the default.

    Raises ApiError: 402 for cards that cannot be attached, 400 for unknown and used tokens.
    """
    world = call.world
    source = world.store.get("source", identity)
    held = _attach_source(world, customer, source) if source is not None else _from_token(call, customer, identity)
    held["metadata"] = dict(metadata or {}) or held["metadata"]
    world.emit("customer.source.created", held, call)
    if customer["default_source"] is None:
        make_default(call, customer, held["id"])
    return held


def make_default(call: Call, customer: Obj, identity: str | None) -> None:
    """Charge this one by default."""
    before = customer["default_source"]
    if before != identity:
        customer["default_source"] = identity
        call.world.emit("customer.updated", customer, call, previous={"default_source": before})


def drop(call: Call, customer: Obj, held: Obj) -> None:
    """Take it away; another one, if there is one, becomes the default."""
    world = call.world
    if held["object"] == "source":
        held.update(customer=None, status="consumed")
    else:
        world.store.by_kind[held["object"]].pop(held["id"], None)
    method = world.store.get("payment_method", held["id"])
    if method is not None:
        method["customer"] = None
        world.spent.add(method["id"])
    world.emit("customer.source.deleted", held, call)
    if customer["default_source"] == held["id"]:
        left = held_by(world, customer)
        make_default(call, customer, left[0]["id"] if left else None)


def _attach_source(world: World, customer: Obj, source: Obj) -> Obj:
    if source["status"] != "chargeable" or source["usage"] == "single_use" or source["customer"] is not None:
        raise invalid(
            "The source you provided is not in a chargeable state, cannot be used again, or belongs to a customer.",
            "source",
        )
    source["customer"] = customer["id"]
    method = world.store.get("payment_method", source["id"])
    if method is not None:
        method["customer"] = customer["id"]
    return source


def _from_token(call: Call, customer: Obj, identity: str) -> Obj:
    world = call.world
    token = world.store.get("token", identity)
    card = by_name(identity) if identity.startswith("tok_") else world.cards.get(identity)
    if token is not None and token["used"]:
        raise invalid(f"You cannot use a Stripe token more than once: {identity}.", "source", "token_already_used")
    if token is not None and token["bank_account"] is not None:
        token["used"] = True
        return _bank_account(world, customer, snapshot(token["bank_account"]))
    if card is None:
        card = world.cards.get(identity) if token is not None else None
    if card is None:
        raise missing_resource("token", identity[:200], "source", status=400)
    if not card.is_attachable and card.decline is not None:
        decline = card.decline
        raise card_error(decline.message, code=decline.code, decline_code=decline.decline_code)
    if token is not None:
        token["used"] = True
    expiry = token["card"] if token is not None else {"exp_month": 12, "exp_year": 2034}
    dates = {name: expiry[name] for name in ("exp_month", "exp_year")}
    held = tokens.card_of(world, card, dates, customer=customer["id"], cvc_check="pass", allow_redisplay="unspecified")
    world.store.add(held, owner=customer["id"])
    method = payment_methods.from_card(world, card, id=held["id"], customer=customer["id"])
    method["card"] = {**method["card"], **dates}
    return held


def _bank_account(world: World, customer: Obj, account: Obj) -> Obj:
    twins = (one for one in held_by(world, customer) if one.get("fingerprint") == account["fingerprint"])
    if next(twins, None) is not None:
        raise ApiError("A bank account with that routing number and account number already exists for this customer.")
    account.update(customer=customer["id"])
    return world.store.add(account, owner=customer["id"])
