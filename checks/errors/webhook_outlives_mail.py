"""A webhook event whose mail cannot be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Mail, Severity, Uses, trials


class Wrong(NamedTuple):
    """A flaw in how an event went whose mail could not be sent."""

    id: str
    severity: Severity
    title: str
    detail: str


class WebhookOutlivesMail(Check):
    """A mail server that fails decides neither whether an event is acknowledged nor whether the order is fulfilled.

    What it checks:
        Keeps back the answer to the mails of one customer while the target is told that the order is paid, and then
        refuses them for a while (451). The event must be acknowledged without waiting for that, the order be paid and
        fulfilled once, and the mail come by itself, once, as soon as mails are accepted again. It runs alone, since the
        mails of others may queue behind the one that waits.

    Why it matters:
        A mail in the handler ties payments to the slowest and least reliable service there is. If it fails the event is
        refused: Stripe repeats it for days, and each time either nothing happens or everything does once more. If the
        failure is swallowed, the receipt is lost.

    How to fix:
        Write the mail to an outbox in the transaction that marks the order paid, acknowledge, and have a worker send it
        and try again with growing pauses. Per framework: docs/fixes/outages.md.
    """

    id = "webhook-outlives-mail"
    task = "5.4"
    severity = Severity.HIGH
    needs = (
        "route:create_payment",
        "route:webhook",
        "webhook_secret",
        "items",
        "stripe",
        "observer:order",
        "observer:mail",
    )
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "faults"))
    references = ("docs.stripe.com/webhooks#best-practices", "rfc-editor.org/rfc/rfc5321#section-4.5.4", "CWE-755")
    max_requests = 60
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Keep the mail's answer back, tell of a payment, refuse the mail, and look."""
        lost = await trials.lose_mail(ctx)
        handling = lost.handling
        if handling.order is None:
            yield await trials.unrecorded(ctx, "There is no order whose mail could fail.")
            return
        if not lost.is_met:
            ctx.inconclusive("no mail is sent to a customer who has paid, so that none can fail")
        if handling.usual and not handling.usual.is_paid:
            ctx.inconclusive(f"with mails accepted, a paid order is {handling.usual.raw_state!r}, not paid, either")
        if not handling.is_taken_later:
            ctx.inconclusive(f"the event is refused with mails accepted, too; first it was answered {handling.told}")
        route = ctx.webhook_for("payment_intent.succeeded").label
        for wrong in assess(lost, ctx.patience):
            data = {**handling.order.summary, "answered": handling.told, "mails": [one.subject for one in lost.mails]}
            seen = ctx.evidence("the mail waited for an answer, and was refused", data=data)
            yield ctx.finding(
                wrong.title, wrong.detail, seen, severity=wrong.severity, route=route, discriminator=wrong.id
            )


def assess(lost: trials.MailLost, patience_s: float) -> list[Wrong]:
    """What is wrong with how it went; a mail counts as lost if it does not come within so many seconds."""
    handling, wrong = lost.handling, []
    state = f"{handling.order.raw_state!r}, fulfilled {handling.order.fulfilled or 0} times" if handling.order else ""
    if not handling.is_acknowledged:
        detail = f"The customer's mail could not be sent, and the event was answered {handling.told}."
        title = "A mail that fails decides whether an event is acknowledged"
        wrong.append(Wrong("refused", Severity.HIGH, title, detail))
    elif lost.has_waited:
        detail = "The event was acknowledged only after the mail server had answered, which took a second here."
        wrong.append(Wrong("waited", Severity.MEDIUM, "An acknowledgement waits for the mail server", detail))
    if handling.fate == "twice":
        detail = f"The mail could not be sent, and in the end the order is {state}."
        wrong.append(Wrong("twice", Severity.CRITICAL, "A mail that fails has the order fulfilled twice", detail))
    elif handling.fate != "once":
        detail = f"The mail could not be sent, and the order stays {state}."
        wrong.append(Wrong("undone", Severity.CRITICAL, "A mail that fails undoes a paid order", detail))
    return [*wrong, *assess_mails(lost.mails, patience_s)]


def assess_mails(mails: Sequence[Mail], patience_s: float) -> list[Wrong]:
    """What is wrong with the mails that came once they were accepted again."""
    if not mails:
        detail = f"The mail was refused once (451), and did not come again within {patience_s:g} s (audit.patience)."
        return [Wrong("lost", Severity.LOW, "A mail that cannot be sent at once does not come again", detail)]
    most = Counter((mail.subject, mail.body) for mail in mails).most_common(1)[0][1]
    if most == 1:
        return []
    detail = f"The mail was refused once, and then came {most} times."
    return [Wrong("repeated", Severity.LOW, "A mail that could not be sent at once comes more than once", detail)]
