"""Payouts: from the balance to the bank, and back where the bank refuses (docs.stripe.com/api/payouts)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money.bank_accounts import default_of, failure_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

ARRIVAL_SECONDS = {"standard": 2 * 24 * 3600, "instant": 30 * 60}
"""docs.stripe.com/payouts: two business days; docs.stripe.com/payouts/instant-payouts: typically within 30 minutes."""
ON_ITS_WAY_SECONDS = 600
"""How long a payout can still be cancelled before it is given to the bank."""
_WHOLE = {"huf", "twd"}
"""Charged in hundredths, and paid out in whole units only (docs.stripe.com/currencies#special-cases)."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    currency, amount = currency_of(params), params["amount"]
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if currency in _WHOLE and amount % 100:
        raise invalid(f"Payouts in {currency.upper()} must be whole: a multiple of 100.", "amount")
    destination = params.get("destination") or default_of(world, currency)["id"]
    failure_of(world, destination)
    if amount > world.funds.available[currency]:
        raise ApiError(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You "
            "can use the /v1/balance endpoint to view your Stripe balance (for more details, see "
            "stripe.com/docs/api#balance).",
            code="balance_insufficient",
        )
    payout = _new(
        world,
        amount,
        currency,
        destination,
        params.get("method", "standard"),
        description=params.get("description"),
        metadata=merged({}, params.get("metadata") or {}),
        payout_method=params.get("payout_method"),
        source_type=params.get("source_type", "card"),
        statement_descriptor=params.get("statement_descriptor"),
    )
    _start(world, call, payout)
    return payout


def retrieve(call: Call) -> Obj:
    return call.world.find("payout", call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, "payout", equal_to(call, "destination", "status"))


def update(call: Call) -> Obj:
    payout = call.world.find("payout", call.ids[0])
    previous = change(payout, call.params, ())
    if previous:
        call.world.emit("payout.updated", payout, call, previous=previous)
    return payout


def cancel(call: Call) -> Obj:
    payout, world = call.world.find("payout", call.ids[0]), call.world
    if payout["status"] != "pending":
        raise invalid(f"Payouts can only be canceled while pending; {payout['id']} has a status of {payout['status']}.")
    payout["status"] = "canceled"
    payout["failure_balance_transaction"] = balance.book(world, payout, payout["amount"], "payout_cancel")["id"]
    previous = {"failure_balance_transaction": None, "status": "pending"}
    world.emit("payout.canceled", payout, call, previous=previous)
    world.emit("payout.updated", payout, call, previous=previous)
    return payout


def reverse(call: Call) -> Obj:
    """A payout of the negative amount, which takes the money back from the bank."""
    payout, world = call.world.find("payout", call.ids[0]), call.world
    if payout["status"] not in ("paid", "in_transit") or payout["reversed_by"] or payout["original_payout"]:
        state = "was already reversed" if payout["reversed_by"] else f"has a status of {payout['status']}"
        raise invalid(f"Payout {payout['id']} cannot be reversed: it {state}.")
    reversal = _new(
        world,
        -payout["amount"],
        payout["currency"],
        payout["destination"],
        payout["method"],
        metadata=merged({}, call.params.get("metadata") or {}),
        original_payout=payout["id"],
        source_type=payout["source_type"],
    )
    payout["reversed_by"] = reversal["id"]
    _start(world, call, reversal)
    world.emit("payout.updated", payout, call, previous={"reversed_by": None})
    return reversal


def _new(world: World, amount: int, currency: str, destination: str, method: str, **values: Any) -> Obj:
    now = world.clock.seconds()
    payout = blank(
        "payout",
        id=world.ids.new("po"),
        object="payout",
        amount=amount,
        arrival_date=now + ARRIVAL_SECONDS[method],
        automatic=False,
        created=now,
        currency=currency,
        destination=destination,
        livemode=False,
        method=method,
        reconciliation_status="not_applicable",
        source_type="card",
        status="pending",
        trace_id={"status": "pending", "value": None},
        type=world.store.by_id[destination]["object"],
    )
    payout.update(values)
    return world.store.add(payout)


def _start(world: World, call: Call, payout: Obj) -> None:
    payout["balance_transaction"] = balance.book(world, payout, -payout["amount"], "payout")["id"]
    world.emit("payout.created", payout, call)
    world.clock.later(min(ON_ITS_WAY_SECONDS, ARRIVAL_SECONDS[payout["method"]]), _send, world, payout)
    world.clock.later(payout["arrival_date"] - world.clock.now(), _arrive, world, payout)


def _send(world: World, payout: Obj) -> None:
    if payout["status"] == "pending":
        payout["status"] = "in_transit"
        world.emit("payout.updated", payout, previous={"status": "pending"})


def _arrive(world: World, payout: Obj) -> None:
    if payout["status"] not in ("pending", "in_transit"):
        return
    before = payout["status"]
    failure = failure_of(world, payout["destination"]) if payout["destination"] in world.store.by_id else None
    if failure is None:
        payout.update(status="paid", trace_id={"status": "supported", "value": world.ids.text(15).upper()})
        world.emit("payout.paid", payout, previous={"status": before})
        return
    payout.update(status="failed", failure_code=failure[0], failure_message=failure[1])
    payout["failure_balance_transaction"] = balance.book(world, payout, payout["amount"], "payout_failure")["id"]
    previous = {
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "status": before,
    }
    world.emit("payout.failed", payout, previous=previous)
    world.emit("payout.updated", payout, previous=previous)


ROUTES = (
    Route("POST", "/v1/payouts", create, "payout_create"),
    Route("GET", "/v1/payouts", listed, "payout_list"),
    Route("GET", "/v1/payouts/{id}", retrieve),
    Route("POST", "/v1/payouts/{id}", update, "payout_update"),
    Route("POST", "/v1/payouts/{id}/cancel", cancel, "payout_cancel"),
    Route("POST", "/v1/payouts/{id}/reverse", reverse, "payout_reverse", about="payout"),
)
