"""An invoice that is paid, of which Stripe tells by two webhook events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source, trials, webhooks


class PaidInvoiceCountedOnce(Check):
    """A paid invoice has its effect once, though two webhook events tell of it.

    What it checks:
        Where the webhook endpoints hear of both ``invoice.paid`` and ``invoice.payment_succeeded``, as declared or as
        subscribed to in the account, lets one invoice be paid at Stripe (of a subscription that the target sells, or of
        a customer of ours), and delivers its two events one after the other. What the first brought about (an order
        that is fulfilled, a mail to the customer) the second must not bring about again. Where only one of the two is
        heard of, nothing can double. Where no effect shows, the places in the code that name both are told.

    Why it matters:
        Most paid invoices send both events, with two ids: a handler that remembers ids of events takes them for two
        payments. The customer gets two months, two licences or two mails for the money of one.

    How to fix:
        Subscribe to ``invoice.paid`` alone; it also comes for what was paid outside of Stripe. While both are still
        needed, remember the invoice's id beside the event's: one invoice, one effect. See
        docs/fixes/webhook-endpoints.md.
    """

    id = "paid-invoice-counted-once"
    task = "2.3"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        *("docs.stripe.com/billing/subscriptions/webhooks", "docs.stripe.com/webhooks#handle-duplicate-events"),
        *("docs.stripe.com/api/events/types", "ASVS 2.3.4", "CWE-837"),
    )
    max_requests = 80
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """See who hears of what, and tell of one invoice twice."""
        listed = await ctx.stripe.get("/v1/webhook_endpoints", limit=100)
        known = [webhooks.registered(one) for one in listed["data"]]
        told = {kind: trials.routes_told_of(ctx, known, kind) for kind in trials.INVOICE_TWINS}
        heard = [kind for kind, routes in told.items() if routes]
        if not heard:
            ctx.skip("no endpoint is for invoices that are paid", setting="target.routes.webhook[].events")
        if len(heard) == 1:
            ctx.note(f"of paid invoices only {heard[0]} is heard, so nothing is told twice")
            return
        first, second = (told[kind][0] for kind in trials.INVOICE_TWINS)
        seen = await trials.tell_of_an_invoice_twice(ctx, first, second)
        if seen.repeated:
            detail = "One invoice was paid. After invoice.paid and invoice.payment_succeeded there is twice: "
            evidence = ctx.evidence("effects of one invoice", data={"first": seen.first, "second": seen.second})
            told_of = (f"{detail}{'; '.join(seen.repeated)}.", evidence)
            yield ctx.finding("A paid invoice has its effect twice", *told_of, route=second.label)
        elif not seen.is_visible:
            places = await _named(ctx)
            if not places and not ctx.target.has("subscribe"):
                ctx.skip("nothing shows that the target acts upon invoices", setting="target.routes.subscribe")
            where = f"; the code names both at {', '.join(places)}" if places else ""
            ctx.inconclusive(
                f"both events of paid invoices are heard of, and no effect of either shows{where}",
                supply="observers.order or observers.mail, and target.routes.subscribe with target.plans",
            )


async def _named(ctx: Context) -> list[str]:
    """Where the code compares with the two types, if it does with both."""
    if ctx.project.root is None:
        return []
    types = frozenset(webhooks.event_types())
    return both_named(source.named_types(await trials.read_source(ctx, source.read_code), types))


def both_named(named: Sequence[source.NamedType]) -> list[str]:
    """The first place of each of the two types; none where one of them is not named."""
    places = {one.name: f"{one.path}:{one.line}" for one in reversed(named) if one.name in trials.INVOICE_TWINS}
    return [places[kind] for kind in trials.INVOICE_TWINS] if len(places) == 2 else []
