"""The version of Stripe's library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source, trials


class StripeSdkPatched(Check):
    """The Stripe library refuses an empty webhook secret.

    What it checks:
        Reads which Stripe library the target uses, and of which version: from the lock files of its source tree (npm,
        yarn, pnpm, Bundler, Composer, pip, poetry, uv, Go, Maven, Gradle), and from its calls to Stripe, where it has
        made some. Before stripe-node 22.6.2, stripe-ruby 19.6.2 and stripe-php 21.3.2, all of 9 September 2026, a
        signature made with the empty key verified if the secret was empty. Library and version are noted in any case.

    Why it matters:
        On such a version the only thing between the internet and your orders is a variable that is set everywhere and
        always. Whether the target starts without it is judged by webhook-secret-required.

    How to fix:
        Update the library: within its major version first, and to the next one with Stripe's upgrade notes. If it must
        stay, refuse to start without a secret: docs/fixes/webhook-secrets.md.
    """

    id = "stripe-sdk-patched"
    task = "1.4"
    severity = Severity.LOW
    needs = ("source",)
    effect = Effect.NONE
    uses = Uses(shared=("stripe",))
    references = (
        *("github.com/stripe/stripe-node/pull/2841", "github.com/stripe/stripe-php/pull/2142"),
        *("docs.stripe.com/sdks/versioning", "PCI DSS 6.3.3", "ASVS 15.2.1", "CWE-1104"),
    )
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look into the lock files, and into the journal where the target talks to the audit's Stripe."""
        locked = {(one.language, one.version): one.path for one in await trials.read_source(ctx, read)}
        known = await trials.libraries_seen(ctx) | locked
        if not known:
            ctx.inconclusive(
                "no lock file names Stripe's library, and no call of the target was seen", supply="target.root"
            )
        for (language, version), place in known.items():
            ctx.note(f"stripe-{language} {version}, by {place}")
            if source.is_before_fix(language, version):
                fixed = ".".join(map(str, source.FIXED[language]))
                yield ctx.finding(
                    "The Stripe library takes an empty webhook secret",
                    f"stripe-{language} {version} verifies signatures of the empty key; {fixed} refuses them.",
                    ctx.evidence(f"by {place}"),
                    discriminator=f"{language} {version}",
                )


def read(root: Path) -> list[source.Library]:
    """What the lock files say."""
    return source.libraries_in(root, sorted(source.files_on_disk(root)))
