"""Prices that the customer names once the order is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, money, trials


class LaterPricesNotTrusted(Check):
    """Checkout and another try cost what the order costs, whatever the request says.

    What it checks:
        Asks for Checkout Sessions, and for another try at orders, with sums of the customer's own: half the price under
        the usual names, discounts and negative extras, line items of their own, another currency. What Stripe then asks
        of the customer must be what it asks after an ordinary request; a refusal is as good. (For the first
        request of a payment see payment-amount-not-trusted.)

    Why it matters:
        The first price is often looked up with care, and the second way to pay passes on what the browser says. Whoever
        finds that way buys at a price of their own.

    How to fix:
        Make line items, amounts and currencies on the server, from the order, in every route that leads to Stripe.
        Never spread the request's body into ``checkout.sessions.create`` or ``paymentIntents.update``.
    """

    id = "later-prices-not-trusted"
    task = "6.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/checkout", "CWE-602", "CWE-472", "OWASP API3:2023")
    max_requests = 20
    max_objects = 10

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Each route that is declared, at the same time."""
        roles = [role for role in trials.LATER_PRICES if ctx.target.has(role)]
        if not roles:
            ctx.skip("neither a route for checkout nor one for another try is declared", setting="target.routes")
        tried = await trials.together(trials.reprice(ctx, role) for role in roles)
        sold = {(money.to_minor(item.price, item.currency), item.currency) for item in ctx.spec.items}
        for role, requests in zip(roles, tried, strict=True):
            if believed := [one for one in requests if is_believed(one, sold)]:
                told = [f"with {one.title}: {one.asked[0]} {one.asked[1]}" for one in believed if one.asked]
                seen = [ctx.evidence(text, one.answer) for text, one in zip(told, believed, strict=True)]
                due = believed[0].due
                detail = f"The price is {due[0]} {due[1]}; Stripe asks for, {'; '.join(told)}."
                label = ctx.target.route(role).label
                yield ctx.finding("The customer names the price", detail, *seen, route=label, discriminator=role)


def is_believed(one: trials.Repriced, sold: Collection[tuple[int, str]]) -> bool:
    """Whether the customer's word was taken. ``sold`` are the prices of the declared items."""
    if one.asked is None or one.asked == one.due:
        return False
    (asked, currency), (due, own) = one.asked, one.due
    if currency == own:
        return True
    same_number = (due, round(money.from_minor(due, own)))
    return asked in same_number and one.asked not in sold
