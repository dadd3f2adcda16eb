"""One invoice that is paid, and its two webhook events, each delivered alone: what every one of them brings about.

Stripe tells of most paid invoices twice, by ``invoice.paid`` and by ``invoice.payment_succeeded``.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import Item, WebhookRoute
from stripe_audit.errors import Inconclusive, Skip, StripeError
from stripe_audit.money import to_minor
from stripe_audit.observers.interface import eventually
from stripe_audit.webhooks.endpoints import Registered, endpoints_at

__all__ = ["INVOICE_TWINS", "Twice", "routes_told_of", "tell_of_an_invoice_twice"]

INVOICE_TWINS = ("invoice.paid", "invoice.payment_succeeded")
_CARD = "pm_card_visa"
_LEAST_S = 0.6
"""How long the second event's effect is waited for at least."""


@dataclass(frozen=True, slots=True)
class Twice:
    """What was seen of an invoice's effects before the first event, after it, and after the second.

    Each is a count by what it is: ``fulfilled``, or ``mail: SUBJECT``.
    """

    before: Counter[str]
    first: Counter[str]
    second: Counter[str]

    @property
    def repeated(self) -> list[str]:
        """What is there twice or more since the second event. Mails take their time, so one may come after both."""
        first, second = self.first - self.before, self.second - self.before
        return sorted(what for what, count in second.items() if count > max(1, first[what]))

    @property
    def is_visible(self) -> bool:
        """Whether either event had an effect that can be seen."""
        return bool(self.second - self.before)


def routes_told_of(ctx: Context, known: list[Registered], kind: str) -> list[WebhookRoute]:
    """The routes of known secret that hear of a type: as declared, or as an endpoint of the account is subscribed.

    A route of which neither says anything is for every type.
    """

    def hears(route: WebhookRoute) -> bool:
        here = endpoints_at(ctx.spec.url + route.path, [one for one in known if one.is_enabled])
        types = {*route.events, *(name for one in here for name in one.events)}
        return not types or bool({kind, "*"} & types)

    return [route for route in ctx.spec.webhooks if route.secret and hears(route)]


async def tell_of_an_invoice_twice(ctx: Context, first: WebhookRoute, second: WebhookRoute) -> Twice:
    """Let an invoice be paid at Stripe, keep its events back, and deliver its two events one after the other.

    The invoice is that of a subscription which the target sells, where it sells one; else of a customer of our own.
    Raises Inconclusive where there is no such invoice.
    """
    try:
        values, invoice = await _subscribed(ctx) if _sells(ctx) else await _invoiced(ctx)
    except StripeError as error:
        raise Inconclusive(f"no invoice could be paid at Stripe: {error}", supply="target.plans") from None
    events = {event["type"]: event for event in await ctx.stripe.events(invoice)}
    if missing := [kind for kind in INVOICE_TWINS if kind not in events]:
        raise Inconclusive(f"Stripe has no {' and no '.join(missing)} for a paid invoice")
    before = await _effects(ctx, values)
    began = time.monotonic()
    await ctx.deliver(first, events[INVOICE_TWINS[0]])
    once, _ = await eventually(lambda: _effects(ctx, values), lambda seen: bool(seen - before), within=ctx.patience)
    within = min(ctx.patience, max(_LEAST_S, 3 * (time.monotonic() - began)))  # what the first could, the second can
    await ctx.deliver(second, events[INVOICE_TWINS[1]])
    twice, _ = await eventually(
        lambda: _effects(ctx, values), lambda seen: bool(Twice(before, once, seen).repeated), within=within
    )
    return Twice(before, once, twice)


def _sells(ctx: Context) -> bool:
    return ctx.target.has("subscribe") and any(not plan.has_trial for plan in ctx.spec.plans)


async def _subscribed(ctx: Context) -> tuple[dict[str, Any], str]:
    """A subscription through the target's own route, and its first invoice, paid."""
    plan = next(plan for plan in ctx.spec.plans if not plan.has_trial)
    values = ctx.payments.fresh(item=plan, role="subscribe")
    await ctx.stripe.hold(mentions=str(values["order"]))
    answer = (await ctx.payments.attempt(values, role="subscribe")).answer
    if not answer.is_success:
        supply = "target.routes.subscribe and target.plans"
        raise Inconclusive(f"subscribe answered {answer.status} (exchange {answer.exchange})", supply=supply)
    found = ctx.target.mapped("subscribe", answer, "subscription")
    await ctx.stripe.hold(object=str(found["subscription"]))
    expand = ["latest_invoice.payments"]
    invoice = (await ctx.stripe.get(f"/v1/subscriptions/{found['subscription']}", expand=expand))["latest_invoice"]
    if invoice["status"] != "paid":
        entries = (invoice.get("payments") or {}).get("data") or []
        intent = next((one["payment"]["payment_intent"] for one in entries if one.get("payment")), None)
        if intent is None:
            raise Inconclusive("the first invoice of the subscription has nothing to pay")
        await ctx.stripe.hold(object=intent)
        secret = (await ctx.stripe.get(f"/v1/payment_intents/{intent}"))["client_secret"]
        await ctx.stripe.confirm(secret, _CARD)
    return {**values, "order": found.get("order") or values["order"]}, str(invoice["id"])


async def _invoiced(ctx: Context) -> tuple[dict[str, Any], str]:
    """An invoice of a customer of our own, as an operator makes one in the Dashboard, paid."""
    item = next(iter((*ctx.spec.plans, *ctx.spec.items)), None)
    amount, currency = _price(item)
    order = f"{ctx.payments.reference()}-invoice"
    email, told = f"{order}@example.com", {"order": order, "order_id": order}
    await ctx.stripe.hold(mentions=order)
    customer = (
        await ctx.stripe.post(
            "/v1/customers",
            email=email,
            metadata=told,
            payment_method=_CARD,
            invoice_settings={"default_payment_method": _CARD},
        )
    )["id"]
    await ctx.stripe.hold(object=customer)
    await ctx.stripe.post("/v1/invoiceitems", customer=customer, amount=amount, currency=currency)
    made = await ctx.stripe.post(
        "/v1/invoices",
        customer=customer,
        auto_advance=False,
        currency=currency,
        pending_invoice_items_behavior="include",
        metadata=told,
    )
    await ctx.stripe.hold(object=made["id"])
    await ctx.stripe.post(f"/v1/invoices/{made['id']}/finalize")
    await ctx.stripe.post(f"/v1/invoices/{made['id']}/pay")
    return {"order": order, "email": email}, str(made["id"])


def _price(item: Item | None) -> tuple[int, str]:
    return (to_minor(item.price, item.currency), item.currency) if item else (2000, "usd")


async def _effects(ctx: Context, values: dict[str, Any]) -> Counter[str]:
    """What the customer got so far, as far as it can be seen."""
    seen: Counter[str] = Counter()
    try:
        seen.update(f"mail: {mail.subject}" for mail in ctx.mail.messages(to=str(values["email"])))
    except Skip:
        pass
    try:
        order = await ctx.orders.read(str(values["order"]))
    except Skip:
        order = None
    seen["fulfilled"] = (order.fulfilled or 0) if order else 0
    return seen
