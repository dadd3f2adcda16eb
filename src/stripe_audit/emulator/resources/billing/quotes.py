"""Quotes: drafted, finalized, and accepted into a subscription or an invoice (docs.stripe.com/api/quotes)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.resources.billing.lines import described
from stripe_audit.emulator.resources.billing.pricing import price_given
from stripe_audit.emulator.resources.billing.quote_acceptance import bill, subscribe
from stripe_audit.emulator.resources.billing.quote_totals import QuoteLine, fill_in
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.timeline import NEXT_STEPS, Step
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

GOOD_FOR = 30 * DAY
"""docs.stripe.com/api/quotes/create, expires_at."""
_PLAIN = (
    "application_fee_amount",
    "application_fee_percent",
    "collection_method",
    "description",
    "expires_at",
    "footer",
    "header",
    "on_behalf_of",
)


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if params.get("from_quote"):
        raise invalid("The emulator does not copy quotes.", "from_quote")
    customer = customers.living(call, params["customer"], "customer") if params.get("customer") else None
    if params.get("test_clock"):
        world.find("test_helpers.test_clock", params["test_clock"], "test_clock")
    clock = params.get("test_clock") or (customer or {}).get("test_clock")
    now = now_of(world, {"test_clock": clock})
    quote = blank(
        "quote",
        id=world.ids.new("qt"),
        object="quote",
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        collection_method="charge_automatically",
        created=now,
        customer=customer["id"] if customer else None,
        default_tax_rates=[],
        discounts=[],
        expires_at=now + GOOD_FOR,
        invoice_settings={
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        status="draft",
        status_transitions={"accepted_at": None, "canceled_at": None, "finalized_at": None},
        subscription_data={
            "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
            "description": None,
            "effective_date": None,
            "metadata": {},
            "trial_period_days": None,
        },
        test_clock=clock,
    )
    _set(call, quote, customer, now)
    world.store.add(quote)
    world.emit("quote.created", quote, call)
    return quote


def _set(call: Call, quote: Obj, customer: Obj | None, now: int) -> None:
    params, world = call.params, call.world
    if "expires_at" in params and not now < params["expires_at"] <= now + 366 * DAY:
        raise invalid("Invalid timestamp: a quote expires within a year.", "expires_at")
    rates = rates_given(call, params.get("default_tax_rates"), "default_tax_rates")
    lines = _lines(call, quote, customer) if "line_items" in params else _known(call, quote)
    currencies = {item["price"]["currency"] for item, _, _ in lines}
    if len(currencies) > 1:
        raise invalid("All prices on a quote must have the same currency.", "line_items")
    quote["currency"] = currencies.pop() if currencies else None
    if "discounts" in params:
        made = applied(call, params["discounts"], "discounts", customer, quote["currency"])
        quote["discounts"] = [discount["id"] for discount in made]
    change(quote, params, _PLAIN)
    if "default_tax_rates" in params:
        quote["default_tax_rates"] = rates
    for name in ("invoice_settings", "subscription_data"):
        if params.get(name):
            quote[name] = {**quote[name], **params[name]}
    if params.get("automatic_tax"):
        quote["automatic_tax"].update(enabled=params["automatic_tax"]["enabled"])
    fill_in(world, quote, lines, customer["tax_exempt"] if customer else None)
    world.billing.quote_lines[quote["id"]] = lines


def _lines(call: Call, quote: Obj, customer: Obj | None) -> list[QuoteLine]:
    world = call.world
    made = [
        _line(call, given, f"line_items[{index}]", customer) for index, given in enumerate(call.params["line_items"])
    ]
    for item, _, _ in _known(call, quote):
        world.store.remove(item)
    for item, _, _ in made:
        world.store.add(item, owner=quote["id"])
    return made


def _known(call: Call, quote: Obj) -> list[QuoteLine]:
    known: list[QuoteLine] = call.world.billing.quote_lines.get(quote["id"], [])
    return known


def _line(call: Call, given: dict[str, Any], param: str, customer: Obj | None) -> QuoteLine:
    price = price_given(call, given, param)
    if price is None:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    quantity = given.get("quantity", 1)
    if not 0 <= quantity <= 999_999_999:
        raise invalid("Invalid integer: a quantity is not negative", f"{param}[quantity]", "parameter_invalid_integer")
    rates = rates_given(call, given.get("tax_rates"), f"{param}[tax_rates]")
    made = applied(call, given.get("discounts"), f"{param}[discounts]", customer, price["currency"])
    item = blank(
        "item",
        id=call.world.ids.new("li"),
        object="item",
        currency=price["currency"],
        description=described(call.world, price, quantity).partition(" × ")[2].partition(" (at ")[0],
        metadata={},
        price=price,
        quantity=quantity,
    )
    return item, rates, [discount["id"] for discount in made]


def retrieve(call: Call) -> Obj:
    return call.world.find("quote", call.ids[0])


def update(call: Call) -> Obj:
    quote = _in(call, "draft")
    params = call.params
    if params.get("customer"):
        quote["customer"] = customers.living(call, params["customer"], "customer")["id"]
    customer = call.world.store.get("customer", quote["customer"] or "")
    _set(call, quote, customer, now_of(call.world, quote))
    return quote


def finalize(call: Call) -> Obj:
    quote, world = _in(call, "draft"), call.world
    customer = world.store.get("customer", quote["customer"] or "")
    if customer is None:
        raise invalid("A quote needs a customer before it is finalized.", "customer")
    if not _known(call, quote):
        raise invalid("A quote needs at least one line item before it is finalized.", "line_items")
    if call.params.get("expires_at"):
        quote["expires_at"] = call.params["expires_at"]
    number = sum(one["customer"] == customer["id"] and one["number"] is not None for one in _quotes(world)) + 1
    quote.update(number=f"QT-{customer['invoice_prefix']}-{number:04}-1", status="open")
    quote["status_transitions"]["finalized_at"] = now_of(world, quote)
    world.emit("quote.finalized", quote, call)
    return quote


def _quotes(world: World) -> list[Obj]:
    return list(world.store.by_kind["quote"].values())


def accept(call: Call) -> Obj:
    """Recurring lines become a subscription, with the others on its first invoice; others alone a draft."""
    quote, world = _in(call, "open"), call.world
    customer = customers.living(call, quote["customer"])
    lines = _known(call, quote)
    lasting = [line for line in lines if line[0]["price"]["recurring"]]
    single = [line for line in lines if not line[0]["price"]["recurring"]]
    if lasting:
        subscribe(call, quote, customer, lasting, single)
    else:
        bill(call, quote, customer, single)
    quote["status"] = "accepted"
    quote["status_transitions"]["accepted_at"] = now_of(world, quote)
    world.emit("quote.accepted", quote, call)
    return quote


def cancel(call: Call) -> Obj:
    quote = _in(call, "draft", "open")
    _cancel(call.world, call, quote)
    return quote


def _cancel(world: World, call: Call | None, quote: Obj) -> None:
    quote["status"] = "canceled"
    quote["status_transitions"]["canceled_at"] = now_of(world, quote)
    world.emit("quote.canceled", quote, call)


def _in(call: Call, *statuses: str) -> Obj:
    quote = call.world.find("quote", call.ids[0])
    if quote["status"] not in statuses:
        raise invalid(
            f"This quote's status is {quote['status']}; only quotes with one of the following statuses can be "
            f"changed in this way: {', '.join(statuses)}."
        )
    return quote


def listed(call: Call) -> Obj:
    return list_of(call, "quote", equal_to(call, "customer", "status", "test_clock"))


def line_items(call: Call) -> Obj:
    quote = call.world.find("quote", call.ids[0])
    return list_of(call, "item", among=[item for item, _, _ in reversed(_known(call, quote))])


def steps(world: World, quote: Obj) -> list[Step]:
    """An open quote, or a draft, ends when it expires."""
    if quote["status"] not in ("draft", "open"):
        return []
    return [Step(quote["expires_at"], lambda: _cancel(world, None, quote))]


NEXT_STEPS["quote"] = steps

_PATH = "/v1/quotes"
ROUTES = (
    Route("POST", _PATH, create, "quote_create"),
    Route("GET", _PATH, listed, "quote_list"),
    Route("GET", f"{_PATH}/{{id}}", retrieve),
    Route("POST", f"{_PATH}/{{id}}", update, "quote_update"),
    Route("POST", f"{_PATH}/{{id}}/finalize", finalize, "quote_finalize_quote", about="quote"),
    Route("POST", f"{_PATH}/{{id}}/accept", accept, "quote_accept", about="quote"),
    Route("POST", f"{_PATH}/{{id}}/cancel", cancel, "quote_cancel"),
    Route("GET", f"{_PATH}/{{id}}/line_items", line_items, "quote_list_line_items", about="item"),
    Route("GET", f"{_PATH}/{{id}}/computed_upfront_line_items", line_items, "quote_list_line_items", about="item"),
)
