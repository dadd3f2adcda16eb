"""Application fees: what a platform keeps of a connected account's payments (docs.stripe.com/api/application_fees)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "behind", "collect", "give_back"]

KIND, REFUND = "application_fee", "fee_refund"


def collect(world: World, account: str, charge: Obj, payment: str, amount: int) -> str:
    """The platform gets its fee of a payment that ``account`` received. Returns the fee's id."""
    with world.within(world.keys.account):
        fee = blank(
            KIND,
            id=world.ids.new("fee"),
            object=KIND,
            account=account,
            amount=amount,
            amount_refunded=0,
            application=f"ca_{world.keys.account.removeprefix('acct_')}",
            charge=payment,
            created=world.clock.seconds(),
            currency=charge["currency"],
            fee_source={"charge": payment, "type": "charge"},
            livemode=False,
            originating_transaction=charge["id"] if charge["id"] != payment else None,
            refunded=False,
        )
        fee["refunds"] = _shown(fee, [])
        world.store.add(fee)
        booked = balance.book(world, {**fee, "description": None}, amount, "application_fee", is_available=True)
        fee["balance_transaction"] = booked["id"]
        world.emit("application_fee.created", fee)
    return str(fee["id"])


def behind(world: World, charge: Obj) -> Obj | None:
    """The fee that was taken of a charge."""
    store = world.scopes[world.keys.account].store
    return store.get(KIND, charge["application_fee"] or "")


def give_back(world: World, call: Call | None, fee: Obj, amount: int, metadata: dict[str, Any] | None = None) -> Obj:
    """Return part of a fee, or all of it, to the account."""
    with world.within(world.keys.account):
        refund = blank(
            REFUND,
            id=world.ids.new("fr"),
            object=REFUND,
            amount=amount,
            created=world.clock.seconds(),
            currency=fee["currency"],
            fee=fee["id"],
            metadata=merged({}, metadata or {}),
        )
        world.store.add(refund, owner=fee["id"])
        source = {**refund, "description": None}
        booked = balance.book(world, source, -amount, "application_fee_refund", is_available=True)
        refund["balance_transaction"] = booked["id"]
        if fee["account"] in world.scopes:
            with world.within(fee["account"]):
                balance.book(world, source, amount, "adjustment", is_available=True)
        previous = {name: fee[name] for name in ("amount_refunded", "refunded", "refunds")}
        fee["amount_refunded"] += amount
        fee["refunded"] = fee["amount_refunded"] == fee["amount"]
        fee["refunds"] = _shown(fee, world.store.members(REFUND, fee["id"]))
        changed = {name: value for name, value in previous.items() if fee[name] != value}
        world.emit("application_fee.refunded", fee, call, previous=changed)
    return refund


def _shown(fee: Obj, members: list[Obj]) -> Obj:
    return {
        "object": "list",
        "data": members[::-1][:10],
        "has_more": len(members) > 10,
        "url": f"/v1/application_fees/{fee['id']}/refunds",
    }


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND, equal_to(call, "charge"))


def create_refund(call: Call) -> Obj:
    fee = call.world.find(KIND, call.ids[0])
    left: int = fee["amount"] - fee["amount_refunded"]
    if left == 0:
        raise invalid(f"Application fee {fee['id']} has already been refunded.")
    amount: int = call.params.get("amount", left)
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        raise invalid(f"Refund amount ({amount}) is greater than the unrefunded amount of the fee ({left}).", "amount")
    return give_back(call.world, call, fee, amount, call.params.get("metadata"))


def refunds(call: Call) -> Obj:
    fee = call.world.find(KIND, call.ids[0])
    return list_of(call, REFUND, among=call.world.store.members(REFUND, fee["id"]))


def retrieve_refund(call: Call) -> Obj:
    refund = call.world.find(REFUND, call.ids[1])
    if refund["fee"] != call.ids[0]:
        raise missing_resource("fee refund", refund["id"])
    return refund


def update_refund(call: Call) -> Obj:
    refund = retrieve_refund(call)
    previous = change(refund, call.params, ())
    if previous:
        call.world.emit("application_fee.refund.updated", refund, call, previous=previous)
    return refund


_PATH = "/v1/application_fees"
ROUTES = (
    Route("GET", _PATH, listed, "application_fee_list", about=KIND),
    Route("GET", f"{_PATH}/{{id}}", retrieve, about=KIND),
    Route("POST", f"{_PATH}/{{id}}/refunds", create_refund, "application_fee_create_refund", about=REFUND),
    Route("GET", f"{_PATH}/{{id}}/refunds", refunds, "application_fee_list_refunds", about=REFUND),
    Route("GET", f"{_PATH}/{{id}}/refunds/{{id}}", retrieve_refund, about=REFUND),
    Route("POST", f"{_PATH}/{{id}}/refunds/{{id}}", update_refund, "application_fee_modify_refund", about=REFUND),
)
