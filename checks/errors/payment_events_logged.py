"""What the log tells of a payment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

from stripe_audit import Check, Context, Effect, Finding, LogLine, Severity, Uses, trials

EVENTS = {"payment_intent.succeeded": "a success", "payment_intent.payment_failed": "a failure"}
MORE_EVENTS = {
    "payment_intent.canceled": ("a cancellation", "canceled"),
    "charge.refunded": ("a refund", "refunded"),
    "charge.dispute.created": ("a dispute", "disputed"),
}
"""Looked at where an endpoint is declared for them: what they are, and the journey that leads there."""
QUIET = {"info", "notice", "debug", "trace"}


class PaymentEventsLogged(Check):
    """Each event of a payment leaves a line in the log that names the payment.

    What it checks:
        Pays one order and has another declined while what Stripe tells of it is kept back, delivers the one event of
        each, and looks for a line that came after that and holds the order's reference, the PaymentIntent's or the
        charge's id. So lines from the creation of the payment do not count. The same is done for a cancellation, a
        refund and a dispute, where an endpoint is declared for their events. A line that has only the event's id is
        told as a low finding, and so are JSON lines of which none has a level. A failure that is logged no louder than
        a success is told as a note.

    Why it matters:
        "I was charged and have no order" is answered from the log, or not at all. PCI DSS asks for a trail of such
        events, too.

    How to fix:
        In the webhook handler, log one structured line per event with the order's reference, the PaymentIntent's id,
        the event's id and type, and the new state: ``info`` for a success, ``warning`` or ``error`` for a failure.
        Keep Stripe's ``Request-Id`` of failed calls beside it.
    """

    id = "payment-events-logged"
    task = "5.2"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:logs")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#best-practices", "PCI DSS 10.2.1", "ASVS 16.2.1", "CWE-778")
    max_requests = 20
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Tell of one event of each type, then read what was logged since."""
        trials.log_mark(ctx)
        types = [*EVENTS, *(name for name in MORE_EVENTS if any(name in one.events for one in ctx.spec.webhooks))]
        seen_of = dict(zip(types, await trials.together(logged(ctx, name) for name in types), strict=True))
        known = [line for _, _, lines in seen_of.values() for line in lines]
        if known and all(line.fields is not None and not line.level for line in known):
            detail = f"None of {len(known)} lines about payments has a level, so that nothing can be alerted to by it."
            said = ctx.evidence("in the log", data={"lines": [line.text[:300] for line in known[:3]]})
            yield ctx.finding("The log has no levels", detail, said, severity=Severity.LOW, discriminator="level")
        for event_type, (names, event, lines) in seen_of.items():
            if (
                "failed" in event_type
                and {line.level for line in lines} & QUIET
                and not any(map(trials.is_alarming, lines))
            ):
                ctx.note("a failed payment is logged no louder than a successful one")
            if wrong := assess(event_type, names, lines):
                severity, title, detail = wrong
                seen = ctx.evidence(f"{event_type} {event} was acknowledged", data={"lines": [o.text for o in lines]})
                route = ctx.webhook_for(event_type).label
                yield ctx.finding(title, detail, seen, severity=severity, route=route, discriminator=event_type)


async def logged(ctx: Context, event_type: str) -> tuple[Collection[str], str, list[LogLine]]:
    """Deliver one event of a payment of its own: what the payment is known by, the event, the lines about them."""
    if event_type in EVENTS:
        told = await trials.told_after(ctx, event_type)
        assert told.about is not None
        about, data = told.about, told.event
    else:
        about = await trials.travel(ctx, MORE_EVENTS[event_type][1], is_held=True)
        disputes = await ctx.stripe.get("/v1/disputes", payment_intent=about.intent)
        objects = [about.intent, *(dispute["id"] for dispute in disputes["data"])]
        told_of = [event for name in objects for event in await ctx.stripe.events(name) if event["type"] == event_type]
        if not told_of:
            ctx.inconclusive(f"Stripe has no {event_type} for the payment")
        data = told_of[-1]
    names, event = await trials.names_of(ctx, about), str(data["id"])
    mark = ctx.logs.mark()
    answer = await ctx.deliver(ctx.webhook_for(event_type), data)
    if not answer.is_success:
        ctx.inconclusive(f"{event_type} was answered {answer.status}, so there is no effect to be logged")
    await ctx.log_lines(mark, lambda line: trials.is_named(line.text, names))
    return names, event, await ctx.log_lines(mark, lambda line: trials.is_named(line.text, {*names, event}))


def assess(event_type: str, names: Collection[str], lines: Sequence[LogLine]) -> tuple[Severity, str, str] | None:
    """What is wrong with the lines about an event: severity, title, detail."""
    what = EVENTS.get(event_type) or MORE_EVENTS[event_type][0]
    if any(trials.is_named(line.text, names) for line in lines):
        return None
    if lines:
        detail = "It has the event's id alone: who looks for an order or a PaymentIntent does not find it."
        return Severity.LOW, f"The line about {what} does not name the payment", detail
    detail = f"After {event_type} no line names the order, the PaymentIntent, the charge or the event."
    return Severity.MEDIUM, f"The log knows nothing of {what}", detail
