"""How many payments one visitor may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

REFUSALS, ORDERS = 240, 120
"""Requests within seconds that no customer makes, and a person who tests stolen cards does."""

SLOW = 30.0
"""Requests a second: more than that is asked for where the machine lets it."""


class TestingOfCardsLimited(Check):
    """Whoever asks for payments without end is stopped.

    What it checks:
        Asks, alone and after all other checks of its phase, for up to 240 payments that the target refuses (an article
        that does not exist), as fast as it answers; at some point it must answer 429, or 403, 503 or a login instead.
        Where it does not, 120 payments for orders that are in order follow, since limits may count only those. What the
        headers announce (``RateLimit-Limit``) is noted, and a limit above what was sent is no finding.

    Why it matters:
        With stolen cards by the thousand, somebody looks for a shop that makes a PaymentIntent for each of them. Every
        try costs a fee, the declines ruin the shop's standing with the banks, and disputes follow for those that pass.

    How to fix:
        Limit the creation of payments by address, session and customer (a few a minute for guests), count refusals
        too, and put a challenge before the payment when it is reached. docs/fixes/card-testing.md has it for each
        framework; Stripe's Radar rules come on top.
    """

    id = "testing-of-cards-limited"
    task = "4.4"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.LOAD
    uses = Uses(shared=("stripe",), alone=("target", "load"))
    references = (
        "docs.stripe.com/disputes/prevention/card-testing",
        "ASVS 2.4.1",
        "OWASP API4:2023",
        "CWE-770",
        "CWE-799",
    )
    timeout = 60.0
    max_requests = 420
    max_objects = 180

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, then one burst or two."""
        await trials.proven_payment(ctx)
        bursts = [await trials.burst_of_refusals(ctx, REFUSALS)]
        if not (bursts[0] and bursts[0].limited):
            bursts.append(await trials.burst_of_orders(ctx, ORDERS))
        done = [burst for burst in bursts if burst]
        told = "; ".join(f"{burst.sent} requests in {burst.seconds:.1f} s" for burst in done)
        limited = next((burst.limited for burst in done if burst.limited), None)
        announced = trials.announced_limit(done[-1].first)
        if limited:
            ctx.note(f"after {told} the answer was {limited.status}")
            if not await trials.wait_for_a_turn(ctx, limited):
                ctx.note("the limit still held seconds later; later checks may be refused")
        elif announced:
            ctx.inconclusive(f"a limit is announced ({announced}), and {told} did not reach it")
        elif any(burst.first is None for burst in done):
            ctx.inconclusive("nothing was answered to many requests at once", supply="target.url")
        elif is_slow(done) and (busy := await trials.busy_machine()):
            ctx.inconclusive(f"{told} is slower than many a limit, and {busy}")
        else:
            seen = ctx.evidence(told, done[-1].first)
            detail = f"{told.capitalize()}, and no answer said that it was enough."
            label = ctx.target.route("create_payment").label
            yield ctx.finding("Payments can be asked for without end", detail, seen, route=label, discriminator="limit")


def is_slow(bursts: Sequence[trials.Burst]) -> bool:
    """Whether so little was asked for in the time that a limit which fills again may not have been reached."""
    return sum(burst.sent for burst in bursts) < SLOW * sum(burst.seconds for burst in bursts)
