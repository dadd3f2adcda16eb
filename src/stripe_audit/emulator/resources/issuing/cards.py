"""Cardholders and their cards (docs.stripe.com/api/issuing/cardholders, …/cards)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["CARD", "CARDHOLDER", "ROUTES"]

CARD, CARDHOLDER = "issuing.card", "issuing.cardholder"
VALID_YEARS = 3
_CONTROLS = PARAMS[f"{CARD}_create"]["p"]["spending_controls"]["p"]
_HOLDER_FIELDS = ("email", "phone_number", "preferred_locales", "status")


def create_cardholder(call: Call) -> Obj:
    params, world = call.params, call.world
    kind = params.get("type") or "individual"
    address = params["billing"]["address"]
    holder = blank(
        CARDHOLDER,
        id=world.ids.new("ich"),
        object=CARDHOLDER,
        billing={"address": {"line2": None, "state": None, **address}},
        company={"tax_id_provided": bool(params["company"].get("tax_id"))} if params.get("company") else None,
        created=world.clock.seconds(),
        email=params.get("email"),
        individual=_individual(params.get("individual")),
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        name=params["name"],
        phone_number=params.get("phone_number"),
        preferred_locales=params.get("preferred_locales") or [],
        requirements={"disabled_reason": None, "past_due": []},
        spending_controls=_controls(params.get("spending_controls")),
        status=params.get("status") or "active",
        type=kind,
    )
    world.store.add(holder)
    world.emit("issuing_cardholder.created", holder, call)
    return holder


def retrieve_cardholder(call: Call) -> Obj:
    return call.world.find(CARDHOLDER, call.ids[0])


def cardholders(call: Call) -> Obj:
    return list_of(call, CARDHOLDER, equal_to(call, "email", "phone_number", "status", "type"))


def update_cardholder(call: Call) -> Obj:
    holder = call.world.find(CARDHOLDER, call.ids[0])
    previous = change(holder, call.params, _HOLDER_FIELDS)
    if call.params.get("billing"):
        previous["billing"] = holder["billing"]
        holder["billing"] = {"address": {"line2": None, "state": None, **call.params["billing"]["address"]}}
    if previous:
        call.world.emit("issuing_cardholder.updated", holder, call, previous=previous)
    return holder


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if not params.get("cardholder"):
        raise invalid("Missing required param: cardholder.", "cardholder", "parameter_missing")
    holder = world.find(CARDHOLDER, params["cardholder"], "cardholder")
    if params.get("status") == "active" and holder["status"] != "active":
        raise invalid("The card cannot be active: its cardholder is not.", "status")
    if params["type"] == "physical" and not params.get("shipping"):
        raise invalid("Missing required param: shipping.", "shipping", "parameter_missing")
    card = blank(
        CARD,
        id=world.ids.new("ic"),
        object=CARD,
        brand="Visa",
        cardholder=holder,
        created=world.clock.seconds(),
        currency=params["currency"].lower(),
        exp_month=params.get("exp_month") or 12,
        exp_year=params.get("exp_year") or 2026 + VALID_YEARS,
        last4=f"{len(world.store.by_kind[CARD]) + 1:04d}"[-4:],
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        replacement_for=params.get("replacement_for"),
        replacement_reason=params.get("replacement_reason"),
        second_line=params.get("second_line"),
        shipping=_shipping(params.get("shipping")),
        spending_controls=_controls(params.get("spending_controls")),
        status=params.get("status") or "inactive",
        type=params["type"],
        wallets={"apple_pay": _wallet(), "google_pay": _wallet(), "primary_account_identifier": None},
    )
    world.store.add(card)
    world.emit("issuing_card.created", card, call)
    return card


def retrieve(call: Call) -> Obj:
    return call.world.find(CARD, call.ids[0])


def listed(call: Call) -> Obj:
    same = equal_to(call, "last4", "status", "type")
    holder = call.params.get("cardholder")
    return list_of(call, CARD, lambda card: same(card) and holder in (None, card["cardholder"]["id"]))


def update(call: Call) -> Obj:
    card, status = call.world.find(CARD, call.ids[0]), call.params.get("status")
    if card["status"] == "canceled" and status not in (None, "canceled"):
        raise invalid("This card is canceled, and stays so.", "status")
    previous = change(card, call.params, ("cancellation_reason", "second_line", "status"))
    if call.params.get("spending_controls"):
        previous["spending_controls"] = card["spending_controls"]
        card["spending_controls"] = _controls(call.params["spending_controls"])
    if previous:
        call.world.emit("issuing_card.updated", card, call, previous=previous)
    return card


def _individual(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    nothing: Obj = dict.fromkeys(("card_issuing", "dob", "first_name", "last_name", "verification"))
    return {**nothing, **given}


def _controls(given: dict[str, Any] | None) -> Obj:
    nothing: Obj = {**dict.fromkeys(_CONTROLS), "spending_limits": [], "spending_limits_currency": None}
    return {**nothing, **(given or {})}


def _shipping(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    return {"service": "standard", "status": "pending", "type": "individual", **given}


def _wallet() -> Obj:
    return {"eligible": True, "ineligible_reason": None}


ROUTES = (
    Route("POST", "/v1/issuing/cardholders", create_cardholder, f"{CARDHOLDER}_create", about=CARDHOLDER),
    Route("GET", "/v1/issuing/cardholders", cardholders, f"{CARDHOLDER}_list", about=CARDHOLDER),
    Route("GET", "/v1/issuing/cardholders/{id}", retrieve_cardholder, about=CARDHOLDER),
    Route("POST", "/v1/issuing/cardholders/{id}", update_cardholder, f"{CARDHOLDER}_update", about=CARDHOLDER),
    Route("POST", "/v1/issuing/cards", create, f"{CARD}_create", about=CARD),
    Route("GET", "/v1/issuing/cards", listed, f"{CARD}_list", about=CARD),
    Route("GET", "/v1/issuing/cards/{id}", retrieve, about=CARD),
    Route("POST", "/v1/issuing/cards/{id}", update, f"{CARD}_update", about=CARD),
)
