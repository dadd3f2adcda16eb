"""Checkout Sessions: their parameters and routes (docs.stripe.com/api/checkout/sessions)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers, setup_intents
from stripe_audit.emulator.resources.amounts import check_amount, currency_of
from stripe_audit.emulator.resources.checkout import completion, items, shipping
from stripe_audit.emulator.resources.checkout.session_checks import check, expiry_given, ui_mode_given
from stripe_audit.emulator.resources.checkout.session_fields import new_session, set_totals
from stripe_audit.emulator.resources.local_methods.choice import check_types, types_given
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "begin", "line_items_of"]

_KIND = "checkout.session"


def create(call: Call) -> Obj:
    return begin(call)


def begin(call: Call, link: Obj | None = None, known: list[Obj] | None = None) -> Obj:
    """A new open session of a call's parameters; ``known`` line items are those of a payment link.

    Raises ApiError 400 for what cannot be; then nothing has been made, apart from prices described in the call.
    """
    world, params = call.world, call.params
    ui_mode = ui_mode_given(params)
    if known is None:
        check(call, ui_mode)
    expires_at = expiry_given(call)
    customer = customers.living(call, params["customer"], "customer") if params.get("customer") else None
    customers.check_email(params.get("customer_email"), "customer_email")
    lines = items.made(call, params.get("line_items") or []) if known is None else known
    mode = params["mode"]
    if mode != "setup":
        items.check_mode(lines, mode)
    currency = lines[0]["currency"] if lines else currency_of(params) if params.get("currency") else None
    if params.get("currency") and currency_of(params) != currency:
        raise invalid(f"The prices are in {currency}, not in {params['currency']}.", "currency")
    check_types(params, currency)
    discount = items.discount_given(call, params.get("discounts"), currency)
    chosen = shipping.given(call, params.get("shipping_options"), currency)
    session = new_session(call, ui_mode, expires_at, currency, customer)
    data = params.get("subscription_data") or {}
    if data.get("trial_period_days") or data.get("trial_end"):
        items.begin_free(lines)
    items.take_off(lines, discount)
    if lines:
        set_totals(session, items.totals(lines, shipping.amount(chosen)))
        if session["amount_total"]:
            check_amount(session["amount_total"], session["currency"], "line_items")
    if discount is not None:
        session["discounts"] = [discount.shown()]
    shipping.show(session, chosen)
    if link is not None:
        session["payment_link"] = link["id"]
    types = types_given(params)
    world.checkout.wishes[session["id"]] = {
        "types": types[1] if types else None,
        **{name: params.get(name) or {} for name in ("payment_intent_data", "setup_intent_data", "subscription_data")},
    }
    if mode == "setup":
        _set_up(call, session)
    world.store.add(session)
    for item in lines:
        world.store.add(item, owner=session["id"])
    world.clock.later(expires_at - world.clock.now(), completion.lapse, world, session)
    return session


def _set_up(call: Call, session: Obj) -> None:
    data = call.world.checkout.wishes[session["id"]]["setup_intent_data"]
    is_listed = bool(call.params.get("payment_method_types"))
    params: dict[str, Any] = {
        "customer": session["customer"],
        "description": data.get("description"),
        "metadata": data.get("metadata") or {},
        **({"payment_method_types": session["payment_method_types"]} if is_listed else {}),
    }
    intent = setup_intents.create(replace(call, params=params))
    session["setup_intent"] = intent["id"]
    call.world.checkout.session_of[intent["id"]] = session["id"]


def retrieve(call: Call) -> Obj:
    return call.world.find(_KIND, call.ids[0])


def update(call: Call) -> Obj:
    session = call.world.find(_KIND, call.ids[0])
    params = dict(call.params)
    if session["status"] == "expired":
        raise ApiError("You cannot update an expired Checkout Session.")
    if params.get("line_items") is not None:
        if session["status"] != "open" or session["ui_mode"] == "hosted_page":
            raise invalid("Only open sessions with `ui_mode=elements` can change their line items.", "line_items")
        _replace_items(call, session, params["line_items"])
    collected = (params.get("collected_information") or {}).get("shipping_details")
    if collected:
        session["collected_information"] = {**session["collected_information"], "shipping_details": collected}
    wishes = call.world.checkout.wishes.get(session["id"], {})
    if params.get("payment_intent_data"):
        wishes["payment_intent_data"] = {**wishes["payment_intent_data"], **params["payment_intent_data"]}
    change(session, params, ())
    return session


def _replace_items(call: Call, session: Obj, given: list[dict[str, Any]]) -> None:
    store = call.world.store
    known = {item["id"]: item for item in line_items_of(call, session)}
    merged_items = [_merged(known, one, f"line_items[{index}]") for index, one in enumerate(given)]
    lines = items.made(call, merged_items)
    items.check_mode(lines, session["mode"])
    for item in known.values():
        store.remove(item)
    for item in lines:
        store.add(item, owner=session["id"])
    set_totals(session, items.totals(lines, (session["shipping_cost"] or {}).get("amount_total", 0)))


def _merged(known: dict[str, Obj], one: dict[str, Any], param: str) -> dict[str, Any]:
    if not one.get("id"):
        return one
    item = known.get(one["id"])
    if item is None:
        raise invalid(f"No such line item: '{one['id']}'", f"{param}[id]", "resource_missing")
    described = one.get("price") or one.get("price_data")
    return {
        **({} if described else {"price": item["price"]["id"]}),
        "quantity": item["quantity"],
        **{name: value for name, value in one.items() if name != "id"},
    }


def expire(call: Call) -> Obj:
    session = call.world.find(_KIND, call.ids[0])
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    return completion.expire(call.world, session, call)


def listed(call: Call) -> Obj:
    email = (call.params.get("customer_details") or {}).get("email")
    matches = equal_to(call, "customer", "payment_intent", "payment_link", "status", "subscription")
    return list_of(
        call,
        _KIND,
        lambda one: matches(one) and email in (None, (one["customer_details"] or {}).get("email")),
    )


def line_items(call: Call) -> Obj:
    session = call.world.find(_KIND, call.ids[0])
    return list_of(call, "item", among=line_items_of(call, session)[::-1])


def line_items_of(call: Call, owner: Obj) -> list[Obj]:
    """The items of a session or a link, in their order."""
    store = call.world.store
    return [item for item in store.members("item", owner["id"]) if item["id"] in store.by_id]


ROUTES = (
    Route("POST", "/v1/checkout/sessions", create, "checkout.session_create", about=_KIND),
    Route("GET", "/v1/checkout/sessions", listed, "checkout.session_list", about=_KIND),
    Route("GET", "/v1/checkout/sessions/{id}", retrieve, about=_KIND),
    Route("POST", "/v1/checkout/sessions/{id}", update, "checkout.session_update", about=_KIND),
    Route("POST", "/v1/checkout/sessions/{id}/expire", expire, "checkout.session_expire", about=_KIND),
    Route("GET", "/v1/checkout/sessions/{id}/line_items", line_items, "checkout.session_list_line_items", about="item"),
)
