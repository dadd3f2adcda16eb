"""What becomes of a payment that Stripe made, and of which the target never heard."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

CHARGED = ("succeeded", "processing", "requires_capture")


class PaymentKeyStable(Check):
    """A payment that is asked for again after Stripe's answer was lost is the same payment.

    What it checks:
        Loses Stripe's answers to all calls that the target makes for one order, though Stripe did what was asked, and
        sends the same request again with Stripe well. Then it counts the order's PaymentIntents that were not
        cancelled, and compares the idempotency keys in Stripe's journal: those of the target's repeated calls, and of
        the two requests. A key of the SDK's own is made anew for every request, so it proves nothing. One PaymentIntent
        is a pass, by whatever means.

    Why it matters:
        A connection breaks most often after the work is done. Whoever then asks with a new key makes a second payment
        beside the first: an open one that nobody knows, and where the server confirms payments, a second charge.

    How to fix:
        Make the idempotency key from what is bought, not from when it is asked for: the order's id and the number of
        the attempt. Keep it in the order before the call, and use it again until the call has an answer. Leave retries
        to the SDK, which repeats the key; a loop of your own must, too. Per framework: docs/fixes/idempotency.md.
    """

    id = "payment-key-stable"
    task = "5.4"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("target", "stripe", "deliveries", "faults"))
    references = ("docs.stripe.com/api/idempotent_requests", "docs.stripe.com/error-low-level#idempotency", "CWE-837")
    max_requests = 5
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Lose the answers, ask again, count."""
        sent = await trials.send_twice(ctx)
        made = {**sent.first_intents, **sent.later_intents}
        if not made:
            ctx.inconclusive("neither request made a PaymentIntent that is still there")
        if len(sent.keys) > 1:
            ctx.note(f"the target repeated its call {len(sent.keys) - 1} times")
        if sent.statuses[1] is None or sent.statuses[1] >= 400:
            ctx.note(f"the second request was answered {sent.statuses[1] or 'not at all'}")
        if wrong := assess(sent):
            severity, identity, title, detail = wrong
            data = {"keys": sent.keys, "keys_of_the_second_request": sent.later_keys, "statuses": list(made.values())}
            seen = ctx.evidence("the calls for one order, in Stripe's journal", data=data)
            route = ctx.target.route("create_payment").label
            yield ctx.finding(title, detail, seen, severity=severity, route=route, discriminator=identity)


def assess(sent: trials.SentTwice) -> tuple[Severity, str, str, str] | None:
    """What is wrong with the PaymentIntents of two like requests: severity, discriminator, title, detail."""
    made = {**sent.first_intents, **sent.later_intents}
    if len(made) < 2:
        return None
    charged = sum(status in CHARGED for status in made.values())
    severity = Severity.CRITICAL if charged > 1 else Severity.MEDIUM
    counted = f"The order has {len(made)} PaymentIntents, {charged} of them charged."
    if len(sent.first_intents) > 1:
        detail = f"Stripe's answers were lost, and the target repeated its call with another key. {counted}"
        return severity, "own-retry", "A repeated call to Stripe has a new idempotency key", detail
    key = "the same key" if set(sent.keys) & set(sent.later_keys) else "another key"
    detail = f"Stripe's answer was lost, and the same request made a second payment with {key}. {counted}"
    return severity, "second-request", "After a lost answer the same request makes a second payment", detail
