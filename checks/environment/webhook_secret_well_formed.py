"""The signing secrets in the env files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source


class WebhookSecretWellFormed(Check):
    """Every webhook signing secret in the env files is one.

    What it checks:
        Looks at each variable that is meant for a signing secret: its value must begin with ``whsec_`` and go on long
        enough, without white space, quotation marks or a placeholder's words. An endpoint's id (``we_…``), an API key
        or a secret of another product is named as what it is. Values are never shown.

    Why it matters:
        With the wrong value every genuine event is refused, and with a well-known placeholder anybody can sign.

    How to fix:
        Copy the signing secret of this very endpoint from Workbench → Webhooks → Reveal, without quotation marks or a
        line break. ``stripe listen`` prints another one, for local use.
    """

    id = "webhook-secret-well-formed"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/webhooks#verify-events", "github.com/stripe/stripe-node/issues/1812")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at each value. A blank one is env-keys-present's matter."""
        files = source.read_env_files(ctx.project.env_files)
        meant = [(file, entry) for file in files for entry in file.meaning(keys.KeyKind.WEBHOOK_SECRET)]
        held = [(file, entry) for file, entry in meant if entry.value.strip()]
        if not held:
            ctx.inconclusive("no variable holds a signing secret", supply="target.env_files; see env-keys-present")
        sharing = defaultdict(set)
        for file, entry in held:
            sharing[entry.value].add(entry.name)
            if wrong := keys.problems(entry.value, keys.KeyKind.WEBHOOK_SECRET):
                place = file.location(ctx.project.folder, entry.line)
                yield ctx.finding(
                    "A webhook signing secret is malformed",
                    f"{entry.name} {' and '.join(wrong)}.",
                    ctx.evidence(f"{entry.name}, by its shape", source=place),
                    discriminator=entry.name,
                    source=place,
                )
        for names in sharing.values():
            if len(names) > 1:
                ctx.note(f"{' and '.join(sorted(names))} hold the same secret; each endpoint has its own")
