"""Whose webhook events an endpoint hears: the account's own, or those of connected accounts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from stripe_audit import Call, Check, Context, Effect, Finding, Severity, Uses, trials, webhooks

MONEY = ("payment_intent.", "charge.", "checkout.session.")
OF_CONNECT = re.compile(r"POST /v1/(accounts|account_links|account_sessions)|POST /v2/core/accounts")
"""What a platform asks of Stripe to bring accounts in (docs.stripe.com/connect/onboarding)."""


class Wrong(NamedTuple):
    """A scope that does not fit: what it is called, in a sentence, and how bad."""

    title: str
    detail: str
    severity: Severity


class WebhookScopeRight(Check):
    """The webhook endpoints hear of the accounts on which the target makes its payments.

    What it checks:
        Makes one payment and sees where it is: on the account itself, or on a connected account (the call carried
        ``Stripe-Account``). An endpoint of the account hears of the first, one for connected accounts of the second,
        and neither of the other's; some endpoint at the declared routes must hear of it. Where the target's calls bring
        in accounts (accounts, onboarding links, account sessions), some endpoint or event destination must hear of
        connected accounts. Which calls the target made is known of the built-in Stripe only, whose endpoints are those
        that the settings declare (``connect: true`` for one that hears of connected accounts).

    Why it matters:
        An endpoint of the wrong scope is enabled, has the right URL, and nothing ever comes: direct charges are paid
        and never fulfilled, accounts that Stripe restricts go on selling.

    How to fix:
        Register two endpoints, one with ``connect: true`` (Workbench: events on connected accounts) and one without,
        each with its own secret; the scope of an endpoint cannot be changed later. Tell the accounts apart by
        ``event.account``. See docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-scope-right"
    task = "2.1"
    severity = Severity.HIGH
    needs = ("route:webhook", "route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses(shared=("target", "stripe"))
    references = (
        *("docs.stripe.com/connect/webhooks", "docs.stripe.com/api/webhook_endpoints/create"),
        *("docs.stripe.com/api/v2/core/event-destinations", "github.com/stripe/stripe-dotnet/issues/1876"),
    )
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make a payment, and see who hears of it."""
        listed = await ctx.stripe.get("/v1/webhook_endpoints", limit=100)
        known = [one for one in map(webhooks.registered, listed["data"]) if one.is_enabled]
        if webhooks.is_out_of_reach(ctx.spec.url, known):
            ctx.inconclusive("Stripe delivers nothing to this machine", supply="target.url of a deployment")
        here = [one for route in ctx.spec.webhooks for one in webhooks.endpoints_at(ctx.spec.url + route.path, known)]
        payment = await ctx.payments.new()
        is_own, calls = await trials.is_on_own_account(ctx, payment), await trials.calls_seen(ctx)
        is_heard = any(one.is_for_connected for one in known) or await trials.destinations_hear_connected(ctx)
        for wrong in assess([one for one in here if tells_of_money(one)], is_own, bringing_in(calls), is_heard):
            scopes = {one.url: "connected accounts" if one.is_for_connected else "the account" for one in known}
            seen = ctx.evidence("whom the endpoints hear of", payment.answer, data=scopes)
            yield ctx.finding(wrong.title, wrong.detail, seen, severity=wrong.severity, discriminator=wrong.title)
        if is_own is None:
            ctx.inconclusive(
                "the payment is not on the account, and no call shows on which one it is",
                supply="target.routes.create_payment.response.payment_intent",
            )


def tells_of_money(one: webhooks.Registered) -> bool:
    """Whether an endpoint is subscribed to anything that happens to a payment."""
    return one.hears_all or any(kind.startswith(MONEY) for kind in one.events)


def bringing_in(calls: Sequence[Call]) -> list[str]:
    """The calls by which accounts are brought in, each once."""
    return sorted({line for call in calls if OF_CONNECT.fullmatch(line := f"{call.method} {call.path}")})


def assess(
    here: Sequence[webhooks.Registered], is_own: bool | None, bringing: Sequence[str], is_heard: bool | None
) -> Iterator[Wrong]:
    """What does not fit. ``here`` are the endpoints that tell of payments; ``is_heard`` is None where nobody knows."""
    if is_own is not None and here and all(one.is_for_connected == is_own for one in here):
        whose, hears = (
            ("the account itself", "connected accounts") if is_own else ("a connected account", "the account")
        )
        detail = f"The payment is on {whose}; {', '.join(one.id for one in here)} hear of {hears} only."
        yield Wrong("The webhook endpoints hear of other accounts' payments", detail, Severity.HIGH)
    if bringing and is_heard is False:
        detail = f"The target calls {', '.join(bringing)}, and no endpoint hears of connected accounts"
        detail += " (target.routes.webhook[].connect, where one does)."
        yield Wrong("Nothing hears of connected accounts", detail, Severity.MEDIUM)
