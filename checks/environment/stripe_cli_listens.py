"""The Stripe CLI."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

READY_S = 15.0


class StripeCliListens(Check):
    """The Stripe CLI, where it is installed, can listen.

    What it checks:
        Looks for the official ``stripe`` on the PATH, notes its version, and starts ``stripe listen`` against the
        built-in Stripe, with a home and a key of this run and nothing else in reach: it must say that it is ready.
        Without the CLI the check is skipped.

    Why it matters:
        Developers see webhook events on their machines through ``stripe listen`` alone. Where it does not run, handlers
        are written blind, and secrets are switched off "to make it work locally".

    How to fix:
        Install the current release (docs.stripe.com/stripe-cli), and see that no other program of the name ``stripe``
        comes first on the PATH. Locally the signing secret is the one that ``stripe listen`` prints:
        docs/fixes/webhook-secrets.md.
    """

    id = "stripe-cli-listens"
    task = "1.4"
    severity = Severity.LOW
    needs = ("stripe",)
    effect = Effect.NONE
    uses = Uses(shared=("stripe",))
    references = ("docs.stripe.com/stripe-cli", "docs.stripe.com/stripe-cli/use-cli#forward-events")
    timeout = 60.0
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Find it, and let it listen."""
        listened = await trials.listen(ctx, within=READY_S)
        if wrong := assess(listened):
            title, detail = wrong
            told = ctx.evidence(f"it said: {listened.said.strip() or 'nothing'}")
            yield ctx.finding(title, f"{listened.binary}: {detail}", told, discriminator=title)
        else:
            ctx.note(f"Stripe CLI {listened.version}, and it listens")


def assess(listened: trials.Listened) -> tuple[str, str] | None:
    """Title and detail of what is wrong."""
    if not listened.version:
        return "What is called stripe does not tell a version", "it is broken, or another program."
    if not listened.is_ready:
        return "stripe listen does not become ready", f"version {listened.version} did not say that it is ready."
    return None
