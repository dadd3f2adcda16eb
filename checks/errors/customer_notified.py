"""What the customer hears of a payment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Mail, Severity, Uses, trials


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
        that. A paid order needs one; the same subject twice is once too often. Where the PaymentIntent has a
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
    needs = ("route:create_payment", "items", "stripe", "observer:mail")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/receipts", "docs.stripe.com/declines#customer-communication")
    max_requests = 10
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Pay one, decline one, read the mails."""
        if not trials.takes(ctx, "create_payment", "email"):
            ctx.inconclusive("a payment's request carries no address", supply="target.routes.create_payment.body")
        (paid, by_stripe), (declined, _) = await asyncio.gather(
            mails_after(ctx, "pm_card_visa", refund=True), mails_after(ctx, "pm_card_visa_chargeDeclined")
        )
        dead = await trials.dead_links(ctx, declined)
        if by_stripe:
            also = "as well, so that in live mode two come" if paid else "in live mode; this was not seen"
            ctx.note(f"receipt_email is set: Stripe sends a receipt {also}")
        route = ctx.target.route("create_payment").label
        for about, mails, wrong in (
            ("a payment that succeeded", paid, assess_paid(paid, by_stripe=by_stripe)),
            ("a declined card", declined, assess_declined(declined, dead)),
        ):
            for one in wrong:
                seen = ctx.evidence(f"mails after {about}", data={"subjects": [mail.subject for mail in mails]})
                yield ctx.finding(one.title, one.detail, seen, severity=one.severity, route=route, discriminator=one.id)


async def mails_after(ctx: Context, payment_method: str, *, refund: bool = False) -> tuple[list[Mail], bool]:
    """What the customer gets once the payment was tried (and half of it given back), and whether from Stripe, too."""
    payment = await ctx.payments.new()
    await trials.settled(ctx, [payment.intent])
    before = len(ctx.mail.messages(to=payment.email))
    answer = await ctx.payments.confirm(payment, payment_method)
    if answer.state not in ("succeeded", "requires_payment_method"):
        ctx.inconclusive(f"a payment with {payment_method} is {answer.state} at Stripe")
    await ctx.mails(to=payment.email, least=before + 1)
    await trials.settled(ctx, [payment.intent])
    mails = await ctx.mails(to=payment.email, least=before + 2, within=0.3)
    intent = await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}")
    if refund and mails[before:]:
        await trials.give_back_half(ctx, payment)
        known = {(mail.subject, mail.body) for mail in mails}
        later = (await ctx.mails(to=payment.email, least=len(mails) + 1, within=0.3))[len(mails) :]
        mails += [mail for mail in later if (mail.subject, mail.body) in known]
    return mails[before:], bool(intent.get("receipt_email"))


def assess_paid(mails: Sequence[Mail], *, by_stripe: bool) -> list[Wrong]:
    """What is wrong with the mails after a success."""
    if not mails and not by_stripe:
        detail = "The payment succeeded, no mail came, and Stripe was not asked for a receipt (receipt_email)."
        return [Wrong("receipt", Severity.MEDIUM, "A customer who paid hears nothing", detail)]
    return repeated(mails)


def assess_declined(mails: Sequence[Mail], dead: Sequence[str] = ()) -> list[Wrong]:
    """What is wrong with the mails after a decline."""
    if not mails:
        detail = "The card was declined, and no mail says so or how to try again."
        return [Wrong("decline", Severity.LOW, "A declined customer hears nothing", detail)]
    if not any(map(trials.links_in, mails)):
        detail = "The mail after a decline holds no link and no path at which the customer could pay."
        return [Wrong("link", Severity.LOW, "A declined customer is told of no way to try again", detail)]
    if dead:
        detail = f"The mail after a decline leads to {dead[0].partition('?')[0]}, and nothing is there."
        return [Wrong("dead", Severity.LOW, "The way to try again leads nowhere", detail), *repeated(mails)]
    return repeated(mails)


def repeated(mails: Sequence[Mail]) -> list[Wrong]:
    """Mails that came more than once for one payment."""
    most = Counter(mail.subject for mail in mails).most_common(1)
    if not most or most[0][1] == 1:
        return []
    detail = f"One payment, and {most[0][1]} mails with the same subject."
    return [Wrong("repeated", Severity.MEDIUM, "A customer gets the same mail again", detail)]
