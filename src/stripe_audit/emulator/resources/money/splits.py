"""Payments that a platform shares with a connected account: destination charges, and direct charges with a fee.

Source: docs.stripe.com/connect/destination-charges, docs.stripe.com/connect/direct-charges,
docs.stripe.com/api/application_fees.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.resources.money import application_fees, transfers
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["check", "check_refund", "give_back", "share"]


def check(call: Call, params: dict[str, Any], amount: int) -> None:
    """Raise ApiError 400 for a destination that there is not, and a fee that nobody can pay."""
    data, fee, world = params.get("transfer_data") or None, params.get("application_fee_amount"), call.world
    is_direct = world.scope.account != world.keys.account
    if data and data.get("destination"):
        transfers.destination_given(world, data["destination"], "transfer_data[destination]")
        if fee is not None and data.get("amount") is not None:
            raise invalid(
                "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].",
                "application_fee_amount",
                "parameters_exclusive",
            )
        if not 1 <= data.get("amount", amount) <= amount:
            raise invalid("The transfer's amount must be at most the payment's.", "transfer_data[amount]")
    elif fee is not None and not is_direct:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an "
            "OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            "application_fee_amount",
        )
    if fee is not None and not 0 <= fee <= amount:
        raise invalid("The application fee must be at most the payment's amount.", "application_fee_amount")


def share(world: World, charge: Obj) -> None:
    """A charge has been captured: book it, with what the account, or the platform, gets of it.

    Booked is what was authorised; Stripe's fee is that of what was captured.
    """
    data, fee = charge["transfer_data"], min(charge["application_fee_amount"] or 0, charge["amount_captured"])
    is_direct = world.scope.account != world.keys.account
    booked = balance.book(
        world,
        charge,
        charge["amount"],
        "charge",
        fee=balance.fee_of(charge["amount_captured"]),
        application_fee=fee if is_direct else 0,
    )
    charge["balance_transaction"] = booked["id"]
    if is_direct:
        if fee:
            charge["application_fee"] = application_fees.collect(world, world.scope.account, charge, charge["id"], fee)
    elif data and data.get("destination"):
        amount = min(data.get("amount") or charge["amount_captured"], charge["amount_captured"])
        charge["transfer_group"] = charge["transfer_group"] or f"group_{charge['payment_intent'] or charge['id']}"
        transfer = transfers.make(world, data["destination"], amount, charge, application_fee=fee)
        charge["transfer"] = transfer["id"]
        if fee:
            payment = transfer["destination_payment"]
            charge["application_fee"] = application_fees.collect(world, data["destination"], charge, payment, fee)


def check_refund(call: Call, charge: Obj) -> None:
    """Raise ApiError 400 for a refund that is to take back what was not shared."""
    if call.params.get("reverse_transfer") and not charge["transfer"]:
        raise invalid("Cannot reverse the transfer: the charge has none.", "reverse_transfer")
    if call.params.get("refund_application_fee") and not charge["application_fee"]:
        raise invalid("Cannot refund the application fee: the charge has none.", "refund_application_fee")


def give_back(call: Call, charge: Obj, refund: Obj) -> None:
    """Take the account's part, and the platform's fee, back in proportion to a refund, where its call asks for that."""
    world, taken = call.world, charge["amount_captured"]
    transfer = world.store.get("transfer", charge["transfer"] or "")
    if transfer is not None and call.params.get("reverse_transfer"):
        part = _part(transfer["amount"], refund["amount"], taken, transfer["amount"] - transfer["amount_reversed"])
        if part:
            refund["transfer_reversal"] = transfers.take_back(call, transfer, part, source_refund=refund["id"])["id"]
    fee = application_fees.behind(world, charge)
    if fee is not None and call.params.get("refund_application_fee"):
        part = _part(fee["amount"], refund["amount"], taken, fee["amount"] - fee["amount_refunded"])
        if part:
            application_fees.give_back(world, call, fee, part)


def _part(whole: int, refunded: int, taken: int, left: int) -> int:
    return min(left, round(whole * refunded / taken))
