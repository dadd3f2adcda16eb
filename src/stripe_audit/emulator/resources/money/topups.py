"""Top-ups: money from the bank into the balance (docs.stripe.com/api/topups, docs.stripe.com/connect/top-ups)."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money.bank_accounts import FAILURES, token_number
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

ARRIVAL_SECONDS = 5 * 24 * 3600
"""docs.stripe.com/connect/top-ups: funds are available after five business days."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    source = params.get("source") or "btok_us_verified"
    number = token_number(source)
    if number is None:
        raise invalid(f"No such source: '{source[:100]}'", "source", "resource_missing")
    now = world.clock.seconds()
    topup = blank(
        "topup",
        id=world.ids.new("tu"),
        object="topup",
        amount=params["amount"],
        created=now,
        currency=currency_of(params),
        description=params.get("description"),
        expected_availability_date=now + ARRIVAL_SECONDS,
        initiated_by="user",
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        source=_source(world, number),
        statement_descriptor=params.get("statement_descriptor"),
        status="pending",
        transfer_group=params.get("transfer_group"),
    )
    world.store.add(topup)
    world.emit("topup.created", topup, call)
    world.clock.later(ARRIVAL_SECONDS, _arrive, world, topup, number)
    return topup


def retrieve(call: Call) -> Obj:
    return call.world.find("topup", call.ids[0])


def listed(call: Call) -> Obj:
    amount = call.params.get("amount")
    if isinstance(amount, int):
        return list_of(call, "topup", equal_to(call, "amount", "status"))
    bounds = amount or {}
    least = max(bounds.get("gte", 0), bounds.get("gt", -1) + 1)
    most = min(bounds.get("lte", 10**15), bounds.get("lt", 10**15) - 1)
    same = equal_to(call, "status")
    return list_of(call, "topup", lambda topup: same(topup) and least <= topup["amount"] <= most)


def update(call: Call) -> Obj:
    topup = call.world.find("topup", call.ids[0])
    change(topup, call.params, ("description",))
    return topup


def cancel(call: Call) -> Obj:
    topup = call.world.find("topup", call.ids[0])
    if topup["status"] != "pending":
        raise invalid(f"Only pending top-ups can be canceled; {topup['id']} has a status of {topup['status']}.")
    topup["status"] = "canceled"
    call.world.emit("topup.canceled", topup, call, previous={"status": "pending"})
    return topup


def _source(world: World, number: str) -> Obj:
    identity = world.ids.new("src")
    return blank(
        "source",
        id=identity,
        object="source",
        ach_debit={
            "bank_name": "STRIPE TEST BANK",
            "country": "US",
            "fingerprint": world.fingerprint(number),
            "last4": number[-4:],
            "routing_number": "110000000",
            "type": "individual",
        },
        client_secret=world.ids.client_secret(identity),
        created=world.clock.seconds(),
        currency="usd",
        flow="code_verification",
        livemode=False,
        metadata={},
        status="chargeable",
        type="ach_debit",
        usage="reusable",
    )


def _arrive(world: World, topup: Obj, number: str) -> None:
    if topup["status"] != "pending":
        return
    failure = FAILURES.get(number[-4:])
    if failure is not None:
        topup.update(status="failed", failure_code=failure[0], failure_message=failure[1])
        previous = {"failure_code": None, "failure_message": None, "status": "pending"}
        world.emit("topup.failed", topup, previous=previous)
        return
    topup["status"] = "succeeded"
    topup["balance_transaction"] = balance.book(world, topup, topup["amount"], "topup")["id"]
    world.emit("topup.succeeded", topup, previous={"balance_transaction": None, "status": "pending"})


ROUTES = (
    Route("POST", "/v1/topups", create, "topup_create"),
    Route("GET", "/v1/topups", listed, "topup_list"),
    Route("GET", "/v1/topups/{id}", retrieve),
    Route("POST", "/v1/topups/{id}", update, "topup_update"),
    Route("POST", "/v1/topups/{id}/cancel", cancel, "topup_cancel"),
)
