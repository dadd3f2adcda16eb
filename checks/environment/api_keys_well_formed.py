"""The form of the API keys in the env files."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, keys, source

MEANT = (keys.KeyKind.SECRET, keys.KeyKind.PUBLISHABLE)


class ApiKeysWellFormed(Check):
    """Every API key in the env files is one, and of the kind that its variable is for.

    What it checks:
        Looks at each variable that by its name is meant for a secret or a publishable key: its value must be such a
        key and long enough, without white space or a line break, quotation marks or a placeholder's words. A key of the
        other kind, an id or a signing secret is named as what it is. Where a secret key is used that may do everything,
        a restricted one is recommended. Values are never shown.

    Why it matters:
        With a publishable key in its place the server is refused at its first call; with a secret key in the frontend's
        variable it is handed to every visitor. A line break at its end makes an Authorization header that no server
        takes, and the error names the network.

    How to fix:
        Copy the keys from the Dashboard (Developers → API keys) without quotation marks, secret keys for the server,
        publishable ones for the browser. Give each service a restricted key with the rights that it needs.
    """

    id = "api-keys-well-formed"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/keys", "docs.stripe.com/keys/restricted-api-keys", "PCI DSS 7.2.5", "CWE-1188")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at each value. A blank one is env-keys-present's matter."""
        files = source.read_env_files(ctx.project.env_files)
        meant = [(file, entry, kind) for file in files for kind in MEANT for entry in file.meaning(kind)]
        held = [one for one in meant if one[1].value.strip()]
        if not held:
            ctx.inconclusive("no variable holds an API key", supply="target.env_files; see env-keys-present")
        for file, entry, kind in held:
            wrong, is_shown = assess(entry, kind)
            place = file.location(ctx.project.folder, entry.line)
            if wrong:
                title = "A secret key stands where browsers read it" if is_shown else "An API key is malformed"
                seen = ctx.evidence(f"{entry.name}, by its shape", source=place)
                severity = Severity.CRITICAL if is_shown else None
                told = (title, f"{entry.name} {' and '.join(wrong)}.", seen)
                yield ctx.finding(*told, severity=severity, discriminator=entry.name, source=place)
            elif keys.parse_key(entry.value).kind is keys.KeyKind.SECRET:
                ctx.note(f"{entry.name} holds a key that may do everything; a restricted key (rk_…) is recommended")


def assess(entry: source.EnvValue, kind: keys.KeyKind) -> tuple[tuple[str, ...], bool]:
    """What is wrong with a value, and whether it is a secret that bundlers put into what visitors get."""
    wrong = keys.problems(entry.value, kind)
    parsed = keys.parse_key(entry.value).kind
    is_public = entry.name.startswith(
        ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "PUBLIC_")
    )
    is_secret = parsed in (keys.KeyKind.SECRET, keys.KeyKind.RESTRICTED, keys.KeyKind.ORGANISATION)
    if is_public and is_secret:
        return (*wrong, "is read by bundlers, and holds a key that must stay on the server"), True
    return wrong, False
