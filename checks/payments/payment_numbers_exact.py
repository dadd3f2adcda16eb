"""Numbers in requests, in every form that they can have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

TITLES = {
    "another": ("Another sum is charged than the request says", Severity.HIGH),
    "made-up": ("A payment is made of a number that is none", Severity.MEDIUM),
    "unpayable": ("An ordinary amount cannot be paid", Severity.HIGH),
    "crash": ("A number in an unusual form ends in a server error", Severity.LOW),
}
"""What can be wrong, by kind."""


class Verdict(NamedTuple):
    """What came of one number; ``kind`` is one of TITLES, or empty where nothing is wrong."""

    kind: str
    text: str = ""


class PaymentNumbersExact(Check):
    """Whatever form a quantity or an amount has, exactly that is charged, or nothing.

    What it checks:
        Where the request carries a quantity: sends it as 1e2, 2.0, “2”, “1e1”, “02”, 10^9, 2^32 + 2, NaN, Infinity,
        null, true, 5e-1, “-1”, an empty text, and not at all. Where it carries a sum of its own ({amount}, and no
        {item}): the sums that break binary floats (1.10, 4.35, 9.95, 17.99, 19.99, 64.10 …) in each declared currency,
        the least and a large one, and then 0, negative ones, texts, exponents, NaN, half a cent, too little and too
        much. Every PaymentIntent that comes of it must be over exactly what was said, or a whole number of pieces. A
        refusal is as good, but for sums between others that were taken.

    Why it matters:
        JSON, forms, languages and databases disagree on what a number is: parseInt reads 1e2 as 1, a float makes 1798
        of 17.99, NaN passes every comparison with a limit. The customer is charged what nobody wrote.

    How to fix:
        Take one form and refuse the rest: for quantities whole JSON numbers from 1 to a limit, for amounts whole
        numbers of the smallest unit, or decimal texts that are read into an exact type (Decimal, BigDecimal, dinero.js)
        with the currency's own digits. Never parseFloat, never int() of a product of floats.
    """

    id = "payment-numbers-exact"
    task = "3.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/currencies#zero-decimal", "RFC 8259 6", "CWE-681", "CWE-20")
    max_requests = 92
    max_objects = 92

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, then every form."""
        if not (forms := trials.number_forms(ctx)):
            told = "{quantity}, or {amount} without {item}, in target.routes.create_payment.body"
            ctx.skip("the declared request carries neither a quantity nor a sum of its own", setting=told)
        await trials.intent_of(ctx, await ctx.payments.new())  # the ordinary request must work, or nothing is told
        route, sent = ctx.target.route("create_payment").label, await trials.send_numbers(ctx)
        ctx.note(f"{len(forms)} forms of {forms[0].word} were sent")
        limits = {currency: limits_seen(sent, currency) for currency in {form.currency for form in forms}}
        judged = [(one, assess(form, one, limits[form.currency])) for form, one in sent]
        for kind, (title, severity) in TITLES.items():
            if wrong := [(one, verdict.text) for one, verdict in judged if verdict.kind == kind]:
                seen = [ctx.evidence(f"{one.change.title}: {text}", one.answer) for one, text in wrong]
                detail = f"{'; '.join(f'{one.change.title}: {text}' for one, text in wrong)}."
                yield ctx.finding(title, detail, *seen, severity=severity, route=route, discriminator=kind)


def limits_seen(sent: Iterable[tuple[trials.NumberForm, trials.Altered]], currency: str) -> range:
    """Between the least and the most that the target took: what lies there and is refused, is refused for no limit."""
    taken = [made.amount for form, one in sent for made in one.made if made.amount and made.currency == currency]
    return range(min(taken, default=0), max(taken, default=0))


def assess(form: trials.NumberForm, one: trials.Altered, limits: range) -> Verdict:
    """Judge a number by the PaymentIntents that came of it, then by the answer."""
    if wrong := [made for made in one.made if not form.allows(made.amount, made.currency)]:
        told = ", ".join(f"{made.amount} {made.currency}" for made in wrong)
        return Verdict("another" if form.due else "made-up", f"a PaymentIntent over {told} was made")
    is_refused_by_stripe = len(one.asked) > len(one.made)
    if form.is_usual and not one.made and (is_refused_by_stripe or form.due[0] in limits):
        status = one.answer.status if one.answer else one.trouble
        return Verdict("unpayable", f"answered {status}, and no PaymentIntent was made")
    is_broken = one.answer is not None and one.answer.status >= 500
    return Verdict("crash", f"answered {one.answer.status}") if one.answer and is_broken else Verdict("")
