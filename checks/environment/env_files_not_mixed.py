"""The Stripe keys of several env files, beside each other."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source

TOLD = {
    "modes": ("Env files that are used together hold keys of two modes", Severity.HIGH),
    "accounts": ("Env files that are used together hold keys of two accounts", Severity.MEDIUM),
    "stage": ("An env file holds keys of the other mode than its name says", Severity.MEDIUM),
}


class EnvFilesNotMixed(Check):
    """Test and live keys are not mixed across the env files.

    What it checks:
        Reads the declared env files and those that lie in the source tree (``.env``, ``.env.local``,
        ``frontend/.env``). Files whose names do not tell them apart are loaded together or talk to each other, so their
        keys must be of one mode and of one account. A file named for production must not hold test keys, and one named
        for development, staging or tests no live keys. Variables whose names say their mode are left out. The keys
        within one file are a matter of env-keys-consistent.

    Why it matters:
        A backend with test keys and a frontend with live ones confirms nothing: "No such payment_intent". A live key in
        the file of a test run moves real money, each time the tests run.

    How to fix:
        One set of keys for each stage, in files or stores that bear its name, the frontend's publishable key from the
        same page of the Dashboard as the backend's secret key.
    """

    id = "env-files-not-mixed"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = (
        "docs.stripe.com/keys#test-live-modes",
        "docs.stripe.com/error-codes#livemode-mismatch",
        "PCI DSS 6.5.5",
    )
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read all of them, and compare."""
        declared = source.read_env_files(ctx.project.env_files)
        below = await ctx.compute(source.env_files_below, ctx.project.root) if ctx.project.root else []
        files = list({file.path.resolve(): file for file in (*declared, *below)}.values())
        if not any(source.keys_in(file) for file in files):
            ctx.inconclusive("the env files hold no Stripe key", supply="target.env_files; see env-keys-present")
        names = [str(file.location(ctx.project.folder)) for file in files]
        ctx.note(f"env files: {', '.join(names)}")
        for mixed in source.mixed_sets(files):
            title, severity = TOLD[mixed.kind]
            places = ", ".join(str(file.location(ctx.project.folder)) for file in mixed.files)
            told = ", ".join(sorted({f"{key.name} ({key.key.mode} {key.key.kind} key)" for key in mixed.keys}))
            place = mixed.files[-1].location(ctx.project.folder, mixed.keys[-1].line)
            has_live = mixed.kind == "stage" and any(key.key.mode == "live" for key in mixed.keys)
            yield ctx.finding(
                title,
                f"In {places}: {told}.",
                ctx.evidence(f"read {places}", source=place),
                severity=Severity.HIGH if has_live else severity,
                discriminator=f"{mixed.kind} {places}",
                source=place,
            )
