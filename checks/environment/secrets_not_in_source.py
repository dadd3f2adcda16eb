"""Secrets of Stripe's in the source tree and in what is built from it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source, trials

WHERE = {
    source.Place.SOURCE: "stands in the source",
    source.Place.BUILD: "stands in build output",
    source.Place.EXAMPLE: "stands in a test or an example",
}


class SecretsNotInSource(Check):
    """No secret of Stripe's stands in the source tree or in build output.

    What it checks:
        Reads every file below ``target.root`` that git does not ignore (all files where there is no repository), and
        the folders of build output (``dist``, ``build``, ``.next``, ``public`` and the like) in any case. Secret,
        restricted and organisation keys and signing secrets are known by their shape; placeholders and the keys that
        Stripe's own documentation shows are none. Env files have a check of their own. What
        ``target.secrets_allowed`` names is left out until its day. Values are shown masked.

    Why it matters:
        Source goes to every laptop, fork, backup and build server, and build output to every visitor. With a live
        secret key anyone refunds, pays out and reads customers; with a signing secret anyone forges webhook events.

    How to fix:
        Roll the key in the Dashboard first: removing it does not take it back. Then read it from the environment, put
        the env file into ``.gitignore``, and let a pre-commit hook look for ``sk_live_``. docs/fixes/secrets.md has it
        for each framework.
    """

    id = "secrets-not-in-source"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("source",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys-best-practices", "PCI DSS 8.6.2", "ASVS 13.3.1", "CWE-798", "CWE-540")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the tree."""
        tree = await trials.read_source(ctx, source.read_tree)
        if not tree.files:
            ctx.inconclusive("there is no file in the source tree", supply="target.root")
        ctx.note(f"{tree.files} files were read, {tree.bytes / 1e6:.1f} MB")
        if tree.cut:
            ctx.note(f"of {len(tree.cut)} large files only the beginning was read: {', '.join(tree.cut[:3])}")
        for found in tree.found:
            allowed, is_allowed = trials.exception_for(ctx, found.path, found.secret)
            if allowed and is_allowed:
                ctx.note(f"{found.path}: {found.secret.masked} is allowed until {allowed.until}: {allowed.reason}")
                continue
            ended = f" It was allowed until {allowed.until} ({allowed.reason})." if allowed else ""
            place = trials.place_below(ctx, found.path, found.secret.line)
            yield ctx.finding(
                f"A {found.secret.name} {WHERE[found.place]}",
                f"{place} holds {found.secret.masked}, a {found.secret.name}.{ended}",
                ctx.evidence(f"{found.secret.masked} in {found.path}", source=place),
                severity=severity_of(found),
                discriminator=f"{found.path} {found.secret.kind.value}",
                source=place,
            )


def severity_of(found: source.FoundSecret) -> Severity:
    """Critical for what moves money, and for what is built for visitors; low for test keys of tests."""
    if found.secret.mode is keys.KeyMode.LIVE:
        return Severity.CRITICAL
    if found.place is source.Place.BUILD:
        return Severity.HIGH
    if found.place is source.Place.EXAMPLE:
        return Severity.LOW
    return Severity.MEDIUM if found.secret.mode is keys.KeyMode.TEST else Severity.HIGH
