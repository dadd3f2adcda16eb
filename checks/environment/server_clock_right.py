"""The clock of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, webhooks

NOTED_S = 10.0


class ServerClockRight(Check):
    """The server's clock is right.

    What it checks:
        Reads the Date header of an answer and compares it with the clock of the machine that audits. They may differ by
        less than the tolerance of webhook signatures, 300 seconds; ten seconds and more are noted. A proxy in front of
        the target may have written the header: then it is the proxy's clock. What comes from a cache says nothing.

    Why it matters:
        On a clock that is fast, every event counts as old and is refused. On one that is slow, old events count as new,
        so that what was once seen can be sent again.

    How to fix:
        Run an NTP client (chrony, systemd-timesyncd), also in virtual machines that are paused and resumed. Containers
        have their host's clock. If the machine that audits is the one that is wrong, mend that.
    """

    id = "server-clock-right"
    task = "1.4"
    severity = Severity.MEDIUM
    effect = Effect.READ
    uses = Uses(shared=("target",))
    references = ("docs.stripe.com/webhooks#replay-attacks", "rfc-editor.org/rfc/rfc9110#field.date", "PCI DSS 10.6.1")
    max_requests = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Ask for anything."""
        asked = {"cache-control": "no-cache"}
        is_known = ctx.target.has("health")
        answer = await (
            ctx.target.call("health", headers=asked) if is_known else ctx.request("GET", "/", headers=asked)
        )
        if answer.header("age") not in (None, "0"):
            ctx.inconclusive("the answer comes from a cache, and its Date from the past", supply="target.routes.health")
        ahead = trials.clock_ahead_s(answer)
        if ahead is None:
            ctx.inconclusive("the answer has no Date header that can be read", supply="a route whose answer has one")
        told = f"{abs(ahead):.0f} s {'fast' if ahead > 0 else 'slow'}, compared with this machine"
        if abs(ahead) >= webhooks.TOLERANCE_S:
            effect = "genuine events count as old" if ahead > 0 else "old events count as new"
            evidence = ctx.evidence(f"Date: {answer.header('date')}", answer)
            yield ctx.finding(
                "The server's clock is wrong",
                f"The clock is {told}: {effect}.",
                evidence,
                discriminator="fast" if ahead > 0 else "slow",
            )
        elif abs(ahead) >= NOTED_S:
            ctx.note(f"the server's clock is {told}")
