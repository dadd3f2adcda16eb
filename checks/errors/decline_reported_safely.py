"""What a customer is told of a decline."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Mail, OrderState, Payment, Severity, Uses, trials

CARDS = {
    "generic_decline": "pm_card_visa_chargeDeclined",
    "insufficient_funds": "pm_card_visa_chargeDeclinedInsufficientFunds",
    "lost_card": "pm_card_visa_chargeDeclinedLostCard",
    "stolen_card": "pm_card_visa_chargeDeclinedStolenCard",
    "fraudulent": "pm_card_radarBlock",
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


class Heard(NamedTuple):
    """What a customer heard after a decline.

    ``reason`` is Stripe's decline code, ``is_told`` whether the order or a mail says that the payment failed, and
    ``surfaces`` what there is to read: route or mail, and its text.
    """

    reason: str
    is_told: bool
    surfaces: Mapping[str, str]


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
        Has cards declined for want of money, as lost, as stolen, as fraudulent, and for no given reason. Then it reads
        what the customer can: the order, the answer to a second try, the page, the mails. For the reasons that must
        look like any other decline, nothing may be there that names them and is not there after a plain decline, too.
        Nor may members of Stripe's objects be shown that are for the account's owner. The order or a mail must say
        that the payment failed. It looks for English words and Stripe's codes; other languages are not understood.

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
        heard = await asyncio.gather(*(after(ctx, card) for card in CARDS.values()))
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


async def after(ctx: Context, card: str) -> Heard:
    """A payment whose card is declined, and what its customer can read once the target knows."""
    payment = await ctx.payments.new()
    answer = await ctx.payments.confirm(payment, card)
    if answer.error is None or answer.state != "requires_payment_method":
        ctx.inconclusive(f"the payment with {card} is {answer.state} at Stripe, not declined")
    await trials.settled(ctx, [payment.intent])
    _, is_told = await ctx.orders.eventually(
        payment, lambda order: order.state in (OrderState.FAILED, OrderState.CANCELED)
    )
    mails = await trials.mails_if_seen(ctx, payment.email, within=0.5) or []
    surfaces = await read(ctx, payment) | ({"mail": text_of(mails)} if mails else {})
    return Heard(str(answer.error.get("decline_code")), is_told or bool(mails), surfaces)


async def read(ctx: Context, payment: Payment) -> dict[str, str]:
    """What the declared routes show of an order to its customer."""
    values = {**payment.values, "order": payment.order, "payment_intent": payment.intent}
    shown = {}
    for role in ("order", "pay_retry", "page"):
        if ctx.target.has(role):
            is_https = role == "page" and ctx.spec.https_url is not None
            shown[role] = (await ctx.target.call(role, values, is_https=is_https)).text
    return {role: text for role, text in shown.items() if text}


def text_of(mails: Sequence[Mail]) -> str:
    """All that the mails say."""
    return "\n".join(f"{mail.subject}\n{mail.body}" for mail in mails)


def assess(heard: Sequence[Heard], *, expects_failed: bool) -> list[Wrong]:
    """What is wrong with what customers heard. The plain decline shows which words are there anyway."""
    plain = next((one for one in heard if one.reason not in SECRET_REASONS), Heard("", False, {}))
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
    if expects_failed and not any(one.is_told for one in heard):
        detail = "The cards were declined; no order became failed and no mail came."
        wrong["told"] = Wrong("told", Severity.MEDIUM, "A declined customer is not told", detail)
    return list(wrong.values())
