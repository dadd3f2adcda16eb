"""Payment links: an address that makes a Checkout Session for whoever opens it (docs.stripe.com/api/payment-link)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.amounts import check_amount, currency_of
from stripe_audit.emulator.resources.challenge import check_return_url
from stripe_audit.emulator.resources.checkout import items, sessions
from stripe_audit.emulator.resources.checkout.display import custom_fields, custom_text, invoice_creation, switched
from stripe_audit.emulator.resources.checkout.session_fields import automatic_tax
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "open_session"]

_PLAIN = (
    "allow_promotion_codes",
    "application_fee_amount",
    "application_fee_percent",
    "billing_address_collection",
    "consent_collection",
    "customer_creation",
    "inactive_message",
    "name_collection",
    "on_behalf_of",
    "optional_items",
    "payment_method_collection",
    "payment_method_options",
    "payment_method_types",
    "shipping_address_collection",
    "submit_type",
    "transfer_data",
)
_CHANGED = ("active", *_PLAIN)
_TO_SESSION = (
    "allow_promotion_codes",
    "billing_address_collection",
    "consent_collection",
    "name_collection",
    "payment_method_collection",
    "payment_method_types",
    "shipping_address_collection",
    "submit_type",
)
_INTENT = (
    "capture_method",
    "description",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def create(call: Call) -> Obj:
    world, params = call.world, call.params
    _check_completion(params)
    lines = items.made(call, params["line_items"])
    if not lines:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    currency = lines[0]["currency"]
    if params.get("currency") and currency_of(params) != currency:
        raise invalid(f"The prices are in {currency}, not in {params['currency']}.", "currency")
    is_recurring = any(item["price"]["type"] == "recurring" for item in lines)
    mode = "subscription" if is_recurring else "payment"
    for name, wanted in (("payment_intent_data", "payment"), ("subscription_data", "subscription")):
        if params.get(name) and mode != wanted:
            raise invalid(f"You can not pass `{name}` with {'recurring' if is_recurring else 'one-time'} prices.", name)
    total = items.totals(lines)["total"]
    if total:
        check_amount(total, currency, "line_items")
    identity = world.ids.new("plink")
    link = blank(
        "payment_link",
        id=identity,
        object="payment_link",
        active=True,
        after_completion=_after_completion(params.get("after_completion")),
        allow_promotion_codes=False,
        automatic_tax=automatic_tax(params.get("automatic_tax")),
        billing_address_collection="auto",
        currency=currency,
        custom_fields=custom_fields(params.get("custom_fields"), has_values=False),
        custom_text=custom_text(params.get("custom_text")),
        customer_creation="always" if is_recurring else "if_required",
        invoice_creation=None if is_recurring else invoice_creation(params.get("invoice_creation")),
        livemode=False,
        managed_payments=switched(params.get("managed_payments")),
        metadata=merged({}, params.get("metadata") or {}),
        payment_intent_data=_intent_data(params.get("payment_intent_data")),
        payment_method_collection="always",
        phone_number_collection=switched(params.get("phone_number_collection")),
        restrictions=_restrictions(params.get("restrictions"), 0),
        shipping_options=[],
        submit_type="auto",
        subscription_data=_subscription_data(params.get("subscription_data")) if is_recurring else None,
        tax_id_collection={"required": "never", **(params.get("tax_id_collection") or {"enabled": False})},
        url=f"{world.url}/b/{identity}",
    )
    for name in _PLAIN:
        if params.get(name) is not None:
            link[name] = params[name]
    world.store.add(link)
    for item in lines:
        world.store.add(item, owner=link["id"])
    world.emit("payment_link.created", link, call)
    return link


def retrieve(call: Call) -> Obj:
    return call.world.find("payment_link", call.ids[0])


def update(call: Call) -> Obj:
    link = retrieve(call)
    params = dict(call.params)
    _check_completion(params)
    _change_items(call, link, params.pop("line_items", None))
    made: dict[str, Any] = {}
    if "after_completion" in params:
        made["after_completion"] = _after_completion(params["after_completion"])
    if "automatic_tax" in params:
        made["automatic_tax"] = automatic_tax(params["automatic_tax"])
    if "custom_fields" in params:
        made["custom_fields"] = custom_fields(params["custom_fields"], has_values=False)
    if "custom_text" in params:
        made["custom_text"] = custom_text({**link["custom_text"], **(params["custom_text"] or {})})
    if "phone_number_collection" in params:
        made["phone_number_collection"] = switched(params["phone_number_collection"])
    if "restrictions" in params:
        count = ((link["restrictions"] or {}).get("completed_sessions") or {}).get("count", 0)
        made["restrictions"] = _restrictions(params["restrictions"], count)
    if "payment_intent_data" in params and link["payment_intent_data"] is not None:
        made["payment_intent_data"] = {**link["payment_intent_data"], **(params["payment_intent_data"] or {})}
    previous = change(link, {**params, **made}, (*_CHANGED, *made))
    if previous:
        call.world.emit("payment_link.updated", link, call, previous=previous)
    return link


def _change_items(call: Call, link: Obj, given: list[dict[str, Any]] | None) -> None:
    known = {item["id"]: item for item in sessions.line_items_of(call, link)}
    for index, one in enumerate(given or []):
        item = known.get(one["id"])
        if item is None:
            raise invalid(f"No such line item: '{one['id']}'", f"line_items[{index}][id]", "resource_missing")
        if one.get("quantity") is not None:
            changed = items.made(call, [{"price": item["price"]["id"], "quantity": one["quantity"]}])[0]
            item.update({name: value for name, value in changed.items() if name != "id"})


def listed(call: Call) -> Obj:
    return list_of(call, "payment_link", equal_to(call, "active"))


def line_items(call: Call) -> Obj:
    link = call.world.find("payment_link", call.ids[0])
    return list_of(call, "item", among=sessions.line_items_of(call, link)[::-1])


def open_session(call: Call, link: Obj) -> Obj:
    """What opening the link does: a new Checkout Session. Raises ApiError 400 for a link that is not active."""
    if not link["active"]:
        raise ApiError(link["inactive_message"] or "This payment link is no longer active.")
    lines = [{**snapshot(item), "id": call.world.ids.new("li")} for item in sessions.line_items_of(call, link)]
    is_recurring = any(item["price"]["type"] == "recurring" for item in lines)
    redirect = link["after_completion"]["redirect"]
    params: dict[str, Any] = {
        "mode": "subscription" if is_recurring else "payment",
        "success_url": redirect["url"] if redirect else None,
        "metadata": dict(link["metadata"]),
        "custom_fields": link["custom_fields"],
        "custom_text": link["custom_text"],
        "customer_creation": link["customer_creation"],
        "invoice_creation": link["invoice_creation"],
        "payment_intent_data": link["payment_intent_data"],
        "phone_number_collection": link["phone_number_collection"],
        "subscription_data": link["subscription_data"],
        **{name: link[name] for name in _TO_SESSION if link[name] is not None},
    }
    return sessions.begin(replace(call, params=params), link, lines)


def _check_completion(params: dict[str, Any]) -> None:
    given = params.get("after_completion")
    if not given:
        return
    redirect = given.get("redirect")
    if (given["type"] == "redirect") != bool(redirect):
        raise invalid(
            "`after_completion[redirect]` goes with `after_completion[type]=redirect`, which demands it.",
            "after_completion[redirect]",
        )
    if redirect:
        check_return_url({"return_url": redirect["url"].replace("{CHECKOUT_SESSION_ID}", "id")})


def _after_completion(given: dict[str, Any] | None) -> dict[str, Any]:
    if given and given["type"] == "redirect":
        return {"hosted_confirmation": None, "redirect": given["redirect"], "type": "redirect"}
    message = ((given or {}).get("hosted_confirmation") or {}).get("custom_message")
    return {"hosted_confirmation": {"custom_message": message}, "redirect": None, "type": "hosted_confirmation"}


def _restrictions(given: dict[str, Any] | None, count: int) -> dict[str, Any] | None:
    if not given:
        return None
    return {"completed_sessions": {"count": count, "limit": given["completed_sessions"]["limit"]}}


def _intent_data(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    return {**dict.fromkeys(_INTENT), "metadata": {}, **given}


def _subscription_data(given: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "description": None,
        "invoice_settings": {"issuer": {"type": "self"}},
        "metadata": {},
        "trial_period_days": None,
        "trial_settings": None,
        **(given or {}),
    }


ROUTES = (
    Route("POST", "/v1/payment_links", create, "payment_link_create"),
    Route("GET", "/v1/payment_links", listed, "payment_link_list"),
    Route("GET", "/v1/payment_links/{id}", retrieve),
    Route("POST", "/v1/payment_links/{id}", update, "payment_link_update"),
    Route("GET", "/v1/payment_links/{id}/line_items", line_items, "payment_link_list_line_items", about="item"),
)
