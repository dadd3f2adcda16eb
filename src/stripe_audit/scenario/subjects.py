"""What conditions are about: orders, rows, answers, Stripe's objects, deliveries, log lines, mails, notifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, StripeError
from stripe_audit.scenario.conditions import Conditions
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.looking import lines_with, notified_of, rows_of
from stripe_audit.scenario.paying import learn
from stripe_audit.scenario.reading import Step
from stripe_audit.trials.deliveries import settled

__all__ = ["Seen", "read_subject"]

_LINES_CAP = 20
_ROLES = {"payment": "create_payment", "checkout": "checkout", "subscription": "subscribe"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. ``data`` is None where there is no such thing (yet); ``supply`` says what would show it.

    ``hidden`` are members that nothing declared can show, so that no condition on them can be judged.
    """

    kind: str
    label: str
    data: Any
    evidence: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    route: str | None = None
    hidden: frozenset[str] = frozenset()
    supply: str | None = None

    def is_hidden(self, expression: str) -> bool:
        """Whether an expression asks for what cannot be seen."""
        return any(re.search(rf"\b{name}\b", expression) for name in self.hidden)


async def read_subject(course: Course, step: Step, body: Conditions) -> Seen:
    """Look once. Raises Inconclusive or Skip where nothing can be seen."""
    return await _READERS[body.subject](course, step, body)


def _route_of(course: Course, name: str) -> str | None:
    role = _ROLES[course.made[name].kind]
    return course.ctx.target.route(role).label if course.ctx.target.has(role) else None


async def _order(course: Course, step: Step, body: Conditions) -> Seen:
    name = str(body.order)
    made = course.made[name]
    order = await course.ctx.orders.read(made.order)
    route, supply = _route_of(course, name), "observers.order"
    if order is None:
        return Seen("order", f"the order of {name}", None, answer=made.answer, route=route, supply=supply)
    data = {
        "state": order.state.value,
        "raw_state": order.raw_state,
        "amount": order.amount,
        "currency": order.currency,
        "fulfilled": order.fulfilled,
        "payment_intent": order.payment_intent,
        "paid_until": order.paid_until,
    }
    hidden = frozenset(name for name in ("amount", "currency", "fulfilled", "paid_until") if data[name] is None)
    return Seen("order", f"the order of {name}", data, order.summary, made.answer, route, hidden, supply)


async def _answer(course: Course, step: Step, body: Conditions) -> Seen:
    name = str(body.answer)
    answer, data = course.answers.get(name), course.saved[name]
    if answer is None:
        raise Inconclusive(f"{step.place}: {name} is no answer", supply="the scenario's text")
    told = {"status": answer.status}
    return Seen("answer", f"the answer {name}", data, told, answer, course.routes.get(name))


async def _stripe(course: Course, step: Step, body: Conditions) -> Seen:
    path = str(course.fill(step, body.stripe))
    kind = path.split("?")[0].split("/")[2].rstrip("s").replace("_", " ")
    try:
        found = await course.ctx.stripe.get(path, **({"expand": body.expand} if body.expand else {}))
    except StripeError as error:
        raise Inconclusive(f"{step.place}: {error.message}") from None
    told: dict[str, Any] = {
        name: found[name] for name in ("id", "object", "status", "amount", "payment_status") if name in found
    }
    return Seen("stripe", f"the {kind} at Stripe", found, told)


async def _value(course: Course, step: Step, body: Conditions) -> Seen:
    value = course.fill(step, body.value)
    return Seen("value", "the saved value", value, {"value": value})


async def _rows(course: Course, step: Step, body: Conditions) -> Seen:
    table, name = str(body.rows), str(body.of)
    data = await rows_of(course, table, name)
    told = {"count": data["count"], "rows": data["rows"][:_LINES_CAP]}
    made = course.made[name]
    return Seen("rows", f"the rows {table} of {name}", data, told, made.answer, _route_of(course, name))


async def _notifications(course: Course, step: Step, body: Conditions) -> Seen:
    words, at = course.fill(step, [body.notifications, body.at])
    data = await notified_of(course, words, body.of, at)
    about = f"the notifications about {body.of}" if body.of else "the notifications"
    told = {"with": words, "count": data["count"], "texts": data["texts"][:_LINES_CAP]}
    return Seen("notifications", about, data, told)


async def _logs(course: Course, step: Step, body: Conditions) -> Seen:
    words = [str(word) for word in course.fill(step, body.logs)]
    lines = await lines_with(course, words, body.of)
    data: dict[str, Any] = {
        "count": len(lines),
        "levels": sorted({line.level for line in lines}),
        "lines": [line.text for line in lines],
        "fields": [dict(line.fields or {}) for line in lines],
    }
    told = {"with": words, "count": len(lines), "lines": data["lines"][:_LINES_CAP]}
    return Seen("logs", f"the log about {body.of}" if body.of else "the log", data, told)


async def _mail(course: Course, step: Step, body: Conditions) -> Seen:
    address = str(course.fill(step, body.mail))
    mails = course.ctx.mail.messages(to=address)
    data: dict[str, Any] = {
        "count": len(mails),
        "subjects": [mail.subject for mail in mails],
        "bodies": [mail.body for mail in mails],
    }
    return Seen("mail", "the customer's mail", data, {"count": len(mails), "subjects": data["subjects"][:_LINES_CAP]})


async def _deliveries(course: Course, step: Step, body: Conditions) -> Seen:
    """The deliveries of the webhook events about what was made, once none is under way any more."""
    name = str(body.deliveries)
    ids = (await learn(course, name)).ids if name in course.made else course.ids.get(name, ())
    found = {(one.event, one.endpoint): one for one in await settled(course.ctx, ids)}.values()
    refused = [one for one in found if one.state in ("failed", "retrying")]
    data = {
        "count": len(found),
        "types": sorted({one.type for one in found}),
        "held": sorted({one.type for one in found if one.state == "held"}),
        "refused": sorted({one.type for one in refused}),
    }
    statuses = {one.type: [attempt.status for attempt in one.attempts] for one in refused}
    return Seen("deliveries", f"the webhook events of {name}", data, {**data, "statuses": statuses})


_READERS = {
    "order": _order,
    "answer": _answer,
    "stripe": _stripe,
    "value": _value,
    "rows": _rows,
    "logs": _logs,
    "mail": _mail,
    "notifications": _notifications,
    "deliveries": _deliveries,
}
