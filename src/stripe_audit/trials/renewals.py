"""A subscription whose card is declined when it renews, and what its customer hears of that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.observers.interface import Mail
from stripe_audit.observers.notifications import Notification
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.mails import are_more, links_in, said_since

__all__ = ["told_after_declined_renewal"]

_DECLINED_LATER = "pm_card_chargeCustomerFail"
"""It can be attached, and is declined when it is charged (docs.stripe.com/testing#declined-payments)."""
_PERIOD_S = (31 * 24 + 2) * 3600
"""A month, and the hours for which an invoice stays a draft."""

_RECEIPT_S = 2.0
"""How long the receipt of the first month is waited for; not every app sends one."""


async def told_after_declined_renewal(ctx: Context) -> list[Mail | Notification]:
    """Subscribe, pay, have the next month declined: what the customer was told since then, by mail or notification.

    Raises Skip where no plan is sold without a trial, Inconclusive where Stripe has it otherwise than it should be.
    """
    plan = next((one for one in ctx.spec.plans if not one.has_trial), None)
    if plan is None:
        raise Skip("no plan without a trial is declared", setting="target.plans")
    values = ctx.payments.fresh(item=plan, role="subscribe")
    made = await ctx.payments.attempt(values, role="subscribe")
    if not made.answer.is_success:
        raise Inconclusive(f"subscribe answered {made.answer.status}", supply="target.routes.subscribe")
    name = str(ctx.target.mapped("subscribe", made.answer, "subscription")["subscription"])
    subscription = await _read(ctx, name)
    secret = ((subscription.get("latest_invoice") or {}).get("confirmation_secret") or {}).get("client_secret")
    if not secret or (await ctx.stripe.confirm(str(secret), "pm_card_visa")).state != "succeeded":
        raise Inconclusive("the first month could not be paid", supply="target.routes.subscribe, target.plans")
    customer, email = str(subscription["customer"]), str(values["email"])
    failing = await ctx.stripe.post(f"/v1/payment_methods/{_DECLINED_LATER}/attach", customer=customer)
    await ctx.stripe.post(f"/v1/subscriptions/{name}", default_payment_method=failing["id"])
    objects = await _objects(ctx, name)
    await settled(ctx, objects)
    names = [str(values["order"]), customer, *objects]
    before = await ctx.hears(email, names, within=min(_RECEIPT_S, ctx.patience))
    await ctx.stripe.advance(_PERIOD_S, customer=customer)
    if (status := (await _read(ctx, name))["status"]) != "past_due":
        raise Inconclusive(f"after a declined renewal the subscription is {status} at Stripe, not past_due")
    objects = await _objects(ctx, name)
    names += objects
    await ctx.hears(email, names, until=lambda now: any(map(links_in, said_since(now, before))))
    await settled(ctx, objects)
    return said_since(await ctx.hears(email, names, until=are_more(before, by=2), within=0.2), before)


async def _read(ctx: Context, name: str) -> dict[str, Any]:
    return await ctx.stripe.get(f"/v1/subscriptions/{name}", expand=["latest_invoice.confirmation_secret"])


async def _objects(ctx: Context, name: str) -> Sequence[str]:
    invoices = await ctx.stripe.get("/v1/invoices", subscription=name)
    return [name, *(str(invoice["id"]) for invoice in invoices["data"])]
