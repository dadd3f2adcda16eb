"""What the customer hears of a payment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Mail, Notification, Severity, Uses, trials

Message = Mail | Notification


class Wrong(NamedTuple):
    """A flaw in what the customer got."""

    id: str
    severity: Severity
    title: str
    detail: str


class CustomerNotified(Check):
    """A customer is told once that the payment came, and after a decline how to try again.

    What it checks:
        Pays one order and has another declined, and reads the mails to each customer's own address that come after
        that, and what is posted to the path for customers (``customers_at`` of ``observers.notifications``: SMS,
        messengers) and names the order, the payment or the address. A paid order needs one; the same subject twice, or
        the same text by SMS, is once too often, a mail and an SMS are not. Where the PaymentIntent has a
        ``receipt_email`` and no mail comes, Stripe sends the receipt in live mode (never in test mode), which is told
        as a note and counts. Then part of the money is given back, and no mail may come again as it was. After a
        decline a mail with a link is expected, and a link of the target's must lead somewhere; without one the customer
        has only what the page showed, which is why its lack weighs little.

    Why it matters:
        Who hears nothing pays again, or asks the bank for the money back: a dispute costs a fee and counts against the
        account. Who is declined and hears nothing is lost.

    How to fix:
        Send the mail from the webhook handler that fulfils the order, keyed by the order so that a second event sends
        none: write it to an outbox in the same transaction. On ``payment_intent.payment_failed`` send one with a link
        to the order's payment page, and without the bank's reason.
    """

    id = "customer-notified"
    task = "5.3"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe", "observer:customers")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/receipts", "docs.stripe.com/declines#customer-communication")
    max_requests = 10
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Pay one, decline one, read what the customers are told."""
        if not trials.hears_customers(ctx, "create_payment"):
            ctx.inconclusive("a payment's request carries no address", supply="target.routes.create_payment.body")
        (paid, by_stripe), (declined, _) = await asyncio.gather(
            trials.customer_told(ctx, "pm_card_visa", refund=True),
            trials.customer_told(ctx, "pm_card_visa_chargeDeclined"),
        )
        dead = await trials.dead_links(ctx, declined)
        if by_stripe:
            also = "as well, so that in live mode two come" if paid else "in live mode; this was not seen"
            ctx.note(f"receipt_email is set: Stripe sends a receipt {also}")
        route = ctx.target.route("create_payment").label
        for about, told, wrong in (
            ("a payment that succeeded", paid, assess_paid(paid, by_stripe=by_stripe)),
            ("a declined card", declined, assess_declined(declined, dead)),
        ):
            for one in wrong:
                seen = ctx.evidence(f"messages after {about}", data={"subjects": [one.subject for one in told]})
                yield ctx.finding(one.title, one.detail, seen, severity=one.severity, route=route, discriminator=one.id)


def assess_paid(told: Sequence[Message], *, by_stripe: bool) -> list[Wrong]:
    """What is wrong with what came after a success."""
    if not told and not by_stripe:
        detail = "The payment succeeded, no message came, and Stripe was not asked for a receipt (receipt_email)."
        return [Wrong("receipt", Severity.MEDIUM, "A customer who paid hears nothing", detail)]
    return repeated(told)


def assess_declined(told: Sequence[Message], dead: Sequence[str] = ()) -> list[Wrong]:
    """What is wrong with what came after a decline."""
    if not told:
        detail = "The card was declined, and no message says so or how to try again."
        return [Wrong("decline", Severity.LOW, "A declined customer hears nothing", detail)]
    if not any(map(trials.links_in, told)):
        detail = "What the customer is told after a decline holds no link and no path at which the customer could pay."
        return [Wrong("link", Severity.LOW, "A declined customer is told of no way to try again", detail)]
    if dead:
        detail = f"The message after a decline leads to {dead[0].partition('?')[0]}, and nothing is there."
        return [Wrong("dead", Severity.LOW, "The way to try again leads nowhere", detail), *repeated(told)]
    return repeated(told)


def repeated(told: Sequence[Message]) -> list[Wrong]:
    """What came more than once for one payment."""
    most = Counter((type(one), one.subject) for one in told).most_common(1)
    if not most or most[0][1] == 1:
        return []
    is_mail = most[0][0][0] is Mail
    same = "mails with the same subject" if is_mail else "times the same notification"
    title = f"A customer gets the same {'mail' if is_mail else 'notification'} again"
    return [Wrong("repeated", Severity.MEDIUM, title, f"One payment, and {most[0][1]} {same}.")]
