"""A scenario as a check: the same attributes and texts, drawn from its file instead of a class."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from stripe_audit.check import Check, Documentation
from stripe_audit.errors import CheckDefinitionError
from stripe_audit.models import Finding
from stripe_audit.scenario.deriving import derived
from stripe_audit.scenario.reading import Scenario

if TYPE_CHECKING:
    from stripe_audit.context import Context

__all__ = ["scenario_check"]


def scenario_check(scenario: Scenario) -> type[Check]:
    """A check class for a scenario that was read. Raises CheckDefinitionError."""
    model, about = scenario.model, derived(scenario)

    async def run(self: Check, ctx: Context) -> AsyncIterator[Finding]:
        from stripe_audit.scenario.running import run_scenario

        async for finding in run_scenario(ctx, scenario, about):
            yield finding

    members: dict[str, Any] = {
        "__doc__": _docstring(scenario),
        "__module__": __name__,
        "id": model.id,
        "formerly": tuple(model.formerly),
        "task": model.task,
        "severity": model.severity,
        "needs": about.needs,
        "effect": about.effect,
        "uses": about.uses,
        "requires": tuple(model.requires),
        "references": tuple(model.references),
        "tags": ("scenario", *model.tags),
        "timeout": model.timeout,
        "max_requests": about.max_requests,
        "max_objects": about.max_objects,
        "run": run,
    }
    try:
        check: type[Check] = type("".join(part.title() for part in model.id.split("-")), (Check,), members)
    except CheckDefinitionError as error:
        raise CheckDefinitionError(f"{scenario.path}: {error.message}", hint=error.hint) from None
    what, why, fix = (text.strip() for text in (model.what, model.why, model.fix))
    check.documentation = Documentation(_one_line(model.title), what, why, fix)
    return check


def _docstring(scenario: Scenario) -> str:
    model = scenario.model
    parts = (("What it checks", model.what), ("Why it matters", model.why), ("How to fix", model.fix))
    return "\n\n".join([_one_line(model.title), *(f"{heading}:\n    {_one_line(text)}" for heading, text in parts)])


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
