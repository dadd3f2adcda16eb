"""What can become of a payment: the steps that lead there, and how it then stands at Stripe.

Source: docs.stripe.com/testing (test payment methods), docs.stripe.com/payments/payment-intents/verifying-status.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.spec import Item
from stripe_audit.errors import Inconclusive
from stripe_audit.money import chargeable_step
from stripe_audit.observers.interface import OrderState
from stripe_audit.payments import Payment
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.stripe_calls import intent_of

__all__ = ["JOURNEYS", "Journey", "expected_states", "give_back_half", "travel"]

Step = Callable[[Context, Payment], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Journey:
    """A way that a payment goes after its creation.

    ``ending`` is the state that an order is in afterwards, ``intent`` the PaymentIntent's status at Stripe.
    """

    id: str
    title: str
    ending: OrderState
    intent: str
    steps: tuple[Step, ...]


def _pay(payment_method: str) -> Step:
    async def step(ctx: Context, payment: Payment) -> None:
        await ctx.payments.confirm(payment, payment_method)

    return step


def _authenticate(*, succeed: bool) -> Step:
    async def step(ctx: Context, payment: Payment) -> None:
        if (await intent_of(ctx, payment))["status"] == "requires_action":
            await ctx.stripe.authenticate(payment.intent, succeed=succeed)

    return step


async def _cancel(ctx: Context, payment: Payment) -> None:
    if (await intent_of(ctx, payment))["status"] != "succeeded":
        await ctx.stripe.post(f"/v1/payment_intents/{payment.intent}/cancel")


def _refund(parts: int) -> Step:
    """Give back one of so many parts, as the shop's owner does in the Dashboard."""

    async def step(ctx: Context, payment: Payment) -> None:
        intent = await intent_of(ctx, payment)
        if intent["status"] == "succeeded":
            least = chargeable_step(intent["currency"])
            amount = max(least, intent["amount_received"] // parts // least * least)
            await ctx.stripe.post("/v1/refunds", payment_intent=payment.intent, amount=amount)

    return step


_SUCCESS = _pay("pm_card_visa")
_DECLINE = _pay("pm_card_visa_chargeDeclined")
_CHALLENGE = _pay("pm_card_authenticationRequired")

JOURNEYS: dict[str, Journey] = {
    journey.id: journey
    for journey in (
        Journey("paid", "a payment that succeeds", OrderState.PAID, "succeeded", (_SUCCESS,)),
        Journey("declined", "a declined card", OrderState.FAILED, "requires_payment_method", (_DECLINE,)),
        Journey(
            "declined-then-paid", "a declined card, then a good one", OrderState.PAID, "succeeded", (_DECLINE, _SUCCESS)
        ),
        Journey(
            "challenge-left-open",
            "a 3D Secure challenge left open",
            OrderState.UNPAID,
            "requires_action",
            (_CHALLENGE,),
        ),
        Journey(
            "challenge-passed",
            "a 3D Secure challenge passed",
            OrderState.PAID,
            "succeeded",
            (_CHALLENGE, _authenticate(succeed=True)),
        ),
        Journey(
            "challenge-failed",
            "a 3D Secure challenge failed",
            OrderState.FAILED,
            "requires_payment_method",
            (_CHALLENGE, _authenticate(succeed=False)),
        ),
        Journey("canceled", "a payment canceled at Stripe", OrderState.CANCELED, "canceled", (_cancel,)),
        Journey("refunded", "a full refund", OrderState.REFUNDED, "succeeded", (_SUCCESS, _refund(1))),
        Journey(
            "partially-refunded", "a partial refund", OrderState.PARTIALLY_REFUNDED, "succeeded", (_SUCCESS, _refund(2))
        ),
        Journey("disputed", "a dispute", OrderState.DISPUTED, "succeeded", (_pay("pm_card_createDispute"),)),
    )
}
"""Every journey by its id."""


async def travel(ctx: Context, identity: str, *, item: Item | None = None, is_held: bool = False) -> Payment:
    """A new payment, taken all the way; each step once the one before has been told of, since customers take time.

    With ``is_held`` nothing is told yet.

    Raises Inconclusive where it stands otherwise at Stripe than it should (a shop that captures later, say).
    """
    journey = JOURNEYS[identity]
    payment = await ctx.payments.new(item=item, is_held=is_held)
    for step in journey.steps:
        await settled(ctx, [payment.intent])
        await step(ctx, payment)
    status = (await intent_of(ctx, payment))["status"]
    if status != journey.intent:
        raise Inconclusive(f"after {journey.title} the PaymentIntent is {status} at Stripe, not {journey.intent}")
    return payment


async def give_back_half(ctx: Context, payment: Payment) -> None:
    """Refund half of a payment, as the shop's owner does in the Dashboard, and wait until that has been told of."""
    await _refund(2)(ctx, payment)
    await settled(ctx, [payment.intent])


def expected_states(ending: OrderState, declared: Collection[OrderState]) -> frozenset[OrderState]:
    """The states in which an order may rightly be after a journey, in an app that has words for the declared states.

    A state that the app does not have cannot be asked of it; what may stand in its place brings in the same money.
    """
    instead = {
        OrderState.UNPAID: {OrderState.PENDING, OrderState.FAILED},
        OrderState.FAILED: {OrderState.CANCELED},
        OrderState.CANCELED: {OrderState.FAILED},
        OrderState.REFUNDED: {OrderState.CANCELED},
    }
    without = {
        OrderState.FAILED: {OrderState.UNPAID, OrderState.PENDING},
        OrderState.CANCELED: {OrderState.UNPAID, OrderState.PENDING},
        OrderState.PARTIALLY_REFUNDED: {OrderState.PAID},
        OrderState.DISPUTED: {OrderState.PAID, OrderState.REFUNDED, OrderState.CANCELED},
    }
    lacking = set() if ending in declared else without.get(ending, set())
    return frozenset({ending} | instead.get(ending, set()) | lacking)
