"""What a subscriber hears of a renewal that was declined."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Mail, Notification, Severity, Uses, trials


class Wrong(NamedTuple):
    """A flaw in what the subscriber got."""

    id: str
    severity: Severity
    title: str
    detail: str


class FailedRenewalTold(Check):
    """A subscriber whose renewal is declined is told so, with a way to pay.

    What it checks:
        Subscribes to a plan without a trial, pays the first month, has the card declined when the second is due, and
        reads the mails that come to the customer's own address after that, while Stripe says past_due, and what is
        posted to the path for customers (``customers_at`` of ``observers.notifications``). There must be one with a
        link, and none twice.

    Why it matters:
        A tenth of all renewals is declined at first, mostly since a card has expired. Who is told pays with another
        card; who is not is cut off weeks later without knowing why, and leaves. Stripe's own mails to customers are a
        setting of the account, and are never sent in test mode.

    How to fix:
        On the first ``invoice.payment_failed`` of an invoice send a mail with a link to where the card can be changed
        (the invoice's ``hosted_invoice_url``, the customer portal, a page of your own), keyed by the invoice. Do not
        wait until the last retry has failed.
    """

    id = "failed-renewal-told"
    task = "5.3"
    severity = Severity.MEDIUM
    needs = ("route:subscribe", "plans", "stripe", "observer:customers")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "docs.stripe.com/billing/revenue-recovery/customer-emails",
        "docs.stripe.com/billing/subscriptions/webhooks",
    )
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Subscribe, have the renewal declined, read what the customer is told."""
        if not trials.hears_customers(ctx, "subscribe"):
            ctx.inconclusive("a subscription's request carries no address", supply="target.routes.subscribe.body")
        told = await trials.told_after_declined_renewal(ctx)
        route = ctx.target.route("subscribe").label
        for wrong in assess(told):
            seen = ctx.evidence("messages after a declined renewal", data={"subjects": [one.subject for one in told]})
            yield ctx.finding(
                wrong.title, wrong.detail, seen, severity=wrong.severity, route=route, discriminator=wrong.id
            )


def assess(told: Sequence[Mail | Notification]) -> list[Wrong]:
    """What is wrong with what came after a declined renewal."""
    if not told:
        detail = "The second month was declined, the subscription is past_due at Stripe, and no message came."
        return [Wrong("untold", Severity.MEDIUM, "A subscriber is not told that a renewal was declined", detail)]
    wrong = []
    if not any(map(trials.links_in, told)):
        detail = "No message after a declined renewal holds a link or a path at which the customer could pay."
        wrong.append(Wrong("link", Severity.LOW, "A subscriber is told of no way to pay", detail))
    most = Counter((one.subject, one.body) for one in told).most_common(1)[0][1]
    if most > 1:
        detail = f"One invoice could not be paid, and the same message came {most} times."
        wrong.append(Wrong("repeated", Severity.LOW, "A subscriber gets the same message again", detail))
    return wrong
