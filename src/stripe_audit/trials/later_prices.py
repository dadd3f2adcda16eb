"""Sums of the customer's own in requests for a Checkout Session, and for another try at an order."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.target import fill
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, StripeError, TargetError
from stripe_audit.money import chargeable_step
from stripe_audit.trials.alterations import extended
from stripe_audit.trials.stripe_calls import intent_of
from stripe_audit.trials.together import together

__all__ = ["LATER_PRICES", "Repriced", "reprice"]


@dataclass(frozen=True, slots=True)
class Repriced:
    """What is asked of the customer after a request with a sum of their own; ``due`` after an ordinary one.

    Minor units and currency; None where the request was refused, or nothing came of it.
    """

    id: str
    title: str
    due: tuple[int, str]
    asked: tuple[int, str] | None
    answer: Answer | None


def _members(half: int, item: str, currency: str) -> dict[str, dict[str, Any]]:
    """Members of a request, by family; in each family those that programs read for the same thing."""
    price = {"currency": currency, "unit_amount": half, "product_data": {"name": item}}
    lines = [{"price_data": price, "quantity": 1}]
    sums = ("amount", "price", "unitPrice", "unit_amount", "unitAmount", "total", "totalAmount", "amount_total")
    other = "usd" if currency == "vnd" else "vnd"  # whose unit is worth so little that the same number is no price
    return {
        "sums": dict.fromkeys(sums, half),
        "discounts": {"discount": half, "discountAmount": half, "shipping": -half, "tax": -half, "tip": -half},
        "lines": {"line_items": lines, "lineItems": lines, "price_data": price},
        "currency": {"currency": other},
    }


async def reprice(ctx: Context, role: str) -> list[Repriced]:
    """An ordinary request to ``checkout`` or ``pay_retry``, then one with each family, for orders of their own.

    Raises Inconclusive where the ordinary one leads to nothing that Stripe has.
    """
    item, ask = ctx.payments.item(), LATER_PRICES[role]
    due, answer = await ask(ctx, {})
    if due is None:
        status = answer.status if answer else "nothing"
        raise Inconclusive(f"{role} answered {status}, and Stripe has nothing of it", supply=f"target.routes.{role}")
    step = chargeable_step(due[1])
    families = _members(max(step, due[0] // 2 // step * step), item.id, due[1])
    asked = await together(ask(ctx, members) for members in families.values())
    return [
        Repriced(f"{role} {family}", " or ".join(members), due, *got)
        for (family, members), got in zip(families.items(), asked, strict=True)
    ]


Asked = tuple[tuple[int, str] | None, Answer | None]


async def _at_checkout(ctx: Context, members: Mapping[str, Any]) -> Asked:
    values = ctx.payments.fresh(role="checkout")
    body = extended(fill(ctx.target.route("checkout").body or {}, values), members)
    try:
        answer = (await ctx.payments.attempt(values, body=body, role="checkout")).answer
        session = str(ctx.target.mapped("checkout", answer, "session")["session"]) if answer.is_success else ""
        found = await ctx.stripe.get(f"/v1/checkout/sessions/{session}") if session else None
    except TargetError:
        return None, None
    except (Inconclusive, StripeError):
        return None, answer
    return (int(found["amount_total"]), str(found["currency"])) if found else None, answer


async def _at_another_try(ctx: Context, members: Mapping[str, Any]) -> Asked:
    payment = await ctx.payments.new()
    values = {**payment.values, "order": payment.order, "payment_intent": payment.intent}
    body = {**fill(ctx.target.route("pay_retry").body or {}, values), **members}
    intent: dict[str, Any] | None
    try:
        answer = await ctx.target.call("pay_retry", values, body=body)
        secret = str(ctx.target.mapped("pay_retry", answer, "client_secret")["client_secret"])
        intent = await ctx.stripe.get(f"/v1/payment_intents/{secret.split('_secret_')[0]}")
    except TargetError:
        return None, None
    except (Inconclusive, StripeError):
        intent = await intent_of(ctx, payment) if answer.is_success else None
    return (int(intent["amount"]), str(intent["currency"])) if intent else None, answer


LATER_PRICES: dict[str, Callable[[Context, Mapping[str, Any]], Coroutine[Any, Any, Asked]]] = {
    "checkout": _at_checkout,
    "pay_retry": _at_another_try,
}
"""By the route's role."""
