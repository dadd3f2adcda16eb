"""Members of a request that are not the customer's to set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from stripe_audit import Call, Check, Context, Effect, Finding, OrderState, Severity, Uses, trials

ACCOUNT, CUSTOMER = "acct_1StripeAuditOther", "cus_StripeAuditOther"
STATES = {
    "status": "paid",
    "state": "paid",
    "payment_status": "paid",
    "paymentStatus": "paid",
    "paid": True,
    "isPaid": True,
    "is_paid": True,
    "fulfilled": 1,
    "paid_at": "2026-01-01T00:00:00Z",
    "role": "admin",
}
"""What an order's record has of its own."""
PARAMETERS: Mapping[str, tuple[Any, Severity]] = {
    "on_behalf_of": (ACCOUNT, Severity.CRITICAL),
    "transfer_data": ({"destination": ACCOUNT}, Severity.CRITICAL),
    "application_fee_amount": (1, Severity.HIGH),
    "customer": (CUSTOMER, Severity.HIGH),
    "payment_method": ("pm_stripe_audit_other", Severity.HIGH),
    "setup_future_usage": ("off_session", Severity.MEDIUM),
    "capture_method": ("manual", Severity.MEDIUM),
    "statement_descriptor_suffix": ("AUDIT", Severity.LOW),
}
"""Stripe's own parameters (docs.stripe.com/api/payment_intents/create), and what it means if a visitor sets them."""


class PaymentFieldsNotAssignable(Check):
    """A customer sets no field of an order or a payment that is not theirs to set.

    What it checks:
        Makes an ordinary payment, and then asks for two more with members besides the declared ones: such as an order's
        own record has (``status: paid``, ``fulfilled``), and Stripe's parameters (``transfer_data``, ``on_behalf_of``,
        ``customer`` and others). The new order must not be paid, and the call that reaches Stripe must not carry them.
        To refuse the request is as good as to ignore them. Amounts are a matter of payment-amount-not-trusted.

    Why it matters:
        Code that copies the whole body into a record or into Stripe's call lets visitors write what they like: orders
        are paid without money, money goes to another account, another customer's cards are charged.

    How to fix:
        Name the members that are taken, one by one, and drop the rest: zod with ``.strict()``, Fastify's
        ``additionalProperties: false``, a serializer's ``fields``, Rails' ``permit``, Laravel's ``validated()``. Never
        spread ``req.body`` into a record or into ``paymentIntents.create``.
    """

    id = "payment-fields-not-assignable"
    task = "4.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("OWASP API3:2023", "ASVS 15.3.3", "PCI DSS 6.2.4", "CWE-915")
    max_requests = 12
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, then those with members besides."""
        ordinary, label = await trials.proven_payment(ctx), ctx.target.route("create_payment").label
        sent = {name: value for name, (value, _) in PARAMETERS.items()}
        passing = await trials.create_with_members(ctx, sent)
        for name, severity in passed_on(passing.calls):
            seen = ctx.evidence(passing.calls[0].line, passing.answer, data={name: sent[name]})
            detail = f"{name} of the request reached Stripe as it was: {sent[name]}."
            told = ("A visitor sets Stripe's parameters", detail, seen)
            yield ctx.finding(*told, severity=severity, route=label, discriminator=name)
        assigning = await trials.create_with_members(ctx, STATES)
        if not trials.has_orders(ctx):
            ctx.note("no way to read orders is declared (observers.order), so only Stripe's parameters were looked at")
            return
        before, order = await ctx.orders.read(ordinary), await ctx.orders.read(assigning.order)
        if before is not None and is_done(before.state, before.fulfilled):
            ctx.inconclusive("an order counts as paid before it is", supply="observers.order.states")
        if order is not None and is_done(order.state, order.fulfilled):
            seen = ctx.evidence("the order after the request", assigning.answer, data={"state": str(order.state)})
            how = f"{order.state}, and handed over" if order.fulfilled else f"{order.state}"
            detail = f"After a request with {', '.join(STATES)} the order is {how}; nobody has paid."
            title, worst = "A visitor marks an order as paid", Severity.CRITICAL
            yield ctx.finding(title, detail, seen, severity=worst, route=label, discriminator="state")


def passed_on(calls: Sequence[Call]) -> list[tuple[str, Severity]]:
    """The members that a call carries with the very values that were sent."""
    return [
        (name, severity)
        for name, (value, severity) in PARAMETERS.items()
        if any(alike(call.params.get(name), value) for call in calls)
    ]


def alike(carried: Any, sent: Any) -> bool:
    """Whether a call's parameter is what was sent; forms turn numbers into texts."""
    if isinstance(sent, Mapping):
        return isinstance(carried, Mapping) and all(alike(carried.get(key), value) for key, value in sent.items())
    return carried is not None and str(carried) == str(sent)


def is_done(state: OrderState | None, fulfilled: int | None) -> bool:
    """Whether an order counts as paid or has been handed over."""
    return state is OrderState.PAID or bool(fulfilled)
