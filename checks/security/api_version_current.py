"""The version of Stripe's API that the target speaks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses

NEWEST = "2026-10-28.endive"
"""The newest version when this was written: the one that stripe-python 16.1.0 pins."""
FIRST_TRAIN = date(2024, 9, 30)
"""``2024-09-30.acacia``, since when versions come in named trains (docs.stripe.com/api/versioning)."""
OLDEST_DAYS = 2 * 365
VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?.*")


class Age(NamedTuple):
    """A version's age: how many days it is older than the newest known one, and whether that is too old."""

    version: str
    days: int
    is_too_old: bool


class ApiVersionCurrent(Check):
    """The target pins a version of Stripe's API that is not older than two years.

    What it checks:
        Makes a payment and reads, in Stripe's journal, the ``Stripe-Version`` that the target's calls carried. It is
        too old if it is more than two years behind the newest one that the audit knows, or from before the named
        release trains (acacia, September 2024). Version, train and SDK are told in any case. Without the header the
        account's default decides, which is not to be seen from here.

    Why it matters:
        Objects and webhook events change their shape with the version; SDKs drop old ones, and new payment methods and
        fixes come only with new ones. Whoever waits for years has to cross all breaking changes at once.

    How to fix:
        Upgrade the SDK (each release pins the version that it was made for), read the upgrade notes of each train in
        docs.stripe.com/upgrades, and raise the version of the webhook endpoints at the same time, by a new endpoint.
    """

    id = "api-version-current"
    task = "4.3"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/api/versioning", "docs.stripe.com/upgrades", "PCI DSS 6.3.3")
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make a payment, and read what the target's calls for it carried."""
        payment = await ctx.payments.new()
        calls = await ctx.stripe.journal(object=payment.intent, caller="target")
        if not calls:
            ctx.inconclusive(
                "the target made no call for its payment at the audit's Stripe", supply="target.launch.env"
            )
        sdks = {f"{call.sdk['lang']} {call.sdk['version']}" for call in calls if call.sdk}
        ctx.note(f"SDK: {', '.join(sorted(sdks)) or 'none of the official ones'}")
        versions = sorted({call.stripe_version for call in calls if call.stripe_version})
        if not versions:
            ctx.inconclusive(
                "the target's calls carry no Stripe-Version, so the account's default decides",
                supply="a version pinned in the target's code, or an SDK that pins one",
            )
        newest = max(NEWEST, ctx.stripe.api_version)
        ages = assess(versions, newest)
        if unread := set(versions) - {age.version for age in ages}:
            ctx.inconclusive(f"not a version of Stripe's API: {', '.join(sorted(unread))}", supply="a pinned version")
        told = ", ".join(f"{age.version} ({age.days} days behind {newest})" for age in ages)
        ctx.note(f"API version: {told}")
        if any(age.is_too_old for age in ages):
            seen = [ctx.evidence(f"{call.line} with Stripe-Version {call.stripe_version}") for call in calls[:5]]
            yield ctx.finding("The API version is old", f"The target's calls carry {told}.", *seen, discriminator="old")


def assess(versions: Sequence[str], newest: str) -> list[Age]:
    """The age of each version that can be read, beside the newest known one."""
    latest = released(newest) or date.min
    known = [(version, day) for version in versions if (day := released(version))]
    return [
        Age(version, max(0, (latest - day).days), day < FIRST_TRAIN or (latest - day).days > OLDEST_DAYS)
        for version, day in known
    ]


def released(version: str) -> date | None:
    """The day in a version's name; None where there is none."""
    match = VERSION.fullmatch(version)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
