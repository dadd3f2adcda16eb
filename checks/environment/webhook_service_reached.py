"""The code that handles webhook events, and whether the app ever gets there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source, trials, webhooks


class Read(NamedTuple):
    """What was found in the source tree."""

    files: list[source.CodeFile]
    services: list[source.Service]
    broken: list[source.BrokenImport]


class WebhookServiceReached(Check):
    """The code that handles webhook events is reached by the app.

    What it checks:
        Finds the files of the source tree that verify Stripe's webhook events or dispatch them. Each must be named
        somewhere else in the code, unless it is an entry or its framework finds it by its place; an import that is
        commented out does not count, and is quoted. Their relative imports (JavaScript, TypeScript) must lead to files
        that exist. Only what is named nowhere at all is reported. How many files test webhooks is noted.

    Why it matters:
        A service whose import failed was once commented out "for now", and simple handlers that acknowledge everything
        stand in for it. Whoever reads the source sees verified events, retries and mails; none of it runs.

    How to fix:
        Mount the service where the routes are registered, mend its imports, and delete the stand-in. Let a failed
        import stop the start, and cover the mounted route by a test that posts a signed event. Per framework:
        docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-service-reached"
    task = "1.3"
    severity = Severity.MEDIUM
    needs = ("source",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/webhooks/quickstart", "ASVS 15.2.3", "CWE-561")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the tree."""
        seen = await trials.read_source(ctx, read)
        if not seen.services:
            ctx.inconclusive(
                f"none of {len(seen.files)} files of code handles webhook events", supply="target.root of the backend"
            )
        for one in seen.services:
            if not one.is_reached:
                place = trials.place_below(ctx, one.path)
                detail = f"{one.path} handles webhook events, and nothing in the code names it."
                evidence = [ctx.evidence("handles webhook events", source=place)]
                if one.commented:
                    where = trials.place_below(ctx, *one.commented)
                    detail += f" {where} names it in a comment."
                    evidence.append(ctx.evidence("named in a comment", source=where))
                yield ctx.finding(
                    "A webhook service is in the source, and nothing leads to it",
                    detail,
                    *evidence,
                    discriminator=one.path,
                    source=place,
                )
        for broken in seen.broken:
            place = trials.place_below(ctx, broken.path, broken.line)
            yield ctx.finding(
                "An import of the webhook code leads nowhere",
                f"{broken.path} imports {broken.wanted}, and there is no such file: it fails when it is loaded.",
                ctx.evidence(f"imports {broken.wanted}", source=place),
                severity=Severity.HIGH,
                discriminator=f"{broken.path} {broken.wanted}",
                source=place,
            )
        tests = [file for file in seen.files if file.is_for_tests and "webhook" in file.text.lower()]
        ctx.note(f"{len(seen.services)} files handle webhook events; {len(tests) or 'no'} files test webhooks")


def read(root: Path) -> Read:
    """Read every file, and judge those that handle webhook events."""
    types, files = frozenset(webhooks.event_types()), source.read_code(root)
    broken = source.broken_imports(files, source.files_on_disk(root), types)
    return Read(files, source.services(files, types), broken)
