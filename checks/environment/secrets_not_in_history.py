"""Secrets of Stripe's in what the repository once held."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source, trials


class SecretsNotInHistory(Check):
    """No secret of Stripe's is left in the repository's history.

    What it checks:
        Reads every content that any branch or tag of the git repository ever had, and the commits' messages, and looks
        for secret, restricted and organisation keys and signing secrets. Each is told with the commit that brought it
        in and its path there. What a tracked file still holds today is a matter of secrets-not-in-source. What
        ``target.secrets_allowed`` names is left out until its day. Nothing that the repository brings along is run.

    Why it matters:
        A later commit that removes a key takes nothing back: every clone and fork keeps it, and who looks for keys
        looks there. That a key was once committed is the most common way in which keys are lost.

    How to fix:
        Roll the key in the Dashboard, and signing secrets in Workbench: they count as known. Rewriting the history with
        ``git filter-repo`` tidies up and reaches no clone, so it is no replacement. The steps are in
        docs/fixes/secrets.md.
    """

    id = "secrets-not-in-history"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("source",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys-best-practices", "PCI DSS 8.6.2", "ASVS 13.3.1", "CWE-798", "CWE-540")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the history."""
        history = await trials.read_source(ctx, source.read_history)
        if history is None:
            ctx.skip("the source tree lies in no git repository", setting="target.root")
        if not history.contents:
            ctx.inconclusive("the repository has no commit, or git cannot read it", supply="target.root")
        ctx.note(f"{history.contents} contents of the history were read")
        for past in history.found:
            allowed, is_allowed = trials.exception_for(ctx, past.path, past.secret)
            if allowed and is_allowed:
                ctx.note(f"{past.path}: {past.secret.masked} is allowed until {allowed.until}: {allowed.reason}")
                continue
            where = past.path or "a commit's message"
            told = f"{where} at {past.commit[:12] or 'a commit that is not shown'}"
            ended = f" It was allowed until {allowed.until} ({allowed.reason})." if allowed else ""
            yield ctx.finding(
                f"A {past.secret.name} is in the repository's history",
                f"{told} holds {past.secret.masked}, a {past.secret.name}; today's files do not.{ended}",
                ctx.evidence(f"git show {past.commit[:12]}:{past.path}", data={"line": past.secret.line}),
                severity=severity_of(past.secret.mode),
                discriminator=f"{where} {past.secret.kind.value}",
            )


def severity_of(mode: keys.KeyMode) -> Severity:
    """Critical for a live key; a signing secret does not say its mode."""
    return {keys.KeyMode.LIVE: Severity.CRITICAL, keys.KeyMode.TEST: Severity.MEDIUM}.get(mode, Severity.HIGH)
