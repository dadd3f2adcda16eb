"""A customer's payment in the hands of somebody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from stripe_audit import Answer, Check, Context, Effect, Finding, Payment, Severity, Uses, trials

NEAR = 20
"""How far apart the numbers of two orders made one after the other are where they can be counted."""


class PaymentHiddenFromOthers(Check):
    """Nobody reads another customer's payment, least of all its client secret.

    What it checks:
        Makes two payments, and asks for the first as a stranger, without login and cookies: at the route of orders, and
        at the addresses where APIs show a PaymentIntent to whoever names its id. No answer may hold the client secret
        or the customer's e-mail address. Where the order's route has a login, it must not answer without; where it has
        none, as in shops for guests, orders must not be numbered so that others can be counted off.

    Why it matters:
        The id of a PaymentIntent is no secret: it is in mails, logs and addresses. With the client secret whoever has
        it sees and changes the payment in the customer's name. Numbers that can be counted turn one order into all.

    How to fix:
        Look each record up together with its owner (``WHERE id = ? AND customer = ?``); give guests a random, long
        reference; hand the client secret out once, to the browser that pays. docs/fixes/api-access.md has it for each
        framework.
    """

    id = "payment-hidden-from-others"
    task = "4.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "OWASP API1:2023",
        "ASVS 8.2.2",
        "docs.stripe.com/api/payment_intents/object",
        "PCI DSS 7.2.1",
        "CWE-639",
    )
    max_requests = 48
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Two payments, and a stranger."""
        payment, next_one = await trials.proven_payment(ctx), await trials.proven_payment(ctx)
        shown = await trials.ask_as_stranger(ctx, trials.intent_paths(ctx, payment))
        if ctx.target.has("order"):
            base, route = ctx.spec.url, ctx.target.route("order")
            path = ctx.target.url_of("order", {**payment.values, "order": payment.order}).removeprefix(base)
            orders = await trials.ask_as_stranger(ctx, [path])
            shown = [*orders, *shown]
            for seen in orders:
                if told := assess_order(seen.answer, payment, next_one, has_login=route.login is not None):
                    evidence = ctx.evidence("a stranger asked for the order", seen.answer)
                    yield ctx.finding(*told, evidence, route=route.label, discriminator="order")
        for seen in shown:
            label = seen.path.replace(payment.intent, "{intent}").replace(payment.order, "{order}")
            evidence = ctx.evidence(f"a stranger asked for {label}", seen.answer)
            if payment.client_secret in seen.answer.text:
                detail = f"GET {label} hands the client secret to whoever asks."
                title = "A client secret is shown to others"
                yield ctx.finding(title, detail, evidence, route=label, discriminator="client-secret")
            elif payment.email in seen.answer.text:
                detail = f"GET {label} shows the customer's e-mail address to whoever asks."
                title, severity = "A customer's address is shown to others", Severity.MEDIUM
                yield ctx.finding(title, detail, evidence, severity=severity, route=label, discriminator="email")


def assess_order(answer: Answer, payment: Payment, next_one: Payment, *, has_login: bool) -> tuple[str, str] | None:
    """What is wrong with an order that a stranger was shown: title and detail."""
    if (
        payment.intent not in answer.text
        and payment.order not in answer.text
        and str(payment.amount) not in answer.text
    ):
        return None  # a page for everybody
    if has_login:
        return "An order is shown without the login", "The route of orders has a login, and answers without it."
    numbers = [re.search(r"(\d{1,18})$", one.order) for one in (payment, next_one)]
    is_given = payment.order != str(payment.values["order"])
    if is_given and numbers[0] and numbers[1] and 0 < int(numbers[1][1]) - int(numbers[0][1]) <= NEAR:
        detail = f"Orders are numbered ({payment.order}, {next_one.order}), and anybody may read them by their number."
        return "Orders can be counted and read by everybody", detail
    return None
