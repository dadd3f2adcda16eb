"""Amounts at Stripe, exact in each currency."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Item, Severity, Uses, money, trials

INTENTS = "/v1/payment_intents"
CAUSES = {
    "scaled": ("Every currency is treated as if it had cents", "multiply by the currency's own factor: 1 for JPY"),
    "unscaled": ("Amounts are sent in major units", "Stripe takes the smallest unit: 1999 for 19.99 USD"),
    "rounded": ("Amounts are off by a fraction", "use integers or decimals: as floats, 19.99 × 100 is 1998.9999…"),
    "currency": ("Another currency is charged than ordered", "send the order's own currency"),
    "refused": ("Stripe refuses the amount", "send an integer in the currency's smallest unit"),
    "other": ("The amount is not price times quantity", "with tax or shipping, declare what is charged (target.items)"),
}
"""Why an amount is wrong: a title, and what to do."""


class Sample(NamedTuple):
    """An item that was ordered, and what Stripe was to charge for it; ``error`` where Stripe refused."""

    item: Item
    quantity: int
    answer: Answer
    amount: int | None = None
    currency: str | None = None
    error: str | None = None


class PaymentAmountInMinorUnits(Check):
    """The amount at Stripe is the price times the quantity, exact to the last digit, in every currency.

    What it checks:
        Orders every declared item (the first twenty), once and, where the request carries a quantity, three times, and
        compares the PaymentIntent at Stripe with the exact result in the currency's smallest unit. Declare an item
        with an odd price, one in a currency without decimals (JPY) and one with three (KWD).

    Why it matters:
        Binary floats lose cents (19.99 becomes 1998), and a factor of 100 for every currency charges a hundred
        times too much in yen and a tenth in dinars. Both are invisible where the record goes through the same function.

    How to fix:
        Keep amounts as integers in the smallest unit, or as decimals, and convert once with the currency's own factor:
        ``stripe`` takes 1999 for 19.99 USD, 500 for 500 JPY, 3450 for 3.450 KWD (the last digit 0).
    """

    id = "payment-amount-in-minor-units"
    task = "3.1"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/currencies#zero-decimal", "docs.stripe.com/currencies#three-decimal")
    max_requests = 80
    max_objects = 40

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Order everything, then compare by cause: one finding for each."""
        quantities = (1, 3) if trials.takes(ctx, "create_payment", "quantity", "amount") else (1,)
        wanted = [(item, quantity) for item in ctx.spec.items[:20] for quantity in quantities]
        samples = await trials.together(ordered(ctx, item, quantity) for item, quantity in wanted)
        judged = [sample for sample in samples if sample.amount is not None or sample.error]
        ctx.note(f"currencies compared: {', '.join(sorted({one.item.currency for one in judged})) or 'none'}")
        for cause, wrong in assess(judged).items():
            told = [f"{one.quantity} × {one.item.price} {one.item.currency} → {outcome(one)}" for one in wrong]
            seen = [ctx.evidence(line, one.answer) for line, one in zip(told, wrong, strict=True)]
            title, hint = CAUSES[cause]
            label = ctx.target.route("create_payment").label
            yield ctx.finding(title, f"{'; '.join(told)}. To mend it: {hint}.", *seen, route=label, discriminator=cause)
        missing = {f"{item.id} ({item.currency})" for item, _ in wanted} - {
            f"{one.item.id} ({one.item.currency})" for one in judged
        }
        if missing:
            ctx.inconclusive(f"could not be ordered: {', '.join(sorted(missing))}", supply="target.items")


async def ordered(ctx: Context, item: Item, quantity: int) -> Sample:
    """Order an item, and look at Stripe."""
    values, mark = ctx.payments.fresh(item=item, quantity=quantity), await ctx.stripe.mark()
    made = await ctx.payments.attempt(values)
    if made.answer.is_success:
        intent = await trials.intent_of(ctx, ctx.payments.read(made, item, quantity))
        return Sample(item, quantity, made.answer, intent["amount"], intent["currency"])
    words = (str(values["order"]), str(values["email"]))
    refusals = await trials.refused(ctx, INTENTS, since=mark, words=words)
    error = next((str((call.error or {}).get("message")) for call in refusals), None)
    return Sample(item, quantity, made.answer, error=error)


def outcome(sample: Sample) -> str:
    """What became of a sample, in words."""
    return sample.error or f"{sample.amount} {sample.currency}, not {due(sample)}"


def due(sample: Sample) -> int:
    """What must be charged, in the currency's smallest unit."""
    return money.to_minor(sample.item.price * sample.quantity, sample.item.currency)


def assess(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The samples that are wrong, by the likely cause."""
    wrong: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.error or (sample.amount, sample.currency) != (due(sample), sample.item.currency):
            wrong.setdefault(cause_of(sample), []).append(sample)
    return wrong


def cause_of(sample: Sample) -> str:
    """Why an amount is wrong: told by its ratio to the right one."""
    if sample.amount is None:
        return "refused"
    if sample.currency != sample.item.currency:
        return "currency"
    total = sample.item.price * sample.quantity
    if sample.amount in (int(total * 100), round(total * 100)) and money.minor_unit_exponent(sample.item.currency) != 2:
        return "scaled"
    if sample.amount in (int(total), round(total)):
        return "unscaled"
    return "rounded" if abs(sample.amount - due(sample)) <= sample.quantity else "other"
