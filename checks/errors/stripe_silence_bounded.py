"""How long a customer waits for a Stripe that says nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class StripeSilenceBounded(Check):
    """While Stripe says nothing, the customer is answered within a time that people wait.

    What it checks:
        Leaves the target's own calls for one payment without any answer, and measures how long its customer waits for
        an answer, whatever it says. The limit is ``audit.answer_within``: 15 s unless the settings say otherwise. Other
        payments go on as usual meanwhile.

    Why it matters:
        Stripe's libraries wait 80 s for each try, and try again. Browsers, proxies and serverless platforms give up
        before that, so that the customer sees a broken page and clicks again, and every waiting request holds a worker,
        until none is left for those that need no Stripe.

    How to fix:
        Give the client a timeout of a few seconds and one or two retries (Node: ``timeout``, ``maxNetworkRetries``;
        Python: ``http_client=stripe.RequestsClient(timeout=…)``), so that all tries together stay below the shortest
        limit in front of them, and answer 503 with ``Retry-After``. Per framework: docs/fixes/error-handling.md.
    """

    id = "stripe-silence-bounded"
    task = "5.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("target", "stripe", "deliveries", "faults"))
    references = ("docs.stripe.com/error-low-level", "docs.stripe.com/error-handling", "CWE-400", "CWE-1088")
    timeout = 660  # the longest that audit.answer_within can be, and a payment before that
    max_requests = 3
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One payment without Stripe, and a clock."""
        limit_s = ctx.answer_within
        silence = await trials.keep_silent(ctx, limit_s=limit_s)
        if silence.answer is not None:
            tries = f"{silence.calls} {'try' if silence.calls == 1 else 'tries'}"
            ctx.note(f"answered {silence.answer.status} after {silence.waited_s:.1f} s and {tries}")
            return
        if silence.waited_s < limit_s * 0.95:
            ctx.note(f"the connection ended after {silence.waited_s:.1f} s; stripe-outage-handled says what that means")
            return
        detail = (
            f"Stripe did not answer {silence.calls} of the target's calls, and the customer had no answer within"
            f" {limit_s:g} s (audit.answer_within). The libraries' own limit is 80 s for each try."
        )
        seen = ctx.evidence(silence.why, data={"waited_s": round(silence.waited_s, 1), "calls": silence.calls})
        route = ctx.target.route("create_payment").label
        yield ctx.finding("While Stripe says nothing, the customer waits without end", detail, seen, route=route)
