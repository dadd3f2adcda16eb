"""Steps that go through the target: requests, payments, customers, Checkout Sessions, subscriptions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from stripe_audit.deployment.spec import Item
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.models import Effect, Party
from stripe_audit.money import to_minor
from stripe_audit.scenario.course import Course, Made
from stripe_audit.scenario.names import saved_as
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.steps import CreateCheckout, CreateCustomer, CreatePayment, CreateSubscription, Request

__all__ = [
    "answer_shown",
    "create_checkout",
    "create_customer",
    "create_payment",
    "create_subscription",
    "minor_amount",
    "request",
]


def answer_shown(answer: Answer) -> dict[str, Any]:
    """What templates and conditions see of an answer; decimals in JSON are exact."""
    try:
        value = json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        value = None
    return {
        "status": answer.status,
        "ok": answer.is_success,
        "json": value,
        "text": answer.text,
        "ms": int(answer.elapsed_ms),
        "headers": {name.lower(): text for name, text in answer.headers},
    }


async def request(course: Course, step: Step, body: Request) -> None:
    """Send it; any answer will do, since conditions on it are steps of their own."""
    ctx = course.ctx
    given = course.fill(step, body.model_dump(include={"path", "body", "headers", "values"}))
    values = {**(course.made[body.payment].values if body.payment else {}), **given["values"]}
    if body.payment:
        made = course.made[body.payment]
        values |= {"order": made.order, "payment_intent": made.intent or "", "session": made.object}
    if body.route is not None:
        answer = await ctx.target.call(
            body.route, values, method=body.method, headers=given["headers"], body=given["body"], timeout=body.timeout
        )
    else:
        method = body.method or ("GET" if given["body"] is None else "POST")
        is_safe = method in ("GET", "HEAD", "OPTIONS")
        answer = await ctx.request(
            method,
            given["path"],
            effect=Effect.READ if is_safe else Effect.WRITE,
            headers=given["headers"],
            json=given["body"],
            source=Party.CUSTOMER,
            timeout=body.timeout,
        )
    if name := saved_as(step):
        course.answers[name] = answer
        course.saved[name] = answer_shown(answer)
        if body.route is not None:
            course.routes[name] = ctx.target.route(body.route).label


def _item(course: Course, step: Step, body: CreatePayment | CreateCheckout | CreateSubscription) -> Item:
    """The declared item, or plan, that is meant. Raises Skip."""
    wanted = course.fill(step, {"id": body.item, "currency": body.currency})
    kind, declared, setting = _sold(course, body)
    for item in declared:
        if wanted["id"] in (None, item.id) and wanted["currency"] in (None, item.currency):
            return item
    told = " ".join(f"{name} {value}" for name, value in wanted.items() if value)
    raise Skip(f"no {kind} with {told} is declared" if told else f"no {kind} is declared", setting=setting)


def _sold(course: Course, body: CreatePayment | CreateCheckout | CreateSubscription) -> tuple[str, Sequence[Item], str]:
    """What a step chooses from: in words, what is declared, and where."""
    spec = course.ctx.spec
    if isinstance(body, CreateSubscription):
        kind = "plan with a trial" if body.trial else "plan without a trial"
        return kind, [plan for plan in spec.plans if plan.has_trial is body.trial], "target.plans"
    if isinstance(body, CreatePayment) and body.capture == "manual":
        return "item that is captured later", spec.held_items, "target.items[].capture"
    return "item", spec.items, "target.items"


def _quantity(course: Course, step: Step, given: int | str) -> int:
    value = course.fill(step, given)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Inconclusive(f"{step.place}: the quantity {value!r} is no number", supply="the scenario's text") from None


async def create_payment(course: Course, step: Step, body: CreatePayment) -> None:
    """A payment. Raises Inconclusive where the target makes none."""
    item, quantity = _item(course, step, body), _quantity(course, step, body.quantity)
    order = course.fill(step, body.order)
    payment = await course.ctx.payments.new(item=item, quantity=quantity, is_held=body.hold, order=order)
    made = Made(
        "payment",
        payment.order,
        payment.intent,
        payment.email,
        payment.amount,
        payment.currency,
        payment.values,
        payment.answer,
        payment=payment,
        intent=payment.intent,
        is_held=body.hold,
    )
    course.keep(saved_as(step), made)


async def create_customer(course: Course, step: Step, body: CreateCustomer) -> None:
    """A customer with a fresh address, unless one is given."""
    ctx = course.ctx
    given = course.fill(step, body.model_dump())
    fresh = {"email": f"{ctx.payments.reference()}@example.com", "name": "Stripe Audit"}
    values = {**fresh, **{key: value for key, value in given.items() if value is not None}}
    answer = await ctx.target.call("customer", values)
    if not answer.is_success:
        raise Inconclusive(
            f"customer answered {answer.status} (exchange {answer.exchange})", supply=_SUPPLY["customer"]
        )
    found = ctx.target.mapped("customer", answer, "customer")
    name = str(saved_as(step))
    course.answers[name] = answer
    course.saved[name] = {"id": found["customer"], "email": values["email"], **answer_shown(answer)}


_SUPPLY = {role: f"target.routes.{role}" for role in ("customer", "checkout", "subscribe")}


async def create_checkout(course: Course, step: Step, body: CreateCheckout) -> None:
    """A Checkout Session. Raises Inconclusive where the target makes none."""
    await _create(course, step, body, "checkout", "session", _quantity(course, step, body.quantity))


async def create_subscription(course: Course, step: Step, body: CreateSubscription) -> None:
    """A subscription. Raises Inconclusive where the target makes none."""
    await _create(course, step, body, "subscribe", "subscription", 1)


async def _create(
    course: Course, step: Step, body: CreateCheckout | CreateSubscription, role: str, word: str, quantity: int
) -> None:
    ctx = course.ctx
    item = _item(course, step, body)
    values = ctx.payments.fresh(item=item, quantity=quantity, role=role)
    order = str(values["order"])
    if body.hold:
        await ctx.stripe.hold(mentions=order)
    answer = (await ctx.payments.attempt(values, role=role)).answer
    if not answer.is_success:
        raise Inconclusive(f"{role} answered {answer.status} (exchange {answer.exchange})", supply=_SUPPLY[role])
    found = ctx.target.mapped(role, answer, word)
    identity = str(found[word])
    if body.hold:
        await ctx.stripe.hold(object=identity)
    made = Made(
        "checkout" if role == "checkout" else "subscription",
        str(found.get("order") or order),
        identity,
        str(values["email"]),
        to_minor(item.price * quantity, item.currency),
        item.currency,
        values,
        answer,
        intent=str(found["payment_intent"]) if found.get("payment_intent") else None,
        is_held=body.hold,
    )
    course.keep(saved_as(step), made)


def minor_amount(course: Course, step: Step, given: int | Decimal | str | None, currency: str) -> int | None:
    """An amount in minor units: whole numbers are, decimals and texts with a point are major units."""
    value = course.fill(step, given)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    try:
        return to_minor(Decimal(str(value)), currency)
    except (ArithmeticError, ValueError) as error:
        raise Inconclusive(f"{step.place}: the amount {value!r}: {error}", supply="the scenario's text") from None
