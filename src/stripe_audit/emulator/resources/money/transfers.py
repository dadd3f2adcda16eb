"""Transfers to connected accounts, and back (docs.stripe.com/api/transfers, …/transfer_reversals)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.connect.standing import accounts_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.shared import shared
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "destination_given", "make", "take_back"]

_NOWHERE = shared(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")))


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    currency = currency_of(params)
    destination = destination_given(world, params["destination"], "destination")
    charge = (
        world.find("charge", params["source_transaction"], "source_transaction")
        if params.get("source_transaction")
        else None
    )
    amount = params.get("amount", charge["amount"] if charge else None)
    if amount is None:
        raise invalid("Missing required param: amount.", "amount", "parameter_missing")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    _check_funds(world, charge, amount, currency)
    return make(
        world,
        destination["id"],
        amount,
        charge,
        call,
        currency=currency,
        description=params.get("description"),
        metadata=merged({}, params.get("metadata") or {}),
        source_type=params.get("source_type", "card"),
        transfer_group=params.get("transfer_group") or (charge["transfer_group"] if charge else None),
    )


def make(
    world: World,
    destination: str,
    amount: int,
    charge: Obj | None,
    call: Call | None = None,
    *,
    application_fee: int = 0,
    **values: Any,
) -> Obj:
    """A transfer, booked on both sides. What is passed on of a ``charge`` has its currency and group by itself.

    ``application_fee`` is what the account gives back to the platform of what arrives.
    """
    shared = {"currency": charge["currency"], "transfer_group": charge["transfer_group"]} if charge else {}
    transfer = blank(
        "transfer",
        id=world.ids.new("tr"),
        object="transfer",
        amount=amount,
        amount_reversed=0,
        created=world.clock.seconds(),
        destination=destination,
        livemode=False,
        metadata={},
        reversed=False,
        source_transaction=charge["id"] if charge else None,
        source_type="card",
    )
    transfer.update({**shared, **values})
    transfer["reversals"] = _reversals(transfer, [])
    world.store.add(transfer)
    transfer["balance_transaction"] = balance.book(world, transfer, -amount, "transfer")["id"]
    transfer["destination_payment"] = _arrive(world, transfer, application_fee)
    world.emit("transfer.created", transfer, call)
    return transfer


def retrieve(call: Call) -> Obj:
    return call.world.find("transfer", call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, "transfer", equal_to(call, "destination", "transfer_group"))


def update(call: Call) -> Obj:
    transfer = call.world.find("transfer", call.ids[0])
    previous = change(transfer, call.params, ("description",))
    if previous:
        call.world.emit("transfer.updated", transfer, call, previous=previous)
    return transfer


def reverse(call: Call) -> Obj:
    transfer = call.world.find("transfer", call.ids[0])
    remaining: int = transfer["amount"] - transfer["amount_reversed"]
    if remaining == 0:
        raise invalid(f"Transfer {transfer['id']} has already been fully reversed.")
    amount: int = call.params.get("amount", remaining)
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > remaining:
        raise invalid(f"Amount {amount} exceeds the unreversed amount of the transfer ({remaining}).", "amount")
    return take_back(call, transfer, amount, metadata=merged({}, call.params.get("metadata") or {}))


def take_back(call: Call, transfer: Obj, amount: int, **values: Any) -> Obj:
    """Reverse so much of a transfer."""
    world = call.world
    reversal = blank(
        "transfer_reversal",
        id=world.ids.new("trr"),
        object="transfer_reversal",
        amount=amount,
        created=world.clock.seconds(),
        currency=transfer["currency"],
        metadata={},
        transfer=transfer["id"],
    )
    reversal.update(values)
    world.store.add(reversal, owner=transfer["id"])
    source = {**reversal, "description": call.params.get("description")}
    reversal["balance_transaction"] = balance.book(world, source, amount, "transfer_refund")["id"]
    if transfer["destination"] in world.scopes:
        with world.within(transfer["destination"]):
            balance.book(world, source, -amount, "payment_refund")
            payment = world.store.by_id[transfer["destination_payment"]]
            payment["amount_refunded"] += amount
            payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    previous = {name: transfer[name] for name in ("amount_reversed", "reversals", "reversed")}
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"] = _reversals(transfer, world.store.members("transfer_reversal", transfer["id"]))
    changed = {name: value for name, value in previous.items() if transfer[name] != value}
    world.emit("transfer.reversed", transfer, call, previous=changed)
    return reversal


def reversals(call: Call) -> Obj:
    transfer = call.world.find("transfer", call.ids[0])
    return list_of(call, "transfer_reversal", among=call.world.store.members("transfer_reversal", transfer["id"]))


def retrieve_reversal(call: Call) -> Obj:
    transfer = call.world.find("transfer", call.ids[0])
    reversal = call.world.find("transfer_reversal", call.ids[1])
    if reversal["transfer"] != transfer["id"]:
        raise missing_resource("transfer reversal", reversal["id"])
    return reversal


def update_reversal(call: Call) -> Obj:
    reversal = retrieve_reversal(call)
    change(reversal, call.params, ())
    return reversal


def destination_given(world: World, identity: str, param: str) -> Obj:
    """The connected account. Raises ApiError 400 for none, and for one that may not receive transfers."""
    account = accounts_of(world).get(identity)
    if account is None:
        raise missing_resource("destination", identity[:100], param, status=400)
    if account["capabilities"] and account["capabilities"].get("transfers") != "active":
        raise ApiError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _check_funds(world: World, charge: Obj | None, amount: int, currency: str) -> None:
    """Raise ApiError 400 for more than there is: of the charge that is passed on, or in the available balance.

    Fees are no obstacle: the Stripe CLI's own fixture transfers all of the one payment that it made, and counts on what
    an account has left from earlier. An account here begins with nothing, and its balance then falls below zero.
    """
    if charge is not None:
        passed_on = sum(
            one["amount"]
            for one in world.store.by_kind["transfer"].values()
            if one["source_transaction"] == charge["id"]
        )
        if amount + passed_on > charge["amount"]:
            raise invalid(
                f"The transfers of charge {charge['id']} would exceed its amount ({charge['amount']}).", "amount"
            )
    elif amount > world.funds.available[currency] + world.funds.fees[currency]:
        raise ApiError(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
            "balance by creating Charges using the 4000000000000077 test card. See: "
            "https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )


def _arrive(world: World, transfer: Obj, application_fee: int) -> str:
    """The connected account books the money, as a payment of the platform's. Returns the payment's id."""
    identity, amount = f"py_{world.ids.text(24)}", transfer["amount"]
    with world.within(transfer["destination"]):
        payment = blank(
            "charge",
            id=identity,
            object="charge",
            amount=amount,
            amount_captured=amount,
            amount_refunded=0,
            application_fee_amount=application_fee or None,
            billing_details={"address": _NOWHERE, "email": None, "name": None, "phone": None, "tax_id": None},
            captured=True,
            created=world.clock.seconds(),
            currency=transfer["currency"],
            disputed=False,
            fraud_details={},
            livemode=False,
            metadata={},
            paid=True,
            payment_method_details={"stripe_account": {}, "type": "stripe_account"},
            refunded=False,
            source_transfer=transfer["id"],
            status="succeeded",
            transfer_group=transfer["transfer_group"],
        )
        booked = balance.book(world, payment, amount, "payment", is_available=True, application_fee=application_fee)
        payment["balance_transaction"] = booked["id"]
        world.store.add(payment)
    return identity


def _reversals(transfer: Obj, members: list[Obj]) -> Obj:
    return {
        "object": "list",
        "data": members[::-1][:10],
        "has_more": len(members) > 10,
        "url": f"/v1/transfers/{transfer['id']}/reversals",
    }


ROUTES = (
    Route("POST", "/v1/transfers", create, "transfer_create"),
    Route("GET", "/v1/transfers", listed, "transfer_list"),
    Route("GET", "/v1/transfers/{id}", retrieve),
    Route("POST", "/v1/transfers/{id}", update, "transfer_update"),
    Route("POST", "/v1/transfers/{id}/reversals", reverse, "transfer_create_reversal", about="transfer_reversal"),
    Route("GET", "/v1/transfers/{id}/reversals", reversals, "transfer_list_reversals", about="transfer_reversal"),
    Route("GET", "/v1/transfers/{id}/reversals/{id}", retrieve_reversal, about="transfer_reversal"),
    Route(
        "POST",
        "/v1/transfers/{id}/reversals/{id}",
        update_reversal,
        "transfer_modify_reversal",
        about="transfer_reversal",
    ),
)
