"""What a customer is told of a decline."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, OrderState, Severity, Uses, trials

CARDS = {
    "generic_decline": "pm_card_visa_chargeDeclined",
    "insufficient_funds": "pm_card_visa_chargeDeclinedInsufficientFunds",
    "lost_card": "pm_card_visa_chargeDeclinedLostCard",
    "stolen_card": "pm_card_visa_chargeDeclinedStolenCard",
    "fraudulent": "pm_card_radarBlock",
    "card_velocity_exceeded": "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
    "expired_card": "pm_card_chargeDeclinedExpiredCard",
    "incorrect_cvc": "pm_card_chargeDeclinedIncorrectCvc",
    "processing_error": "pm_card_chargeDeclinedProcessingError",
}
SECRET_REASONS = {
    "fraudulent": re.compile(r"fraud", re.IGNORECASE),
    "lost_card": re.compile(r"\blost[\W_]{0,3}card|card\b[^.\n]{0,40}\blost\b", re.IGNORECASE),
    "merchant_blacklist": re.compile(r"merchant[\W_]?blacklist", re.IGNORECASE),
    "stolen_card": re.compile(r"stolen", re.IGNORECASE),
}
"""What must look like a generic decline to the customer (docs.stripe.com/declines/codes), and how it is written."""
RAW = ("last_payment_error", "network_decline_code", "network_advice_code", "request_log_url", "seller_message")
"""Members of Stripe's objects that are for the account's owner."""


class Wrong(NamedTuple):
    """A flaw, where it shows, and what tells it from others."""

    id: str
    severity: Severity
    title: str
    detail: str
    surface: str | None = None


class DeclineReportedSafely(Check):
    """After a decline the customer learns that the payment failed, and not what the bank suspects.

    What it checks:
        Has cards declined for want of money, as lost, as stolen, as fraudulent, as used too often, as expired, for a
        wrong CVC, for an error in processing, and for no given reason. Then it reads what the customer can: the order,
        the answer to a second try, the page, the mails. For the reasons that must look like any other decline, nothing
        may be there that names them and is not there after a plain decline, too. Nor may members of Stripe's objects be
        shown that are for the account's owner, or what Stripe tells that owner. After each decline the order or a mail
        must say that the payment failed. It looks for English words and Stripe's codes; other languages are not
        understood.

    Why it matters:
        Whoever tries a stolen card is told by its reason that it is known to be stolen, and takes the next one. An
        honest customer is called a thief. Stripe asks that these are presented as generic declines.

    How to fix:
        Show one sentence of your own for every decline, or Stripe's ``error.message`` (which is meant for customers),
        never ``decline_code``, ``outcome.seller_message`` or the whole error. Keep the code in the log and the
        back office. Map the reasons that help (no money, expired, wrong CVC) by an allow-list.
    """

    id = "decline-reported-safely"
    task = "5.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/declines/codes", "docs.stripe.com/testing#declined-payments", "CWE-209")
    max_requests = 100
    max_objects = len(CARDS)

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every decline at once, then what can be read of it."""
        heard = await asyncio.gather(*(trials.heard_after(ctx, card) for card in CARDS.values()))
        if not any(one.surfaces for one in heard):
            ctx.inconclusive(
                "nothing is there that a customer could read after a decline", supply="target.routes.order"
            )
        ctx.note(f"read after declines: {', '.join(sorted({name for one in heard for name in one.surfaces}))}")
        for wrong in assess(heard, expects_failed=ctx.orders.declares(OrderState.FAILED)):
            seen = ctx.evidence(wrong.detail, data={"declines": [one.reason for one in heard]})
            label = next((r.label for r in ctx.spec.routes.values() if r.role == wrong.surface), wrong.surface)
            yield ctx.finding(
                wrong.title, wrong.detail, seen, severity=wrong.severity, route=label, discriminator=wrong.id
            )


def assess(heard: Sequence[trials.Heard], *, expects_failed: bool) -> list[Wrong]:
    """What is wrong with what customers heard. The plain decline shows which words are there anyway."""
    plain = next((one for one in heard if one.reason not in SECRET_REASONS), trials.Heard("", False, {}))
    wrong: dict[str, Wrong] = {}
    for one in heard:
        for surface, text in one.surfaces.items():
            pattern = SECRET_REASONS.get(one.reason)
            if pattern and pattern.search(text) and not pattern.search(plain.surfaces.get(surface, "")):
                detail = f"After a {one.reason} decline, what the customer reads ({surface}) names the reason."
                title = "The customer is told what the bank suspects"
                wrong.setdefault(f"reason {surface}", Wrong("reason", Severity.MEDIUM, title, detail, surface))
            if raw := next((name for name in RAW if name in text), None):
                detail = f"After a decline, what the customer reads ({surface}) holds Stripe's {raw!r}."
                wrong.setdefault(
                    f"raw {surface}", Wrong("raw", Severity.LOW, "Stripe's raw error is shown", detail, surface)
                )
            if one.for_owner and one.for_owner in text and one.for_owner not in plain.surfaces.get(surface, ""):
                detail = f"After a {one.reason} decline, what the customer reads ({surface}) is outcome.seller_message."
                title = "The customer is shown what Stripe tells the account's owner"
                wrong.setdefault(f"owner {surface}", Wrong("owner", Severity.MEDIUM, title, detail, surface))
    untold = [one.reason for one in heard if not one.is_told]
    if expects_failed and untold:
        reasons = "the cards were declined" if len(untold) == len(heard) else f"after {', '.join(untold)}"
        detail = f"No order became failed and no mail came: {reasons}."
        wrong["told"] = Wrong("told", Severity.MEDIUM, "A declined customer is not told", detail)
    return list(wrong.values())
