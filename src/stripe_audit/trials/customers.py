"""Creating one customer more than once: at the same moment, and again after Stripe's answer was lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import eventually
from stripe_audit.trials.stripe_calls import made
from stripe_audit.trials.together import together

__all__ = ["CUSTOMER_WAYS", "CustomerMade", "create_customer_repeatedly", "customers_made"]

_CUSTOMERS = "/v1/customers"
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerMade:
    """A new e-mail address that was sent more than once, and the customers that the target then had at Stripe.

    ``answers`` are all that came, ``shown`` the customers that they name, ``living`` those made and not deleted again.
    """

    id: str
    title: str
    answers: tuple[Answer, ...]
    shown: frozenset[str]
    living: frozenset[str]


async def customers_made(
    ctx: Context, mark: int, email: str, shown: Iterable[str], *, within: float | None = None
) -> set[str]:
    """The customers that the target made since a mark: of this address, or those that it shows."""
    of_address = await made(ctx, _CUSTOMERS, since=mark, words=[email], within=within)
    by_id = [call for one in shown for call in await ctx.stripe.journal(object=one, since=mark, caller="target")]
    return {str(call.object) for call in (*of_address, *by_id) if call.path == _CUSTOMERS and call.method == "POST"}


async def create_customer_repeatedly(ctx: Context, identity: str) -> CustomerMade:
    """Send a new address in one of the ways of CUSTOMER_WAYS, and count the customers.

    A target that notices a second one may delete it: it has as long as patience lasts.
    """
    title, send = CUSTOMER_WAYS[identity]
    values = {"email": f"{ctx.tag}-{ctx.payments.reference()}@example.com", "name": "Stripe Audit"}
    mark = await ctx.stripe.mark()
    answers = await send(ctx, values)
    shown = frozenset(name for answer in answers if answer.is_success for name in _named(ctx, answer))

    async def read() -> frozenset[str]:
        found = await customers_made(ctx, mark, values["email"], shown)
        states = await together(ctx.stripe.get(f"{_CUSTOMERS}/{name}") for name in found)
        return frozenset(str(one["id"]) for one in states if not one.get("deleted"))

    living, _ = await eventually(read, lambda living: len(living) <= 1, within=ctx.patience)
    return CustomerMade(identity, title, tuple(answers), shown, living)


def _named(ctx: Context, answer: Answer) -> list[str]:
    try:
        return [str(ctx.target.mapped("customer", answer, "customer")["customer"])]
    except Inconclusive:
        return []


async def _at_once(ctx: Context, values: Values) -> list[Answer]:
    return await together(ctx.target.call("customer", values, duplicate=True) for _ in range(3))


async def _after_a_lost_answer(ctx: Context, values: Values) -> list[Answer]:
    """Stripe makes the customer, and its answer does not come through, to however many tries within the request."""
    params = {"email": values["email"]}
    async with await ctx.stripe.fault({"kind": "reset_after"}, method="POST", path=_CUSTOMERS, params=params):
        lost = await ctx.target.call("customer", values)
    return [lost, await ctx.target.call("customer", values, duplicate=True)]


CUSTOMER_WAYS: dict[str, tuple[str, Callable[[Context, Values], Awaitable[list[Answer]]]]] = {
    "at-once": ("sent three times at the same moment", _at_once),
    "lost-answer": ("sent again after Stripe's answer was lost", _after_a_lost_answer),
}
"""Each way with its title."""
