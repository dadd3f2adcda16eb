"""The mode of the Stripe keys in the env files."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source


class EnvKeysTestMode(Check):
    """The keys in the env files are of the mode that the environment is.

    What it checks:
        Compares the mode of every Stripe key in the declared env files with ``target.environment``. Any variable
        counts, whatever it is called; values are never shown.

    Why it matters:
        With live keys on a developer's machine every trial moves real money and real customers' data. With test keys in
        production the shop takes cards and no payment comes.

    How to fix:
        Put the keys of the right mode there. Roll live keys that were on a machine where they do not belong, and keep
        them in a secret store.
    """

    id = "env-keys-test-mode"
    task = "1.4"
    severity = Severity.CRITICAL
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys#test-live-modes", "docs.stripe.com/keys-best-practices", "PCI DSS 6.5.5")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the keys' modes."""
        files = source.read_env_files(ctx.project.env_files)
        held = [(file, key) for file in files for key in source.keys_in(file)]
        if not held:
            ctx.inconclusive("the env files hold no Stripe key", supply="target.env_files; see env-keys-present")
        if ctx.environment not in ("test", "live"):
            modes = " and ".join(sorted({key.key.mode.value for _, key in held}))
            ctx.inconclusive(
                f"the keys are of {modes} mode; the environment is not declared", supply="target.environment"
            )
        for file, held_key in held:
            mode, kind = held_key.key.mode.value, held_key.key.kind.value
            if mode != ctx.environment:
                place = file.location(ctx.project.folder, held_key.line)
                is_secret_and_live = mode == "live" and held_key.key.kind is not keys.KeyKind.PUBLISHABLE
                yield ctx.finding(
                    f"A {mode} key stands in the env file of a {ctx.environment} environment",
                    f"{held_key.name} holds a {mode} {kind} key, and the environment is declared as {ctx.environment}.",
                    ctx.evidence(f"{held_key.name}: a {mode} {kind} key", source=place),
                    severity=Severity.CRITICAL if is_secret_and_live else Severity.HIGH,
                    discriminator=held_key.name,
                    source=place,
                )
