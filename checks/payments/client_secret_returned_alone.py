"""What a customer's browser gets to pay with."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Payment, Severity, Uses, keys, trials

WORD = re.compile(r"[A-Za-z0-9_]{12,}")
CLIENT_SECRET = re.compile(r"(?:pi|seti)_[A-Za-z0-9]+_secret_[A-Za-z0-9]+")
INNER = frozenset(
    (
        "capture_method",
        "confirmation_method",
        "latest_charge",
        "payment_method_options",
        "amount_received",
        "processing",
    )
)
"""Members that only Stripe's own object has; two of them beside each other are no coincidence."""


class Wrong(NamedTuple):
    """Something that an answer should not hold. The path leads to it in the JSON."""

    kind: str
    severity: Severity
    title: str
    detail: str


class ClientSecretReturnedAlone(Check):
    """The answer to a payment holds its client secret, and nothing else of Stripe's that is not the customer's.

    What it checks:
        Makes a payment, asks for another try, and makes a Checkout Session and a subscription, as far as the settings
        declare these routes. No answer may hold a secret key, a signing secret, another payment's client secret, or
        Stripe's whole object.

    Why it matters:
        ``res.json(paymentIntent)`` is the shortest handler there is: it hands internal metadata, the customer's id, and
        fields that Stripe may add at any time to every browser. A secret key in an answer is the whole account.

    How to fix:
        Return the fields that the page needs: ``{clientSecret: intent.client_secret}``, and the publishable key, which
        begins with ``pk_``.
    """

    id = "client-secret-returned-alone"
    task = "3.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/accept-a-payment", "docs.stripe.com/keys-best-practices", "CWE-201")
    max_requests = 10
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Ask each route, look into each answer."""
        payment = await ctx.payments.new()
        await trials.intent_of(ctx, payment)
        for role, answer in await answers(ctx, payment):
            for wrong in assess(answer, own=payment.client_secret if role in ("create_payment", "pay_retry") else None):
                seen = ctx.evidence(f"answered {answer.status}", answer)
                label = ctx.target.route(role).label
                yield ctx.finding(
                    wrong.title, wrong.detail, seen, severity=wrong.severity, route=label, discriminator=wrong.kind
                )


async def answers(ctx: Context, payment: Payment) -> list[tuple[str, Answer]]:
    """The successful answers of the routes that hand out something to pay with, by role."""
    found = [("create_payment", payment.answer)]
    if ctx.target.has("pay_retry"):
        names = {"order": payment.order, "payment_intent": payment.intent}
        found.append(("pay_retry", await ctx.target.call("pay_retry", {**payment.values, **names})))
    for role, sold in (("checkout", ctx.spec.items), ("subscribe", ctx.spec.plans)):
        if ctx.target.has(role) and sold:
            values = ctx.payments.fresh(item=sold[0], role=role)
            found.append((role, (await ctx.payments.attempt(values, role=role)).answer))
    return [(role, answer) for role, answer in found if answer.is_success]


def assess(answer: Answer, *, own: str | None) -> Iterator[Wrong]:
    """What is wrong in an answer, each kind once. ``own`` is the client secret that belongs in it, if one is known."""
    kinds = {keys.parse_key(word).kind for word in WORD.findall(answer.text)}
    if secret := kinds & {keys.KeyKind.SECRET, keys.KeyKind.RESTRICTED, keys.KeyKind.WEBHOOK_SECRET}:
        detail = (
            f"The answer holds a {', '.join(sorted(kind.value for kind in secret))} key: who has it, has the account."
        )
        yield Wrong("key", Severity.CRITICAL, "A secret key is returned to the browser", detail)
    if own and (others := set(CLIENT_SECRET.findall(answer.text)) - {own}):
        detail = f"The answer holds {len(others)} client secrets that are not this payment's."
        yield Wrong("others", Severity.HIGH, "Other payments' client secrets are returned", detail)
    try:
        data = answer.json()
    except ValueError:
        return
    if path := next(whole_objects(data), None):
        detail = f"{path or 'The answer itself'} is Stripe's object as it is, with all that it holds now and later."
        yield Wrong("object", Severity.MEDIUM, "Stripe's whole object is returned to the browser", detail)


def whole_objects(value: Any, path: str = "") -> Iterator[str]:
    """Where in a JSON value Stripe's own objects are."""
    if isinstance(value, Mapping):
        if len(INNER & set(value)) >= 2 or {"object", "livemode", "created"} <= set(value):
            yield path or "The answer"
        for name, member in value.items():
            yield from whole_objects(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from whole_objects(member, f"{path}[{number}]")
