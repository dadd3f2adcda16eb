"""The balance: what each movement of money does to it (docs.stripe.com/api/balance_transactions, …/balance)."""

from __future__ import annotations

from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "book", "fee_of"]

FEE_PER_MILLE, FEE_FIXED = 29, 30
"""2.9 % and 30 minor units, as in a US account (stripe.com/pricing)."""
SETTLEMENT_SECONDS = 2 * 24 * 3600
DEFAULT_CURRENCY = "usd"
_PENDING = {"charge", "payment", "refund", "refund_failure", "adjustment"}
"""Types whose money takes the settlement time; all others move what is there already."""


def book(
    world: World,
    source: Obj,
    amount: int,
    kind: str,
    *,
    fee: int | None = None,
    category: str | None = None,
    is_available: bool = False,
    application_fee: int = 0,
) -> Obj:
    """Record a movement of ``amount`` minor units (negative where money leaves) that ``source`` caused.

    ``fee`` is what Stripe keeps of it, as it does of a ``charge``. ``category`` is the reporting category where that is
    not the type (docs.stripe.com/reports/reporting-categories). ``is_available``: nothing has to settle first.
    ``application_fee`` is what goes to the platform.
    """
    if fee is None:
        fee = fee_of(amount) if kind == "charge" else 0
    now = world.clock.seconds()
    card = world.cards.get(source.get("payment_method") or "")
    is_bypassing = kind == "charge" and card is not None and card.is_available_at_once
    is_available = is_available or is_bypassing or kind not in _PENDING
    transaction = blank(
        "balance_transaction",
        id=world.ids.new("txn"),
        object="balance_transaction",
        amount=amount,
        available_on=now if is_available else now + SETTLEMENT_SECONDS,
        balance_type="payments",
        created=now,
        currency=source["currency"],
        description=source.get("description"),
        fee=fee + application_fee,
        fee_details=_fee_details(fee, application_fee, source["currency"], kind),
        net=amount - fee - application_fee,
        reporting_category=category or kind,
        source=source["id"],
        status="available" if is_available else "pending",
        type=kind,
    )
    world.funds.add(transaction)
    if not is_available and len(world.funds.maturing) == 1:
        world.clock.later(SETTLEMENT_SECONDS, _mature, world)
    elif is_bypassing:
        world.clock.later(0, _tell_available, world)
    return world.store.add(transaction)


def fee_of(amount: int) -> int:
    """What Stripe keeps of a payment of this amount."""
    return round(amount * FEE_PER_MILLE / 1000) + FEE_FIXED


def _fee_details(fee: int, application_fee: int, currency: str, kind: str) -> list[Obj]:
    said = "Dispute fee" if kind == "adjustment" else "Stripe processing fees"
    parts = ((fee, said, "stripe_fee"), (application_fee, "Application fee", "application_fee"))
    return [
        {"amount": amount, "application": None, "currency": currency, "description": description, "type": type}
        for amount, description, type in parts
        if amount
    ]


def _mature(world: World) -> None:
    funds = world.funds
    if funds.mature(world.clock.now()):
        _tell_available(world)
    if funds.maturing:
        world.clock.later(funds.maturing[0]["available_on"] - world.clock.now(), _mature, world)


def _tell_available(world: World) -> None:
    world.emit("balance.available", shown(world))


def shown(world: World) -> Obj:
    """The balance object. It has no id."""
    currencies = sorted({DEFAULT_CURRENCY, *world.funds.pending, *world.funds.available})
    return blank(
        "balance",
        object="balance",
        available=[_entry(world.funds.available[currency], currency) for currency in currencies],
        livemode=False,
        pending=[_entry(world.funds.pending[currency], currency) for currency in currencies],
    )


def _entry(amount: int, currency: str) -> Obj:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def retrieve(call: Call) -> Obj:
    return shown(call.world)


def transaction(call: Call) -> Obj:
    return call.world.find("balance_transaction", call.ids[0])


def transactions(call: Call) -> Obj:
    payout = call.params.get("payout")
    if payout:
        booked = call.world.find("payout", payout, "payout")["balance_transaction"]
        return list_of(call, "balance_transaction", lambda one: one["id"] == booked)
    return list_of(call, "balance_transaction", equal_to(call, "currency", "source", "type"))


ROUTES = (
    Route("GET", "/v1/balance", retrieve),
    Route("GET", "/v1/balance_transactions", transactions, "balance_transaction_list"),
    Route("GET", "/v1/balance_transactions/{id}", transaction),
)
