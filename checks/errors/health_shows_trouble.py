"""What the health routes say while something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

SEVERITIES = {"database": Severity.MEDIUM, "stripe": Severity.LOW}
GONE = {"database": "The database is gone", "stripe": "Every connection to Stripe is reset"}


class HealthShowsTrouble(Check):
    """The health routes say so while Stripe or the database is gone, and no longer once it is back.

    What it checks:
        Reads the declared health routes while all is well, then with every call to Stripe reset (and a payment asked
        for), and then, where ``target.database`` is declared, with the database gone. Anything that a monitor can see
        counts: another status, or another word in the body (``"stripe": "unreachable"`` in a 200 is fine, and for
        Stripe the better way, since it is no reason to take the server out of service). It runs alone.

    Why it matters:
        A health route that says ok whatever happens is what everybody looks at while no order is stored. One that never
        goes back keeps a sound server out of service.

    How to fix:
        Have the route try what payments need: a write to the database with a short timeout, 503 if it fails. For Stripe
        report how the last calls went; do not call it for every request of a monitor.
    """

    id = "health-shows-trouble"
    task = "5.1"
    severity = Severity.MEDIUM
    needs = ("route:health", "route:create_payment", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "faults"))
    references = ("rfc-editor.org/rfc/rfc9110#status.503", "docs.stripe.com/error-handling", "CWE-778")
    timeout = 180  # a database that is taken away by commands takes its time
    max_requests = 60
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read, take away, read again, give back, read again."""
        seen = await trials.watch_health(ctx)
        if not any(one.part == "database" for one in seen):
            ctx.note("the database was not taken away: target.database is not declared")
        route = ctx.target.route("health").label
        for one in seen:
            if wrong := assess(one):
                severity, title, detail = wrong
                said = ctx.evidence(f"what was said while {one.part} was gone", data=dict(one.ill))
                yield ctx.finding(title, detail, said, severity=severity, route=route, discriminator=one.part)


def assess(seen: trials.HealthSeen) -> tuple[Severity, str, str] | None:
    """What is wrong with what the health routes said: severity, title, detail."""
    name = "Stripe" if seen.part == "stripe" else "the database"
    if not seen.is_told:
        detail = f"{GONE[seen.part]}, and each health route says what it says when all is well."
        return SEVERITIES[seen.part], f"The health routes do not notice that {name} is gone", detail
    if not seen.is_well_again:
        detail = f"With {name} back, and a payment asked for, a health route still says that something is wrong."
        return Severity.MEDIUM, f"The health routes do not notice that {name} is back", detail
    return None
