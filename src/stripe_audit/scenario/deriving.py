"""What a scenario needs, does and shares, read from its steps. Its file can only say more, never less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stripe_audit.check import Uses
from stripe_audit.models import Effect
from stripe_audit.scenario.conditions import Conditions
from stripe_audit.scenario.reading import Scenario, Step
from stripe_audit.scenario.steps import Advance, CreatePayment, Deliver, FaultStep, Request

__all__ = ["Derived", "derived"]

_POLLS = 30
"""How often a condition is looked at, at most, within the usual patience: pauses grow to 0.2 s."""
_CONFIRMING = 50
"""Sequences that an exploration takes to confirm a failure and to make it simple."""
_NEEDS: dict[str, tuple[str, ...]] = {
    "create_payment": ("route:create_payment", "items", "stripe"),
    "create_customer": ("route:customer",),
    "create_checkout": ("route:checkout", "items", "stripe"),
    "create_subscription": ("route:subscribe", "plans", "stripe"),
    "rows": ("observer:rows",),
    "notifications": ("observer:notifications",),
    "restart": ("launch",),
    "kill": ("launch",),
    "hold": ("route:webhook",),
    "deliver": ("route:webhook",),
    "fixture": ("route:webhook",),
    "explore": ("route:webhook", "observer:order"),
}
_AT_STRIPE = (
    "pay", "authenticate", "capture", "cancel", "refund", "dispute", "stripe", "advance", "hold", "deliver", "fault",
    "fixture", "explore",
)  # fmt: skip
_SUBJECT_NEEDS = {
    "order": "observer:order",
    "rows": "observer:rows",
    "notifications": "observer:notifications",
    "logs": "observer:logs",
    "mail": "observer:mail",
    "stripe": "stripe",
    "deliveries": "stripe",
}
_LOOKING = ("rows", "notifications")
_SHARED = ("target", "stripe", "deliveries")


@dataclass(frozen=True, slots=True)
class Derived:
    """Attributes of the check that a scenario is. ``is_alone``: its rows must not run side by side."""

    needs: tuple[str, ...]
    effect: Effect
    uses: Uses
    max_requests: int
    max_objects: int
    is_alone: bool
    reads_logs: bool


def derived(scenario: Scenario) -> Derived:
    """What follows from the steps, and what the file adds."""
    model, steps = scenario.model, list(scenario.all_steps)
    needs = dict.fromkeys(need for step in steps for need in _needs(step))
    own_alone = dict.fromkeys(resource for step in steps for resource in _alone(step))
    alone = tuple(dict.fromkeys([*own_alone, *(model.uses.alone if model.uses else ())]))
    effects = [Effect.READ, *(effect for step in steps for effect in _effects(step))]
    if model.effect:
        effects.append(Effect(model.effect))
    rows = len(scenario.rows)
    return Derived(
        needs=tuple(dict.fromkeys([*needs, *model.needs])),
        effect=max(effects, key=lambda effect: effect.rank),
        uses=Uses(shared=tuple(name for name in _SHARED if name not in alone), alone=alone),
        max_requests=rows * sum(_total(step, _requests) for step in (*scenario.steps, *scenario.final)),
        max_objects=rows * sum(_total(step, _objects) for step in (*scenario.steps, *scenario.final)),
        is_alone=bool(own_alone),
        reads_logs="observer:logs" in needs,
    )


def _needs(step: Step) -> Iterator[str]:
    action, body = step.model.action, step.model.body
    if action in _AT_STRIPE:
        yield "stripe"
    if isinstance(body, CreatePayment) and body.capture == "manual":
        yield from ("route:create_payment", "held_items", "stripe")
    else:
        yield from _NEEDS.get(action, ())
    if isinstance(body, Request) and body.route:
        yield f"route:{body.route}"
    if isinstance(body, Deliver) and (body.tamper or body.event):
        yield "webhook_secret"
    if isinstance(body, Conditions) and body.subject in _SUBJECT_NEEDS:
        yield _SUBJECT_NEEDS[body.subject]


def _alone(step: Step) -> Iterator[str]:
    action, body = step.model.action, step.model.body
    if isinstance(body, Advance) and body.of is None:
        yield "clock"
    if action in ("restart", "kill"):
        yield from ("process", "target")
    if isinstance(body, FaultStep) and body.of is None:
        yield from ("faults", "target")


def _effects(step: Step) -> Iterator[Effect]:
    action, body = step.model.action, step.model.body
    if action in ("fault", "restart", "kill"):
        yield Effect.FAULT
    elif isinstance(body, Deliver) and body.tamper and not body.event:
        yield Effect.PROBE
    elif isinstance(body, Request):
        yield Effect.READ if (body.method or "GET") == "GET" and body.body is None and not body.route else Effect.WRITE
    elif not isinstance(body, Conditions) and action not in ("together", "lift", *_LOOKING):
        yield Effect.WRITE


def _total(step: Step, measure: Callable[[Step], int]) -> int:
    """Of the step and those inside it, which an exploration takes again and again."""
    times = step.model.explore.sequences + _CONFIRMING if step.model.explore else 1
    return measure(step) + times * sum(_total(inner, measure) for inner in step.inside)


def _objects(step: Step) -> int:
    return int(step.model.action.startswith("create_"))


def _requests(step: Step) -> int:
    body: Any = step.model.body
    if step.model.explore:
        return (step.model.explore.sequences + _CONFIRMING) * _POLLS
    if step.model.together or step.model.action in _LOOKING:
        return 0
    if not isinstance(body, Conditions):
        return int(getattr(body, "copies", 1)) * (2 if step.model.action.startswith("create_") else 1)
    if body.subject != "order":
        return 0
    return 1 if step.model.action == "expect" else _POLLS
