"""Lists of payments that need no login."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Payment, Severity, Uses, trials

INTENT = re.compile(r"\bpi_[A-Za-z0-9]{10,64}")
MANY = 3
"""Different PaymentIntents in one answer that make it a list, whatever the audit's own payment is."""


class PaymentsNotListed(Check):
    """Nobody lists payments, orders or customers without logging in.

    What it checks:
        Makes a payment, and then asks as a stranger, without login and cookies, for the addresses at which APIs list
        what they keep: those above the declared routes, and ``orders``, ``payments``, ``customers`` and the like beside
        them. No answer may hold the payment just made (its order, PaymentIntent or e-mail address), or PaymentIntents
        in plenty. The addresses name nothing of the payment, so that what comes back was listed.

    Why it matters:
        A list tells every customer's name, address and spending, and ids with which the rest of the API may be asked.
        It is made for an admin page and forgotten: the most common way in which shops lose their customers' data.

    How to fix:
        Require a login on every route that is not meant for guests, by default (deny first, then open), and check on
        the server that whoever asks may see each record. docs/fixes/api-access.md has it for each framework.
    """

    id = "payments-not-listed"
    task = "4.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = ("OWASP API1:2023", "OWASP API5:2023", "ASVS 8.2.1", "ASVS 8.2.2", "PCI DSS 7.2.1", "CWE-862")
    max_requests = 64
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """A payment, then a look for it."""
        payment = await trials.proven_payment(ctx)
        paths = trials.list_paths(ctx)
        answered = await trials.ask_as_stranger(ctx, paths)
        for seen in answered:
            if told := assess(seen.answer.text, payment):
                title, detail = "Payments are listed to everybody", f"GET {seen.path} needs no login, and shows {told}."
                evidence = ctx.evidence(f"a stranger asked for {seen.path}", seen.answer)
                yield ctx.finding(title, detail, evidence, route=seen.path, discriminator="listed")
        ctx.note(f"asked as a stranger: {len(paths)} addresses, {len(answered)} answered 2xx")


def assess(text: str, payment: Payment) -> str:
    """What a list shows of payments; empty for nothing."""
    names = {"its order": payment.order, "its PaymentIntent": payment.intent, "its e-mail address": payment.email}
    if own := [word for word, value in names.items() if value and value in text]:
        return f"the payment just made ({' and '.join(own)})"
    intents = set(INTENT.findall(text))
    return f"{len(intents)} PaymentIntents" if len(intents) >= MANY else ""
