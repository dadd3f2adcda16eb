"""The types of webhook events that Stripe is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, webhooks


class Need(NamedTuple):
    """What an app that has a route of this role must hear of: one of these types, or it misses something."""

    role: str
    types: tuple[str, ...]
    what: str
    severity: Severity


NEEDED = (
    Need(
        "create_payment",
        ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"),
        "payments that succeed",
        Severity.HIGH,
    ),
    Need("create_payment", ("payment_intent.payment_failed", "charge.failed"), "payments that fail", Severity.MEDIUM),
    Need("checkout", ("checkout.session.completed",), "checkouts that are completed", Severity.HIGH),
    Need(
        "checkout",
        ("checkout.session.async_payment_succeeded", "payment_intent.succeeded"),
        "money that comes days after the checkout",
        Severity.MEDIUM,
    ),
    Need("subscribe", ("invoice.paid", "invoice.payment_succeeded"), "invoices that are paid", Severity.HIGH),
    Need("subscribe", ("invoice.payment_failed",), "renewals that fail", Severity.MEDIUM),
    Need("subscribe", ("customer.subscription.deleted",), "subscriptions that end", Severity.MEDIUM),
)
TWINS = ("invoice.paid", "invoice.payment_succeeded")


class WebhookEventsSubscribed(Check):
    """Stripe is asked for the webhook events that the target needs.

    What it checks:
        Takes the types of events that the account's endpoints are subscribed to, and compares them with those that the
        settings declare for each route, and with what an app of this kind must hear of: with ``create_payment``,
        payments that succeed and that fail; with ``checkout``, sessions that are completed, and money that comes later;
        with ``subscribe``, invoices that are paid, renewals that fail, subscriptions that end. A subscription to all
        types (``*``), one to both ``invoice.paid`` and ``invoice.payment_succeeded``, and none to refunds or disputes
        are noted.

    Why it matters:
        What Stripe is not asked for never comes: a handler without its subscription is dead code that looks alive.
        Money that is taken and never told of is found out by customers.

    How to fix:
        Workbench → Webhooks → the endpoint → Edit: select the types that are handled, no more and no less. Keep the
        list in code (``stripe webhook_endpoints update``, Terraform), so that a new handler has its subscription.
        What each kind of app needs: docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-events-subscribed"
    task = "2.3"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "stripe")
    effect = Effect.READ
    uses = Uses(shared=("stripe",))
    references = (
        *("docs.stripe.com/api/events/types", "docs.stripe.com/webhooks#event-types"),
        *("docs.stripe.com/billing/subscriptions/webhooks", "docs.stripe.com/checkout/fulfillment"),
    )
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Compare three lists: subscribed, declared, needed."""
        listed = await ctx.stripe.get("/v1/webhook_endpoints", limit=100)
        known = [one for one in map(webhooks.registered, listed["data"]) if one.is_enabled]
        if webhooks.is_out_of_reach(ctx.spec.url, known):
            ctx.inconclusive("Stripe delivers nothing to this machine", supply="target.url of a deployment")
        subscribed = {kind for one in known for kind in one.events}
        for route in ctx.spec.webhooks:
            here = webhooks.endpoints_at(ctx.spec.url + route.path, known)
            missing = sorted(unheard(route.events, {kind for one in here for kind in one.events})) if here else []
            if missing:
                detail = f"{route.path} is declared for {', '.join(missing)}, and its endpoint is not subscribed to it."
                evidence = ctx.evidence("subscribed", data={one.id: list(one.events) for one in here})
                title = "An event that a route is for is not subscribed to"
                yield ctx.finding(title, detail, evidence, route=route.label)
        for need in lacking(subscribed, ctx.spec.routes):
            detail = (
                f"The target has a route {need.role}, and no endpoint is subscribed to any of {', '.join(need.types)}."
            )
            evidence = ctx.evidence("subscribed by all endpoints", data={"types": sorted(subscribed)})
            title = f"Stripe does not tell of {need.what}"
            yield ctx.finding(title, detail, evidence, severity=need.severity, discriminator=need.what)
        for told in notes(subscribed):
            ctx.note(told)


def unheard(declared: Sequence[str], subscribed: Collection[str]) -> set[str]:
    """The declared types that an endpoint is not subscribed to."""
    return set() if "*" in subscribed else {kind for kind in declared if kind != "*"} - {*subscribed}


def lacking(subscribed: Collection[str], routes: Mapping[str, object]) -> Iterator[Need]:
    """What an app with these routes needs, and is not told of."""
    for need in NEEDED:
        if need.role in routes and "*" not in subscribed and not {*need.types} & {*subscribed}:
            yield need


def notes(subscribed: Collection[str]) -> Iterator[str]:
    """What is harmless, or only a question."""
    if "*" in subscribed:
        yield "an endpoint is subscribed to all types (*): some types are sent only if they are named"
    if {*TWINS} <= {*subscribed}:
        yield f"{' and '.join(TWINS)} are both subscribed to: most paid invoices send both, so fulfil by one of them"
    for what, start in (("refunds", ("charge.refund", "refund.")), ("disputes", ("charge.dispute.",))):
        if "*" not in subscribed and not any(kind.startswith(start) for kind in subscribed):
            yield f"no endpoint is subscribed to {what}: who gives access must hear of them"
