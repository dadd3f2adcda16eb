"""Malformed requests for a payment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Payment, Severity, Uses, trials

ROOMY = ("order", "email")
"""Words that a target may take as they come: what is odd in them harms nobody, as long as nothing breaks."""
TITLES = {
    "crash": ("Malformed requests end in a server error", "Check the input before it is used; answer 400 or 422."),
    "silence": ("Malformed requests get no answer", "Check the input before it is used; answer 400 or 422."),
    "taken": ("Payments are made from malformed requests", "Refuse them before Stripe is called."),
}
"""What can be wrong, by kind: a title, and what to do."""


class Verdict(NamedTuple):
    """What came of one malformed request. ``kind`` is one of TITLES, or empty where nothing is wrong."""

    kind: str
    text: str = ""
    severity: Severity = Severity.MEDIUM


class PaymentInputValidated(Check):
    """Malformed requests for a payment are refused, and no payment comes of them.

    What it checks:
        Alters the declared request in some twenty ways: an article that is missing or unknown, objects, lists and
        words in place of values, quantities and amounts of 0, below 0, 1.5 and 10^20, a currency that does not exist,
        SQL, HTML and NUL characters, two megabytes of text, bodies that are no JSON. Each must be answered with 4xx
        without a PaymentIntent at Stripe, and afterwards an ordinary request must still work. An answer of 2xx without
        a PaymentIntent is noted only, and so are fractions that are charged exactly.

    Why it matters:
        Whoever can order a negative quantity lowers the sum; what ends in a 500 was not foreseen, and shows where SQL
        or a crash can be had. Customers see an error that says nothing.

    How to fix:
        Check the whole body against a schema before anything else (zod, Fastify's JSON Schema, pydantic, a Rails or
        Laravel validator): types, whole numbers with limits, known articles and currencies, a limit of the body's size.
        Answer 400 or 422 with a message, never 500.
    """

    id = "payment-input-validated"
    task = "4.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("PCI DSS 6.2.4", "ASVS 2.2.1", "CWE-20", "docs.stripe.com/get-started/checklist/go-live")
    max_requests = 64
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, the malformed requests, an ordinary payment."""
        valid, label = await ctx.payments.new(), ctx.target.route("create_payment").label
        await trials.intent_of(ctx, valid)  # the ordinary request must work, or no refusal means anything
        calls = await ctx.stripe.journal(object=valid.intent, caller="target")
        if not any(trials.mentions(call.params, (valid.order, valid.email)) for call in calls):
            ctx.note("PaymentIntents name neither order nor e-mail: one made in spite of a refusal would not be seen")
        judged = [(one, assess(one, valid)) for one in await trials.send_malformed(ctx)]
        if not judged:
            ctx.inconclusive("the declared request carries nothing", supply="target.routes.create_payment.body")
        for kind, (title, advice) in TITLES.items():
            if wrong := [(one, verdict) for one, verdict in judged if verdict.kind == kind]:
                told = [f"{one.change.title}: {verdict.text}" for one, verdict in wrong]
                seen = [ctx.evidence(text, one.answer) for text, (one, _) in zip(told, wrong, strict=True)]
                worst = max((verdict.severity for _, verdict in wrong), key=lambda severity: severity.rank)
                detail = f"Requests {'; '.join(told)}. {advice}"
                yield ctx.finding(title, detail, *seen, severity=worst, route=label, discriminator=kind)
        after = (await ctx.payments.attempt(ctx.payments.fresh())).answer
        if not after.is_success:
            seen_after = ctx.evidence(f"an ordinary request afterwards: {after.status}", after)
            detail = f"An ordinary request, like the one that had worked before, then got {after.status}."
            title, high = "Malformed requests break the target for others", Severity.HIGH
            yield ctx.finding(title, detail, seen_after, severity=high, route=label, discriminator="broken")
        odd = [one for one, verdict in judged if one.answer and one.answer.is_success and not verdict.kind]
        if told := [one.change.title for one in odd if one.change.word not in ROOMY]:
            ctx.note(f"answered with 2xx, and no harm came of it: requests {'; '.join(told)}")


def assess(one: trials.Altered, valid: Payment) -> Verdict:
    """Judge a malformed request by the payments that came of it, then by its answer."""
    if one.made and one.change.word not in ROOMY and not is_harmless(one, valid):
        terms = ", ".join(f"{made.amount} {made.currency}" for made in one.made)
        return Verdict("taken", f"a PaymentIntent over {terms} was made", severity_of(one, valid))
    if one.answer is None:
        is_too_long = one.change.id.endswith("oversized")  # servers may close the connection upon such a body
        return Verdict("") if is_too_long else Verdict("silence", one.trouble)
    return Verdict("crash", f"answered {one.answer.status}") if one.answer.status >= 500 else Verdict("")


def is_harmless(one: trials.Altered, valid: Payment) -> bool:
    """Whether what came is what is due: an amount that the target does not read, or a fraction charged exactly."""
    factor = {"quantity-fraction": 1.5, "item-nul": 1.0}.get(one.change.id, 1.0 if one.change.word == "amount" else 0)
    rounding = 1 if factor == 1.5 else 0
    return bool(factor) and all(
        made.currency == valid.currency
        and made.amount is not None
        and abs(made.amount - valid.amount * factor) <= rounding
        for made in one.made
    )


def severity_of(one: trials.Altered, valid: Payment) -> Severity:
    """Low where just the ordinary sum is charged; high where it is less, or what the customer said; else medium."""
    if all((made.amount, made.currency) == (valid.amount, valid.currency) for made in one.made):
        return Severity.LOW
    is_less = any(made.amount is not None and made.amount < valid.amount for made in one.made)
    return Severity.HIGH if is_less or one.change.word == "amount" else Severity.MEDIUM
