"""Steps that happen at Stripe: the customer pays and authenticates, the shop's owner acts in the Dashboard."""

from __future__ import annotations

import asyncio
from typing import Any

from stripe_audit.errors import Inconclusive, StripeError
from stripe_audit.money import chargeable_step
from stripe_audit.scenario.course import Course, Made
from stripe_audit.scenario.names import saved_as
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.shopping import minor_amount
from stripe_audit.scenario.steps import (
    CARDS,
    DEBITS,
    Advance,
    Authenticate,
    Cancel,
    Capture,
    Dispute,
    FaultStep,
    Hold,
    Pay,
    Refund,
    StripeCall,
)
from stripe_audit.trials.deliveries import settled

__all__ = [
    "advance",
    "authenticate",
    "cancel",
    "capture",
    "dispute",
    "fault",
    "hold",
    "lift",
    "pay",
    "refund",
    "stripe",
]

_INTENTS, _SESSIONS = "/v1/payment_intents", "/v1/checkout/sessions"


async def _settled(course: Course, made: Made) -> None:
    """Customers and owners take time: what happened before has been told, unless it is kept back."""
    if not made.is_held:
        await settled(course.ctx, made.ids)


async def learn(course: Course, name: str) -> Made:
    """What was made, its PaymentIntent known if there is one now; of a subscription the latest invoice's."""
    made = course.made[name]
    before = made.ids
    if made.kind == "subscription":
        await _learn_invoices(course, made)
    elif made.kind == "checkout" and made.intent is None:
        made.intent = (await course.ctx.stripe.get(f"{_SESSIONS}/{made.object}")).get("payment_intent")
    if made.is_held:
        for identity in made.ids:
            if identity not in before:
                await course.ctx.stripe.hold(object=identity)
        if made.customer:  # invoices to come, and their payments
            await course.ctx.stripe.hold(object=made.customer)
    course.refresh(name)
    return made


async def _learn_invoices(course: Course, made: Made) -> None:
    if made.customer is None:
        made.customer = str((await course.ctx.stripe.get(f"/v1/subscriptions/{made.object}"))["customer"])
    invoices = await course.ctx.stripe.get("/v1/invoices", subscription=made.object, expand=["data.payments"])
    billed: list[str] = []
    for invoice in invoices["data"]:
        entries = (invoice.get("payments") or {}).get("data") or []
        intents = [entry["payment"]["payment_intent"] for entry in entries if entry["payment"].get("payment_intent")]
        billed += [str(invoice["id"]), *map(str, intents)]
        if invoice is invoices["data"][0]:
            made.intent = next(iter(intents), None)
    made.billed = tuple(billed)


async def _intent(course: Course, step: Step, name: str) -> str:
    made = await learn(course, name)
    if made.intent is None:
        raise Inconclusive(f"{step.place}: {name} has no PaymentIntent yet")
    return made.intent


async def pay(course: Course, step: Step, body: Pay) -> None:
    """The customer pays. A decline is no trouble of ours; ``becomes`` says what must have come of it."""
    await asyncio.sleep(body.after)
    word = str(course.fill(step, body.with_))
    made = await learn(course, body.payment)
    await _settled(course, made)
    status = await (_pay_page(course, made, word) if made.kind == "checkout" else _confirm(course, step, made, word))
    await learn(course, body.payment)
    if body.becomes and status != body.becomes:
        raise Inconclusive(f"{step.place}: the payment is {status} at Stripe, not {body.becomes}")
    if name := saved_as(step):
        course.saved[name] = {"status": status}


async def _confirm(course: Course, step: Step, made: Made, word: str) -> str | None:
    intent = made.intent
    if intent is None:
        raise Inconclusive(f"{step.place}: there is no PaymentIntent to be paid")
    method = await _method(course, made, word)
    if made.payment is not None:
        return (await course.ctx.payments.confirm(made.payment, method)).state
    shown = await course.ctx.stripe.get(f"{_INTENTS}/{intent}")
    if shown["status"] in ("succeeded", "processing"):
        return str(shown["status"])
    return (await course.ctx.stripe.confirm(shown["client_secret"], method)).state


async def _method(course: Course, made: Made, word: str) -> str:
    if word not in DEBITS:
        return CARDS.get(word, word)
    made_method = await course.ctx.stripe.post(
        "/v1/payment_methods",
        type="sepa_debit",
        sepa_debit={"iban": DEBITS[word]},
        billing_details={"name": "Stripe Audit", "email": made.email},
    )
    return str(made_method["id"])


async def _pay_page(course: Course, made: Made, word: str) -> str:
    """The customer pays on Stripe's own page: the session's payment status, or why it was refused."""
    method = await _method(course, made, word)
    try:
        await course.ctx.stripe.post(f"/v1/payment_pages/{made.object}/confirm", payment_method=method)
    except StripeError:
        return "refused"
    session = await course.ctx.stripe.get(f"{_SESSIONS}/{made.object}")
    return str(session["payment_status"])


async def authenticate(course: Course, step: Step, body: Authenticate) -> None:
    """3D Secure, if it is asked for."""
    intent = await _intent(course, step, body.payment)
    await _settled(course, course.made[body.payment])
    if (await course.ctx.stripe.get(f"{_INTENTS}/{intent}"))["status"] == "requires_action":
        await course.ctx.stripe.authenticate(intent, succeed=body.outcome == "succeed")


async def capture(course: Course, step: Step, body: Capture) -> None:
    """Take what was authorised. Raises Inconclusive where nothing is."""
    intent, made = await _intent(course, step, body.payment), course.made[body.payment]
    await _settled(course, made)
    amount = minor_amount(course, step, body.amount, made.currency)
    await _do(course, step, f"{_INTENTS}/{intent}/capture", amount_to_capture=amount)


async def cancel(course: Course, step: Step, body: Cancel) -> None:
    """End the payment; of a Checkout Session, let it expire."""
    made = await learn(course, body.payment)
    await _settled(course, made)
    if made.kind == "subscription":
        await course.ctx.stripe.delete(f"/v1/subscriptions/{made.object}")
    elif made.kind == "checkout":
        await _do(course, step, f"{_SESSIONS}/{made.object}/expire")
    else:
        await _do(course, step, f"{_INTENTS}/{made.intent}/cancel")


async def refund(course: Course, step: Step, body: Refund) -> None:
    """Give money back: an amount, one of so many parts, or all that is left."""
    intent, made = await _intent(course, step, body.payment), course.made[body.payment]
    await _settled(course, made)
    amount = minor_amount(course, step, body.amount, made.currency)
    if amount is None and body.parts > 1:
        least = chargeable_step(made.currency)
        amount = max(least, made.amount // body.parts // least * least)
    answer = await _do(course, step, "/v1/refunds", payment_intent=intent, amount=amount)
    if name := saved_as(step):
        course.saved[name] = answer


async def dispute(course: Course, step: Step, body: Dispute) -> None:
    """The payment is disputed, or its dispute is decided."""
    made = await learn(course, body.payment)
    await _settled(course, made)
    if body.close is None:
        status = await (
            _pay_page(course, made, "disputed") if made.kind == "checkout" else _confirm(course, step, made, "disputed")
        )
        if status not in ("succeeded", "paid"):
            raise Inconclusive(f"{step.place}: the payment is {status} at Stripe, and cannot be disputed")
        return
    found = await course.ctx.stripe.get("/v1/disputes", payment_intent=made.intent)
    if not found["data"]:
        raise Inconclusive(f"{step.place}: the payment has no dispute")
    evidence = {"won": "winning_evidence", "lost": "losing_evidence"}[body.close]
    await _do(
        course, step, f"/v1/disputes/{found['data'][0]['id']}", evidence={"uncategorized_text": evidence}, submit=True
    )


async def stripe(course: Course, step: Step, body: StripeCall) -> None:
    """Any call with the audit's own key."""
    given = course.fill(step, body.model_dump())
    if body.get:
        answer = await course.ctx.stripe.get(given["get"], **given["params"])
    else:
        answer = await _do(course, step, given["post"], **given["params"])
    if name := saved_as(step):
        course.saved[name] = answer


async def _do(course: Course, step: Step, path: str, **params: Any) -> dict[str, Any]:
    try:
        return await course.ctx.stripe.post(path, **params)
    except StripeError as error:
        raise Inconclusive(f"{step.place}: {error.message}") from None


async def advance(course: Course, step: Step, body: Advance) -> None:
    """Let time pass at Stripe, or for the customer of one subscription."""
    seconds = ((body.days * 24) + body.hours) * 3600 + body.seconds
    if body.of is None:
        await course.ctx.stripe.advance(seconds)
        return
    made = course.made[body.of]
    if made.kind != "subscription":
        raise Inconclusive(f"{step.place}: {body.of} is no subscription", supply="the scenario's text")
    made = await learn(course, body.of)
    await _settled(course, made)
    await course.ctx.stripe.advance(seconds, customer=made.customer)


async def hold(course: Course, step: Step, body: Hold) -> None:
    """Keep back what comes from now on."""
    made = await learn(course, body.of)
    made.is_held = True
    # What is on its way arrives first: a target that is told late looks at Stripe, and sees what came after.
    await settled(course.ctx, made.ids)
    for name in made.ids:
        await course.ctx.stripe.hold(object=name)


async def fault(course: Course, step: Step, body: FaultStep) -> None:
    """Begin to fail."""
    action = body.model_dump(include={"kind", "status", "seconds", "code"}, exclude_none=True)
    about = (await _intent(course, step, body.of)) if body.of else None
    path = course.fill(step, body.path)
    handle = await course.ctx.stripe.fault(action, method=body.method, path=path, object=about, times=body.times)
    course.faults[str(saved_as(step))] = handle


async def lift(course: Course, step: Step, body: str) -> None:
    """The fault is over."""
    await course.faults[body].lift()
