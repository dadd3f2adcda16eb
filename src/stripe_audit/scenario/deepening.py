"""Explorations for which there is a night: every beginning of three events, and hundreds of orders after them."""

from __future__ import annotations

from dataclasses import replace

from stripe_audit.scenario.drawing import has_hypothesis
from stripe_audit.scenario.reading import Scenario, Step

__all__ = ["deepened"]

_EXHAUSTIVE = 3
_SEQUENCES = 500
_SECONDS = 300.0
_DELIVERIES = 100_000
_BESIDES_S = 300.0
"""Seconds for making a failure simple, and for what else the scenario does."""


def deepened(scenario: Scenario) -> Scenario:
    """The same, with at least that much looked at wherever it explores; one that does not is returned as it is.

    What comes after the beginnings is guided by Hypothesis where it is installed.
    """
    steps = tuple(map(_deepened, scenario.steps))
    if steps == scenario.steps:
        return scenario
    seconds = sum(step.model.explore.seconds for one in steps for step in one.all() if step.model.explore)
    timeout = max(scenario.model.timeout or 0.0, seconds + _BESIDES_S)
    return replace(scenario, model=scenario.model.model_copy(update={"timeout": min(timeout, 3600.0)}), steps=steps)


def _deepened(step: Step) -> Step:
    inside = tuple(map(_deepened, step.inside))
    body = step.model.explore
    if body is None:
        return step if inside == step.inside else replace(step, inside=inside)
    deeper = {
        "exhaustive": max(body.exhaustive, _EXHAUSTIVE),
        "sequences": max(body.sequences, _SEQUENCES),
        "seconds": max(body.seconds, _SECONDS),
        "most_deliveries": max(body.most_deliveries, _DELIVERIES),
        "search": "hypothesis" if has_hypothesis() else body.search,
    }
    return replace(step, model=step.model.model_copy(update={"explore": body.model_copy(update=deeper)}))
