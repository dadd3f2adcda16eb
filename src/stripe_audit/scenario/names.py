"""Which names a scenario's steps save and read: whatever is read must have been saved before."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stripe_audit.scenario.templates import names_in

if TYPE_CHECKING:
    from stripe_audit.scenario.reading import Scenario, Step

__all__ = ["ALWAYS", "name_problems", "saved_as"]

ALWAYS = ("run",)
"""Saved from the start: ``run.tag``, which every order of the run carries."""
_DEFAULTS = {
    "create_payment": "payment",
    "create_customer": "customer",
    "create_checkout": "checkout",
    "create_subscription": "subscription",
    "fault": "fault",
}
_MAKING = ("create_payment", "create_checkout", "create_subscription")
_JUDGING = ("expect", "eventually", "stays")
_SEARCHING = "explore"
_MADE, _ANY = ("payment", "of"), ("answer", "deliveries")
"""Members of actions that are a saved name by themselves; those that judge have an ``order`` besides."""


def saved_as(step: Step) -> str | None:
    """The name that a step's outcome is saved under, if it is."""
    return step.model.save or _DEFAULTS.get(step.model.action)


def name_problems(scenario: Scenario) -> Iterator[str]:
    """What is read and was not saved before, in words with file, line and step."""
    known: dict[str, str] = {name: "always" for row in scenario.rows for name in row} | dict.fromkeys(ALWAYS, "always")
    for step in scenario.steps:
        yield from _in_turn(step, known)
    for step in scenario.final:
        yield from _in_turn(step, known)
    is_judging = any(step.model.action in (*_JUDGING, _SEARCHING) for step in scenario.all_steps)
    if not is_judging and scenario.model.fixture is None and scenario.steps:
        first = scenario.steps[0]
        yield f"{scenario.path}:{first.source.line - 1}: nothing is expected; add an expect, eventually or stays"


def _in_turn(step: Step, known: dict[str, str]) -> Iterator[str]:
    inside = {name: how for name, how in known.items() if how == "always"} if step.model.explore else known
    for inner in step.inside:
        yield from _in_turn(inner, inside)
    for asked in sorted(names_in(step.model.when)) if step.model.when is not None else ():
        if asked not in known:
            yield f"{_cited(step)}: {asked!r} was not saved by an earlier step"
    if not step.model.together:
        known_here = {**known, **inside}
        for read, wanted in _read(step.model.action, step.model.body):
            if read not in known_here:
                near = difflib.get_close_matches(read, known_here, n=1)
                told = f"; did you mean {near[0]!r}?" if near else f"; saved are {', '.join(known_here)}"
                yield f"{_cited(step)}: {read!r} was not saved by an earlier step{told}"
            elif wanted == "made" and known_here[read] not in _MAKING:
                yield f"{_cited(step)}: {read!r} is no payment, checkout or subscription"
            elif wanted == "fault" and known_here[read] != "fault":
                yield f"{_cited(step)}: {read!r} is no fault"
    name = saved_as(step)
    if name in ALWAYS:
        yield f"{_cited(step)}: {name!r} cannot be saved; it is always there"
    elif name:
        known[name] = step.model.action


def _cited(step: Step) -> str:
    return f"{step.file}:{step.source.line}: step {step.number} ({step.model.action})"


def _read(action: str, body: Any) -> Iterator[tuple[str, str]]:
    """The names that an action reads, and whether each must be something that was made, or a fault."""
    if action == "lift":
        yield body, "fault"
        return
    given = body.model_dump(by_alias=True) if hasattr(body, "model_dump") else body
    members = given if isinstance(given, dict) else {}
    made_up = members.get("event")
    for member in (*_MADE, *_ANY, *(("order",) if action in _JUDGING else ())):
        if (name := members.get(member)) and not (member == "of" and made_up):
            yield name, "saved" if member in _ANY else "made"
    if made_up and isinstance(given["event"].get("object"), str):
        yield given["event"]["object"], "saved"
    for name in sorted(names_in(given)):
        yield name, "saved"
