"""One PaymentIntent for one order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Payment, Severity, Uses, trials

INTENTS = "/v1/payment_intents"
SHOWN = ("id", "amount", "currency", "status", "metadata")


class Wrong(NamedTuple):
    """Something that is wrong with what was created."""

    id: str
    severity: Severity
    title: str
    detail: str


class PaymentIntentCreated(Check):
    """An order makes exactly one PaymentIntent, over the right amount, and its own client secret is handed out.

    What it checks:
        Orders a declared item and looks at Stripe: the target itself, with its secret key, made the PaymentIntent that
        the returned client secret belongs to; amount and currency are the order's; and no second one, open to be
        paid, was left lying. A request that Stripe refused is told with Stripe's reason.

    Why it matters:
        Without a PaymentIntent there is no payment. A second one that stays open can be paid as well, and every open
        one makes the numbers in the Dashboard untrue; a client secret of another payment lets a customer pay, or see,
        what is not theirs.

    How to fix:
        Create one PaymentIntent per order in the backend, store its id with the order, and use it again while it can
        be paid. Take the amount from the order, give the order's number as metadata, and return ``client_secret`` of
        that very object. Where tax or shipping is added, declare the price that is charged (``target.items``).
    """

    id = "payment-intent-created"
    task = "3.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/payment-intents#best-practices", "docs.stripe.com/api/payment_intents")
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Order once, then look at Stripe."""
        route, item = ctx.target.route("create_payment").label, ctx.payments.item()
        values, mark = ctx.payments.fresh(item=item), await ctx.stripe.mark()
        words = (str(values["order"]), str(values["email"]))
        made = await ctx.payments.attempt(values)
        if refusal := await refused(ctx, made.answer, mark, words):
            yield refusal
            return
        payment = ctx.payments.read(made, item)
        calls = await ctx.stripe.journal(object=payment.intent, caller="target")
        creation = next((call for call in calls if call.path == INTENTS and call.object == payment.intent), None)
        if creation is None:
            if not await ctx.stripe.journal(caller="target"):
                ctx.inconclusive("the target has not called the audit's Stripe at all", supply="target.launch.env")
            seen = ctx.evidence(f"the target did not make {payment.intent}", made.answer)
            detail = f"{route} hands out a client secret, but the target made no such PaymentIntent at Stripe."
            yield ctx.finding("The client secret is of no payment", detail, seen, route=route, discriminator="none")
            return
        if not trials.mentions(creation.params, [payment.order, words[0]]):
            ctx.note("the PaymentIntent does not name its order (metadata): in the Dashboard neither tells the other")
        calls = [
            call for call in await trials.made(ctx, INTENTS, since=mark, words=words) if call.object != payment.intent
        ]
        intent, *rivals = [await ctx.stripe.get(f"{INTENTS}/{call.object}") for call in (creation, *calls)]
        shown = [{key: one[key] for key in SHOWN} for one in (intent, *rivals)]
        seen_as = [ctx.evidence("a PaymentIntent of this order", made.answer, data=data) for data in shown]
        for wrong in assess(payment, intent, rivals):
            yield ctx.finding(
                wrong.title, wrong.detail, *seen_as, severity=wrong.severity, route=route, discriminator=wrong.id
            )


async def refused(ctx: Context, answer: Answer, mark: int, words: Sequence[str]) -> Finding | None:
    """The finding where no payment came of it, and it is known that the target, or Stripe's answer to it, is why."""
    route = ctx.target.route("create_payment").label
    refusals = await trials.refused(ctx, INTENTS, since=mark, words=words)
    if refusals and not await trials.made(ctx, INTENTS, since=mark, words=words):
        reason = (refusals[0].error or {}).get("message") or f"status {refusals[0].status}"
        seen = ctx.evidence(refusals[0].line, answer, data=refusals[0].error)
        return ctx.finding("Stripe refuses the PaymentIntent", reason, seen, route=route, discriminator="refused")
    if answer.status >= 500:
        detail = f"A declared item was ordered, and {route} answered {answer.status}: nobody can pay."
        seen = ctx.evidence(f"answered {answer.status}", answer)
        return ctx.finding("No payment can be created", detail, seen, route=route, discriminator="broken")
    return None


def assess(payment: Payment, intent: Mapping[str, Any], rivals: Sequence[Mapping[str, Any]]) -> list[Wrong]:
    """What is wrong with the PaymentIntent of a payment; ``rivals`` are others that were made for the same order."""
    wrong = []
    charged, due = (intent["amount"], intent["currency"]), (payment.amount, payment.currency)
    if charged != due:
        detail = f"The order is over {due[0]} {due[1]} (minor units), the PaymentIntent over {charged[0]} {charged[1]}."
        wrong.append(Wrong("amount", Severity.CRITICAL, "Another amount is charged than ordered", detail))
    if intent["client_secret"] != payment.client_secret:
        detail = "The client secret that was handed out is not the one of the PaymentIntent that was named beside it."
        wrong.append(Wrong("secret", Severity.CRITICAL, "The client secret is another payment's", detail))
    if count := sum(rival["status"] != "canceled" for rival in rivals):
        detail = f"One order made {count + 1} PaymentIntents that were not canceled; each of them can be paid."
        wrong.append(Wrong("several", Severity.HIGH, "One order makes several PaymentIntents", detail))
    return wrong
