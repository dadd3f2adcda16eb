"""The target is killed while it handles webhook events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class Wrong(NamedTuple):
    """What is wrong with the orders of some moments."""

    id: str
    severity: Severity
    title: str
    detail: str
    met: tuple[trials.Crashed, ...]


class WebhookSurvivesCrash(Check):
    """A webhook event whose handling is cut off by a crash has its effect once.

    What it checks:
        Pays orders, sends their events one shortly after the other, and kills the launched target (SIGKILL) when some
        of them are acknowledged, so that each is met at another moment. Then again while every call out that handling
        makes, to Stripe, to the mail server and to the sink for notifications, waits for its answer. The target is
        started again; what it had not acknowledged is delivered again, as Stripe would, and in the end everything once
        more. Each order must be paid and fulfilled once, and its customer told where customers are.

    Why it matters:
        Every deployment, lack of memory and reboot kills a handler somewhere. An event that is noted as done before the
        work, or acknowledged and kept in memory, is lost then: the customer has paid for nothing, and nothing says so.
        One that is noted too late sends the goods twice.

    How to fix:
        Write the note that an event was handled and its effect in one transaction of the database. Where the effect
        lies elsewhere (a mail, a warehouse), write an outbox row in that transaction, and let a worker send it until
        it is sent, with a key that the other side knows again. Acknowledge an event after it was stored, not before.
    """

    id = "webhook-survives-crash"
    task = "6.4"
    severity = Severity.CRITICAL
    needs = ("launch", "route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries", "faults"), alone=("process", "target"))
    references = ("docs.stripe.com/webhooks#retries", "docs.stripe.com/webhooks#handle-duplicate-events", "CWE-460")
    timeout = 120
    max_requests = 400
    max_objects = trials.MOMENTS + 8

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Kill it twice, and look at every order."""
        seen = await trials.crash_while_handling(ctx)
        if seen.usual is None:
            ctx.inconclusive("no order is found where nothing was killed", supply="observers.order")
        if not seen.crashed:
            state = f"{seen.usual.raw_state!r}, fulfilled {seen.usual.fulfilled or 0} times"
            ctx.inconclusive(f"a payment whose events were handled in peace is {state}", supply="observers.order")
        if seen.usual.fulfilled is None:
            ctx.note("how often it is fulfilled is not seen: target.routes.order.response.fulfilled names no field")
        for name in seen.unmet:
            ctx.note(f"not killed while {name} waited: other calls kept it from being made")
        label = ctx.webhook_for("payment_intent.succeeded").label
        for wrong in assess(seen.crashed):
            data = {one.title: order.summary if (order := one.later or one.order) else None for one in wrong.met}
            evidence = ctx.evidence(f"killed while {len(seen.crashed)} events were handled", data=data)
            told = (wrong.title, wrong.detail, evidence)
            yield ctx.finding(*told, severity=wrong.severity, route=label, discriminator=wrong.id)


def assess(crashed: Sequence[trials.Crashed]) -> list[Wrong]:
    """What is wrong, by kind; each names the moments."""
    lost = [one for one in crashed if one.order is None or not one.order.is_paid or one.order.fulfilled == 0]
    doubled = [one for one in crashed if any((order.fulfilled or 0) > 1 for order in (one.order, one.later) if order)]
    untold = [one for one in crashed if one.untold and one not in lost]
    kinds = (
        ("acknowledged", Severity.CRITICAL, "Acknowledged events are lost in a crash", "lost", lost, True),
        ("unanswered", Severity.CRITICAL, "Events that come again after a crash are ignored", "lost", lost, False),
        ("doubled", Severity.CRITICAL, "A crash makes an event have its effect twice", "doubled", doubled, None),
        ("untold", Severity.MEDIUM, "A crash keeps customers from hearing of their payment", "untold", untold, None),
    )
    states = {
        "lost": "are not paid and fulfilled",
        "doubled": "were fulfilled twice",
        "untold": "were paid, and nobody told the customer",
    }
    wrong = []
    for identity, severity, title, state, found, wanted in kinds:
        if met := [one for one in found if wanted in (None, one.is_acknowledged)]:
            moments = "; ".join(one.title for one in met[:4])
            detail = f"{len(met)} of {len(crashed)} orders {states[state]}. The target was killed: {moments}."
            wrong.append(Wrong(identity, severity, title, detail, tuple(met)))
    return wrong
