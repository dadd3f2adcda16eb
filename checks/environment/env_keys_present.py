"""The Stripe keys in the env files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source

NAMES = {
    keys.KeyKind.SECRET: "secret key",
    keys.KeyKind.PUBLISHABLE: "publishable key",
    keys.KeyKind.WEBHOOK_SECRET: "webhook signing secret",
}
LOADED = re.compile(r'injecting env \((\d+)\)|"variables": ?(\d+)|(\d+) (?:environment |env )variables')
"""How an app's log says how many variables it found: dotenv's own line, a field, a sentence."""


class EnvKeysPresent(Check):
    """The env files hold every Stripe key that the target needs.

    What it checks:
        Reads the declared env files. Each variable through which the settings give the target a key must be set in one
        of them, and not blank; where they name none, there must be a secret key, and a signing secret if there are
        webhook endpoints. How many variables there are is noted, also by the app's own log. Values are never shown.

    Why it matters:
        Without its secret key the app cannot charge. Without a signing secret many apps skip the verification of
        webhook events and believe anybody.

    How to fix:
        Set the variable: keys are in the Dashboard under Developers → API keys, signing secrets in Workbench →
        Webhooks. Refuse to start where one is missing or blank. Save the file as UTF-8: PowerShell's ``>`` writes
        UTF-16, in which no library finds a variable.
    """

    id = "env-keys-present"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys", "docs.stripe.com/webhooks#verify-events", "12factor.net/config")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the files, and what the app said when it started."""
        files = source.read_env_files(ctx.project.env_files)
        for file in files:
            ctx.note(f"{file.path.name} sets {len(file.variables)} variables")
        if ctx.launched and (said := LOADED.search(ctx.launched.output())):
            ctx.note(f"the app's log tells of {next(filter(None, said.groups()))} variables")
        names = ", ".join(file.path.name for file in files)
        wide = [file.path.name for file in files if file.is_utf_16]
        why = f" In UTF-16, as {' and '.join(wide)} is, nobody finds a variable: save it as UTF-8." if wide else ""
        for variable, kind in missing(files, ctx.project.variables, needs_webhook_secret=bool(ctx.spec.webhooks)):
            file = next((file for file in files if variable in file.variables), files[0])
            entry = file.variables.get(variable)
            what = f"{variable} ({NAMES[kind]})" if variable else f"A {NAMES[kind]}"
            place = file.location(ctx.project.folder, entry.line if entry else 0)
            yield ctx.finding(
                f"No {NAMES[kind]} is set",
                f"{what} is {'blank' if entry else 'not set'} in {names}.{why}",
                ctx.evidence(f"read {names}", source=place),
                discriminator=variable or kind.value,
                source=place,
            )


def missing(
    files: Sequence[source.EnvFile], wanted: Mapping[str, keys.KeyKind], *, needs_webhook_secret: bool
) -> list[tuple[str, keys.KeyKind]]:
    """What no file sets: a variable and its kind, or ``""`` and a kind that no variable at all is for."""
    if wanted:
        return [
            (name, kind)
            for name, kind in wanted.items()
            if not any(name in file.variables and file.variables[name].value.strip() for file in files)
        ]
    kinds = [keys.KeyKind.SECRET, *([keys.KeyKind.WEBHOOK_SECRET] if needs_webhook_secret else [])]
    return [
        ("", kind) for kind in kinds if not any(entry.value.strip() for file in files for entry in file.meaning(kind))
    ]
