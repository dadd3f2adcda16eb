"""Payments that a check makes through the target, and the orders that the target keeps of them.

Every payment has a fresh order reference and e-mail address of its own, so that whatever is seen later can be
attributed to the check that made it, however many checks run at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.deployment.spec import Item, TargetSpec
from stripe_audit.deployment.target import TargetClient
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.models import Effect
from stripe_audit.money import from_minor, to_minor
from stripe_audit.observers.interface import Order, OrderObserver, OrderState, eventually
from stripe_audit.stripe_backend.interface import CustomerAnswer, StripeBackend

__all__ = ["Attempted", "Orders", "Payment", "Payments"]

_PATIENCE_429_S = 5.0
_SETTLING_S = 0.3


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that the target created. ``amount`` is what it must be, in minor units of ``currency``."""

    order: str
    intent: str
    client_secret: str = field(repr=False)
    amount: int
    currency: str
    email: str
    item: Item
    quantity: int
    answer: Answer = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempted:
    """A request to create a payment, whatever came of it."""

    order: str
    answer: Answer
    values: Mapping[str, Any]


class Payments:
    """Makes payments through the target's own route, and pays them as the customer would."""

    def __init__(
        self,
        spec: TargetSpec,
        target: TargetClient,
        stripe: StripeBackend | None,
        prefix: str,
        made: Callable[[str], None],
    ) -> None:
        self._spec = spec
        self._target = target
        self._stripe = stripe
        self._prefix = prefix
        self._made = made
        self._count = 0

    def item(self, currency: str | None = None) -> Item:
        """A declared item, in a currency if one is wanted. Raises Skip."""
        for item in self._spec.items:
            if currency in (None, item.currency):
                return item
        wanted = f" in {currency}" if currency else ""
        raise Skip(f"no item{wanted} is declared", setting="target.items")

    def reference(self) -> str:
        """A reference that was never used before. None is part of another: they are looked for in texts."""
        self._count += 1
        return f"{self._prefix}-{self._count:03}"

    def fresh(
        self,
        *,
        item: Item | None = None,
        quantity: int = 1,
        order: str | None = None,
        role: str = "create_payment",
    ) -> dict[str, Any]:
        """The values of a new order, for a route: order, item, quantity, amount, currency, email, name."""
        item = item or self.item()
        reference = self.reference()
        order = order or reference
        minor = to_minor(item.price * quantity, item.currency)
        unit = self._target.route(role).amount_unit
        return {
            "order": order,
            "item": item.id,
            "quantity": quantity,
            "amount": minor if unit == "minor" else from_minor(minor, item.currency),
            "currency": item.currency,
            "email": f"{order}@example.com",
            "name": "Stripe Audit",
        }

    async def attempt(
        self,
        values: Mapping[str, Any],
        *,
        body: Any = None,
        effect: Effect = Effect.WRITE,
        timeout: float | None = None,
        role: str = "create_payment",
    ) -> Attempted:
        """Ask the target to create a payment. A 429 is waited for as Retry-After says, once."""
        self._made(str(values["order"]))
        answer = await self._target.call(role, values, body=body, effect=effect, timeout=timeout)
        if answer.status == 429:
            wait = _seconds(answer.header("retry-after"))
            if wait is not None and wait <= _PATIENCE_429_S:
                await asyncio.sleep(wait)
                answer = await self._target.call(role, values, body=body, effect=effect, timeout=timeout)
            if answer.status == 429:
                raise Inconclusive(
                    "the target answered 429 to a new payment", supply="a higher rate limit for the audit"
                )
        return Attempted(str(values["order"]), answer, values)

    async def new(
        self, *, item: Item | None = None, quantity: int = 1, is_held: bool = False, order: str | None = None
    ) -> Payment:
        """A new payment. With ``is_held`` its webhook events are kept back until they are released.

        Raises Inconclusive where the target does not create it; the check payment-intent-created says why.
        """
        item = item or self.item()
        values = self.fresh(item=item, quantity=quantity, order=order)
        if is_held:
            await self._backend.hold(mentions=str(values["order"]))
        made = await self.attempt(values)
        payment = self.read(made, item, quantity)
        if is_held:
            await self._hold(payment)
        return payment

    async def _hold(self, payment: Payment) -> None:
        """Hold by the intent's id too. An event that left before (the app passes no reference of ours on) settles."""
        await self._backend.hold(object=payment.intent)
        if any(delivery.attempts for delivery in await self._backend.deliveries(payment.intent)):
            await asyncio.sleep(_SETTLING_S)

    def read(self, made: Attempted, item: Item, quantity: int = 1) -> Payment:
        """The payment in the target's answer. Raises Inconclusive where there is none."""
        if not made.answer.is_success:
            raise Inconclusive(
                f"create_payment answered {made.answer.status} (exchange {made.answer.exchange})",
                supply="target.routes.create_payment and target.items",
            )
        found = self._target.mapped("create_payment", made.answer, "client_secret")
        secret = str(found["client_secret"])
        return Payment(
            order=str(found.get("order") or made.order),
            intent=str(found.get("payment_intent") or secret.split("_secret_")[0]),
            client_secret=secret,
            amount=to_minor(item.price * quantity, item.currency),
            currency=item.currency,
            email=str(made.values["email"]),
            item=item,
            quantity=quantity,
            answer=made.answer,
            values=made.values,
        )

    @property
    def _backend(self) -> StripeBackend:
        if self._stripe is None:
            raise Skip("the target does not talk to the audit's Stripe", setting="target.stripe")
        return self._stripe

    async def confirm(self, payment: Payment, payment_method: str = "pm_card_visa") -> CustomerAnswer:
        """The customer pays with a test payment method (docs.stripe.com/testing)."""
        return await self._backend.confirm(payment.client_secret, payment_method)

    async def paid(self, *, item: Item | None = None, quantity: int = 1, is_held: bool = False) -> Payment:
        """A new payment, paid at Stripe. Raises Inconclusive where Stripe did not take it."""
        payment = await self.new(item=item, quantity=quantity, is_held=is_held)
        answer = await self.confirm(payment)
        if answer.state != "succeeded":
            raise Inconclusive(f"the payment did not succeed at Stripe, but is {answer.state}")
        return payment


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


class Orders:
    """The target's records of payments, through the declared observer."""

    def __init__(self, observer: OrderObserver, patience: float) -> None:
        self._observer = observer
        self._patience = patience

    def declares(self, state: OrderState) -> bool:
        """Whether the settings name the target's word for a state. An app need not have every state that we have."""
        return bool(self._observer.mapping.states.get(state))

    async def read(self, payment: Payment | str) -> Order | None:
        """The order now."""
        return await self._observer.read(payment if isinstance(payment, str) else payment.order)

    async def eventually(
        self, payment: Payment | str, is_met: Callable[[Order], bool], *, within: float | None = None
    ) -> tuple[Order | None, bool]:
        """Read until a condition holds: the last order seen, and whether it held within so many seconds."""
        return await eventually(
            lambda: self.read(payment),
            lambda order: order is not None and is_met(order),
            within=within or self._patience,
        )

    async def holds(self, payment: Payment) -> bool | None:
        """Whether the target stores anything of a payment (its order, its intent, its e-mail address), wherever it be.

        Waits for it; None where the observer cannot see that.
        """
        texts = (payment.order, payment.intent, payment.email)
        found, _ = await eventually(
            lambda: self._observer.holds(texts), lambda held: held is not False, within=self._patience
        )
        return found

    async def stays(
        self, payment: Payment | str, is_met: Callable[[Order], bool], *, during: float = 0.6
    ) -> tuple[Order | None, bool]:
        """Whether a condition goes on holding for so many seconds; the order that broke it, or the last one seen."""
        order, is_broken = await eventually(
            lambda: self.read(payment), lambda order: order is None or not is_met(order), within=during
        )
        return order, not is_broken
