"""Steps that bring webhook events to the target: those kept back, again, in another order, tampered with, made up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.models import Effect
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.names import saved_as
from stripe_audit.scenario.paying import learn
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.steps import Deliver, Synthetic
from stripe_audit.stripe_backend.interface import Attempt
from stripe_audit.trials.deliveries import is_acknowledged
from stripe_audit.trials.together import together
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.webhooks.forgeries import FORGERIES, forged_header
from stripe_audit.webhooks.samples import kind_of, sample_object
from stripe_audit.webhooks.synthetic import with_paths

__all__ = ["arrive", "deliver", "told_of"]

_PAUSES_S = (0.05, 0.2, 0.6)
"""Before what was refused is sent again: Stripe's hours, compressed."""
_MOST_PAGES = 20
Event = Mapping[str, Any]


async def deliver(course: Course, step: Step, body: Deliver) -> None:
    """Bring the events, and save what was answered."""
    if body.event is not None:
        attempts = await _send(course, step, body, [await _made_up(course, step, body.event)])
        is_taken = all(map(is_acknowledged, attempts))
    else:
        events = await _chosen(course, step, body)
        if body.tamper:
            attempts = await _send(course, step, body, events)
            is_taken = all(map(is_acknowledged, attempts))
        else:
            attempts, is_taken = await _release(course, body, events)
    if name := saved_as(step):
        statuses = [attempt.status for attempt in attempts]
        course.saved[name] = {"statuses": statuses, "acknowledged": is_taken, "count": len(statuses)}


async def told_of(course: Course, step: Step, of: str) -> list[Event]:
    """The events about what was made that are kept back, in the order in which Stripe would have sent them."""
    return await _chosen(course, step, Deliver(of=of))


async def arrive(course: Course, of: str, groups: Sequence[Sequence[Event]]) -> None:
    """Deliver group after group, the events of one at the same moment; what is refused comes again in the end."""
    stripe, ids = course.ctx.stripe, course.made[of].ids
    refused: dict[str, None] = {}
    for group in groups:
        attempts: list[list[Attempt]] = []
        if len(group) == 1:
            released = [one for name in ids for one in await stripe.release(name, events=[str(group[0]["id"])])]
            attempts = [released or await stripe.resend(str(group[0]["id"]))]
        else:
            attempts = list(await together(stripe.resend(str(event["id"])) for event in group))
        for event, got in zip(group, attempts, strict=True):
            if not all(map(is_acknowledged, got)):
                refused[str(event["id"])] = None
    for pause in _PAUSES_S:
        if not refused:
            break
        await asyncio.sleep(pause)
        for identity in list(refused):
            if all(map(is_acknowledged, await stripe.resend(identity))):
                del refused[identity]


async def _chosen(course: Course, step: Step, body: Deliver) -> list[Event]:
    """The events that are meant, in their order. Raises Inconclusive where Stripe has none of them."""
    made = await learn(course, body.of)
    types = course.fill(step, body.types)
    but = course.fill(step, body.but)
    found: dict[str, Event] = {}
    is_open: dict[str, bool] = {}
    for name in made.ids:
        for delivery in await course.ctx.stripe.deliveries(name):
            is_open[delivery.event] = is_open.get(delivery.event, False) or delivery.state == "held"
        found |= {event["id"]: event for event in await course.ctx.stripe.events(name)}
    events = [
        event
        for identity, event in found.items()
        if identity in is_open
        and (is_open[identity] or body.again)
        and (types is None or event["type"] in types)
        and event["type"] not in but
    ]
    if not events:
        wanted = f" of {', '.join(types)}" if types else ""
        raise Inconclusive(
            f"{step.place}: no webhook event{wanted} is kept back that an endpoint listens to",
            supply="target.routes.webhook[].events",
        )
    events = await _as_sent(course, events, is_mixed=len(made.ids) > 1)
    if body.positions is not None:
        return [events[number - 1] for number in body.positions if number <= len(events)]
    if body.order == "reversed":
        events.reverse()
    elif body.order == "shuffled":
        Random(body.seed).shuffle(events)  # noqa: S311 - an order, no secret
    elif body.order == "listed" and types is not None:
        events.sort(key=lambda event: types.index(event["type"]))
    return events


async def _as_sent(course: Course, events: list[Event], *, is_mixed: bool) -> list[Event]:
    """In the order in which Stripe made them; those of one object are in it already.

    Their times are whole seconds, so that between several objects only the list of all events tells.
    """
    events.sort(key=lambda event: int(event["created"]))
    if not is_mixed:
        return events
    wanted, newest_first = {str(event["id"]) for event in events}, list[str]()
    after: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = await course.ctx.stripe.get("/v1/events", limit=100, **after)
        newest_first += [str(event["id"]) for event in page["data"] if event["id"] in wanted]
        if len(newest_first) == len(wanted) or not page["has_more"]:
            break
        after = {"starting_after": page["data"][-1]["id"]}
    places = {identity: -place for place, identity in enumerate(newest_first)}
    if len(places) == len(wanted):
        events.sort(key=lambda event: places[str(event["id"])])
    return events


async def _release(course: Course, body: Deliver, events: Sequence[Event]) -> tuple[list[Attempt], bool]:
    """Every attempt, and whether in the end each event was taken."""
    stripe, ids = course.ctx.stripe, course.made[body.of].ids

    async def one(event: Event) -> list[Attempt]:
        await asyncio.sleep(body.after)
        attempts: list[Attempt] = []
        for name in ids:
            attempts += await stripe.release(name, events=[event["id"]])
        extra = body.copies - 1 if attempts else body.copies
        if extra:
            attempts += await stripe.resend(event["id"], copies=extra, concurrent=body.at_once)
        return attempts

    async def at_once(event: Event) -> list[Attempt]:
        return await stripe.resend(event["id"], copies=body.copies, concurrent=True)

    if body.at_once:
        await asyncio.sleep(body.after)
        answers = await together(at_once(event) for event in events)
    else:
        answers = [await one(event) for event in events]
    attempts = [attempt for got in answers for attempt in got]
    refused = [event for event, got in zip(events, answers, strict=True) if not all(map(is_acknowledged, got))]
    for pause in _PAUSES_S if not body.once else ():
        if not refused:
            break
        await asyncio.sleep(pause)
        again = [await stripe.resend(event["id"]) for event in refused]
        attempts += [attempt for got in again for attempt in got]
        refused = [event for event, got in zip(refused, again, strict=True) if not all(map(is_acknowledged, got))]
    return attempts, not refused


async def _send(course: Course, step: Step, body: Deliver, events: Sequence[Event]) -> list[Attempt]:
    """Send events ourselves: what is tampered with or made up is not Stripe's to send."""
    ctx = course.ctx
    forgery = next((one for one in FORGERIES if one.id == body.tamper), None)
    sends = []
    for event in events:
        route = _route(course, step, body, str(event["type"]))
        raw, headers, effect = body_of(event), None, Effect.WRITE
        if forgery is not None:
            headers, effect = forged_header(forgery, raw, route.secret or "", int(time.time())), Effect.PROBE
            raw = raw.replace(b"{", b"{ ", 1) if forgery.alters else raw
        sends += [(route, raw, headers, effect)] * body.copies

    async def send(
        route: WebhookRoute, raw: bytes, headers: Mapping[str, str | tuple[str, ...]] | None, effect: Effect
    ) -> Attempt:
        answer = await ctx.deliver(route, raw, headers=headers, effect=effect)
        return Attempt(time.time(), answer.status, None, answer.elapsed_ms)

    if body.at_once:
        return list(await together(send(*one) for one in sends))
    attempts: list[Attempt] = []
    for one in sends:
        await asyncio.sleep(body.after)
        attempts.append(await send(*one))
    return attempts


def _route(course: Course, step: Step, body: Deliver, event_type: str) -> WebhookRoute:
    if body.to is None:
        return course.ctx.webhook_for(event_type)
    for route in course.ctx.spec.webhooks:
        if route.name == body.to:
            if route.secret is None:
                raise Skip(f"the secret of {body.to} is not known", setting="target.routes.webhook[].secret")
            return route
    raise Skip(f"{step.place}: no webhook is named {body.to}", setting="target.routes.webhook[].name")


async def _made_up(course: Course, step: Step, body: Synthetic) -> Event:
    given = course.fill(step, body.model_dump())
    obj = course.saved[given["object"]] if isinstance(given["object"], str) else given["object"]
    if obj is None:
        obj = await course.ctx.compute(_sample, step, str(given["type"]))
    overrides = {"api_version": given["api_version"]} if given["api_version"] else {}
    event = await course.ctx.stripe.synthesize(str(given["type"]), obj, **overrides)
    shown = await course.ctx.stripe.get(f"/v1/events/{event['id']}")  # in the shape of its API version
    try:
        return with_paths(shown, given["set"])
    except ValueError as error:
        raise Inconclusive(f"{step.place}: {error}", supply="the scenario's text") from None


def _sample(step: Step, event_type: str) -> dict[str, Any]:
    try:
        return sample_object(kind_of(event_type), event_type)
    except LookupError as error:
        raise Inconclusive(f"{step.place}: {error}", supply="the scenario's text") from None
