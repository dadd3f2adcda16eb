"""The Stripe keys in the env files, together."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, source

TOLD = {
    "modes": ("Keys of two modes stand in one file", "are of both test and live mode", Severity.HIGH),
    "accounts": (
        "Keys of two accounts are used together",
        "carry the marks of different accounts (GET /v1/account tells)",
        Severity.LOW,
    ),
    "name": ("A key is not of the mode that its name says", "holds a key of the other mode", Severity.MEDIUM),
}


class EnvKeysConsistent(Check):
    """The keys in an env file belong together.

    What it checks:
        Takes the Stripe keys of each declared env file: they must be of one mode and of one account, by the part of the
        account's id that keys carry; Stripe does not document that part, so that a difference is a low finding. Several
        sets in one file are fine where the names of the variables tell them apart (``…_TEST_…`` and ``…_LIVE_…``,
        ``…_EU_…`` and ``…_US_…``); a name must not say the other mode. Keys of the old, short form carry no account and
        are compared by mode alone.

    Why it matters:
        The browser confirms with the publishable key what the server made with the secret key. If they are not of one
        account and mode, every payment ends in "No such payment_intent".

    How to fix:
        Copy both keys from the same page of the Dashboard (Developers → API keys), in the same mode. What account a
        secret key is of, ``GET /v1/account`` tells.
    """

    id = "env-keys-consistent"
    task = "1.4"
    severity = Severity.HIGH
    needs = ("env_files",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = (
        *("docs.stripe.com/keys", "docs.stripe.com/error-codes#livemode-mismatch"),
        "github.com/adrianhajdin/ecommerce_sanity_stripe/issues/47",
    )
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Compare the keys of each file."""
        files = source.read_env_files(ctx.project.env_files)
        held = {file.path: source.keys_in(file) for file in files}
        if not any(held.values()):
            ctx.inconclusive("the env files hold no Stripe key", supply="target.env_files; see env-keys-present")
        for file in files:
            for mismatch in source.mismatches(held[file.path]):
                title, what, severity = TOLD[mismatch.kind]
                names = " and ".join(key.name for key in mismatch.keys)
                place = file.location(ctx.project.folder, mismatch.keys[-1].line)
                seen = {key.name: f"{key.key.mode.value} {key.key.kind.value} key" for key in mismatch.keys}
                yield ctx.finding(
                    title,
                    f"In {file.path.name}, {names} {what}.",
                    ctx.evidence("the keys by their shape", data=seen, source=place),
                    severity=severity,
                    discriminator=f"{mismatch.kind} {names}",
                    source=place,
                )
