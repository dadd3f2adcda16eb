"""Who else can read the env files."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source

TOLD = {
    "tracked": ("An env file is tracked by git", Severity.HIGH),
    "unignored": ("Git does not ignore an env file", Severity.LOW),
    "readable": ("An env file can be read by every user of the machine", Severity.MEDIUM),
    "writable": ("An env file can be changed by every user of the machine", Severity.HIGH),
}
"""Titles and severities for a file with secrets in it."""


class EnvFileProtected(Check):
    """The env files are read by the app and by nobody else.

    What it checks:
        Looks at each declared env file: git must not track it, and should ignore it; other users of the machine must
        not be allowed to read it, let alone to write it. A file without a secret in it (of its variables none holds a
        secret key or a signing secret) may be tracked and read, as frameworks do with defaults. Whether the target
        serves the file over HTTP is a matter of secrets-not-in-frontend.

    Why it matters:
        An env file holds all that an attacker needs, in one place and with names. Tracked by git it is on every
        machine that ever cloned the repository; on a shared server its mode is what keeps other users out.

    How to fix:
        ``git rm --cached .env``, a line ``.env`` in ``.gitignore``, ``chmod 600 .env`` and the app's own user as its
        owner. Roll every key that was committed. In production take secrets from a secret store instead.
        docs/fixes/secrets.md has the steps.
    """

    id = "env-file-protected"
    task = "1.4"
    severity = Severity.MEDIUM
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys-best-practices", "PCI DSS 8.6.2", "ASVS 13.3.1", "CWE-538", "CWE-732")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at each file."""
        for file in source.read_env_files(ctx.project.env_files):
            values = "\n".join(entry.value for entry in file.variables.values()).encode()
            held = source.secrets_in(values)
            exposures: list[source.Exposure] = await ctx.compute(lambda path: list(source.exposures(path)), file.path)
            for exposure in exposures:
                title, severity = TOLD[exposure.kind]
                if not held:
                    ctx.note(f"{file.path.name} holds no secret of Stripe's; {exposure.detail}")
                    continue
                place = file.location(ctx.project.folder)
                kinds = ", ".join(dict.fromkeys(f"a {secret.name}" for secret in held))
                yield ctx.finding(
                    title,
                    f"{place} holds {kinds}, and {exposure.detail}.",
                    ctx.evidence(exposure.detail, source=place),
                    severity=severity,
                    discriminator=f"{file.path.name} {exposure.kind}",
                    source=place,
                )
