"""Taking payments to all their ends, and reading both books: the target's orders, and what Stripe has of the money."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import Item
from stripe_audit.errors import Inconclusive, Skip, StripeError
from stripe_audit.money import chargeable_step
from stripe_audit.observers.interface import Order, eventually
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.journeys import JOURNEYS, travel
from stripe_audit.trials.stripe_calls import made
from stripe_audit.trials.submissions import money_kept
from stripe_audit.trials.together import together

__all__ = ["Booked", "Books", "keep_books"]

_INTENTS = "/v1/payment_intents"
_WATCHED_S = 0.2
_NEEDED = ("paid", "declined", "partially-refunded", "refunded", "canceled", "untried")
"""Ends that every target has; without them nothing can be said."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A payment in both books: the target's order, and the PaymentIntent at Stripe with its charge.

    ``is_charged_back`` tells that a dispute over it was lost, so that its money is gone.
    """

    id: str
    title: str
    order: Order | None
    intent: Mapping[str, Any]
    is_charged_back: bool = False

    @property
    def kept(self) -> int:
        """What Stripe has of its money, in minor units."""
        return 0 if self.is_charged_back else money_kept(self.intent)


@dataclass(frozen=True, slots=True)
class Books:
    """All entries, and PaymentIntents that have money for these orders' sake and that no order was made with.

    ``left_out`` says which ends could not be reached, and why: a part of the picture is missing then.
    """

    entries: tuple[Booked, ...]
    strays: tuple[Mapping[str, Any], ...]
    left_out: tuple[str, ...] = ()


Made = tuple[str, str, str]
"""A payment that has come to its end: the order's reference, the PaymentIntent's id, the e-mail address."""
Walk = Callable[[Context, Item], Coroutine[Any, Any, Made]]


def _journey(identity: str) -> Walk:
    async def walk(ctx: Context, item: Item) -> Made:
        payment = await travel(ctx, identity, item=item)
        return payment.order, payment.intent, payment.email

    return walk


async def _untried(ctx: Context, item: Item) -> Made:
    payment = await ctx.payments.new(item=item)
    return payment.order, payment.intent, payment.email


async def _dispute_lost(ctx: Context, item: Item) -> Made:
    payment = await travel(ctx, "disputed", item=item)
    await settled(ctx, [payment.intent])

    async def opened() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await ctx.stripe.get("/v1/disputes", payment_intent=payment.intent))["data"]
        return found

    disputes, is_open = await eventually(opened, bool, within=10)
    if not is_open:
        raise Inconclusive("the payment was not disputed")
    dispute = disputes[0]["id"]
    evidence = {"uncategorized_text": "losing_evidence"}  # docs.stripe.com/testing#disputes
    await ctx.stripe.post(f"/v1/disputes/{dispute}", evidence=evidence, submit=True)

    async def read() -> str:
        return str((await ctx.stripe.get(f"/v1/disputes/{dispute}"))["status"])

    status, is_lost = await eventually(read, lambda status: status == "lost", within=10)
    if not is_lost:
        raise Inconclusive(f"a dispute that should be lost is {status} at Stripe")
    return payment.order, payment.intent, payment.email


async def _captured_in_part(ctx: Context, item: Item) -> Made:
    payment = await ctx.payments.new(item=ctx.spec.held_items[0], quantity=2)
    if (answer := await ctx.payments.confirm(payment)).state != "requires_capture":
        raise Inconclusive(f"{payment.item.id} is {answer.state} at Stripe, not authorised", supply="target.items")
    await settled(ctx, [payment.intent])
    step = chargeable_step(payment.currency)
    await ctx.stripe.post(f"{_INTENTS}/{payment.intent}/capture", amount_to_capture=payment.amount // 2 // step * step)
    return payment.order, payment.intent, payment.email


async def _at_checkout(ctx: Context, item: Item) -> Made:
    values = ctx.payments.fresh(item=item, role="checkout")
    answer = (await ctx.payments.attempt(values, role="checkout")).answer
    if not answer.is_success:
        raise Inconclusive(f"checkout answered {answer.status}", supply="target.routes.checkout")
    found = ctx.target.mapped("checkout", answer, "session")
    await ctx.stripe.post(f"/v1/payment_pages/{found['session']}/confirm", payment_method="pm_card_visa")
    session = await ctx.stripe.get(f"/v1/checkout/sessions/{found['session']}")
    return str(found.get("order") or values["order"]), str(session["payment_intent"]), str(values["email"])


def _walks(ctx: Context) -> dict[str, tuple[str, Walk]]:
    """Each end with its title; those that this target does not have are left out."""
    known = {name: (JOURNEYS[name].title, _journey(name)) for name in ("paid", "declined", "partially-refunded")}
    known |= {name: (JOURNEYS[name].title, _journey(name)) for name in ("refunded", "canceled")}
    known |= {
        "untried": ("a payment that nobody made", _untried),
        "dispute-lost": ("a dispute that was lost", _dispute_lost),
    }
    if ctx.spec.held_items:
        known["captured-in-part"] = ("a capture of a part", _captured_in_part)
    if ctx.target.has("checkout"):
        known["checkout"] = ("a payment on Stripe's own page", _at_checkout)
    return known


async def keep_books(ctx: Context, agrees: Callable[[Booked], bool]) -> Books:
    """Take a payment to each end, in the currencies of the declared items by turns, and read both books.

    Each order is read until ``agrees`` says that it is as Stripe has it, or patience is spent.
    """
    items, walks = _one_in_each_currency(ctx), _walks(ctx)
    try:
        mark: int | None = await ctx.stripe.mark()
    except Skip:  # a Stripe that does not tell who called it
        mark = None
    ends = await together(
        _end(ctx, walk, items[place % len(items)], is_needed=name in _NEEDED)
        for place, (name, (_, walk)) in enumerate(walks.items())
    )
    reached = {name: end for name, end in zip(walks, ends, strict=True) if isinstance(end, tuple)}
    entries = await together(_booked(ctx, name, walks[name][0], end, agrees) for name, end in reached.items())
    known = {intent for _, intent, _ in reached.values()}
    words = {word for order, _, email in reached.values() for word in (order, email)}
    strays = [] if mark is None else await _strays(ctx, mark, words, known)
    left_out = [f"{walks[name][0]}: {end}" for name, end in zip(walks, ends, strict=True) if isinstance(end, str)]
    return Books(tuple(entries), tuple(strays), tuple(left_out))


async def _end(ctx: Context, walk: Walk, item: Item, *, is_needed: bool) -> Made | str:
    """A payment at its end; or why there is none, where the others can do without it."""
    try:
        return await walk(ctx, item)
    except (Inconclusive, Skip, StripeError) as error:
        if is_needed:
            raise
        return error.message


def _one_in_each_currency(ctx: Context) -> list[Item]:
    found: dict[str, Item] = {}
    for item in ctx.spec.items:
        found.setdefault(item.currency, item)
    return list(found.values())


async def _booked(ctx: Context, identity: str, title: str, made_one: Made, agrees: Callable[[Booked], bool]) -> Booked:
    reference, name, _ = made_one
    await settled(ctx, [name])
    intent = await ctx.stripe.get(f"{_INTENTS}/{name}", expand=["latest_charge"])
    is_lost = identity == "dispute-lost"

    def is_right(order: Order) -> bool:
        return agrees(Booked(identity, title, order, intent, is_lost))

    order, agreed = await ctx.orders.eventually(reference, is_right)
    if agreed:
        order, _ = await ctx.orders.stays(reference, is_right, during=_WATCHED_S)
    return Booked(identity, title, order, intent, is_lost)


async def _strays(ctx: Context, mark: int, words: Collection[str], known: Collection[str]) -> list[Mapping[str, Any]]:
    calls = await made(ctx, _INTENTS, since=mark, words=words)
    names = {str(call.object) for call in calls} - set(known)
    try:
        found = await together(ctx.stripe.get(f"{_INTENTS}/{name}", expand=["latest_charge"]) for name in names)
    except StripeError:
        return []
    return [intent for intent in found if money_kept(intent) > 0]
