"""The step that runs a fixture file of the Stripe CLI."""

from __future__ import annotations

from typing import Any

from stripe_audit.errors import CatalogError, Inconclusive
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.fixtures import FixtureError, FixtureFile, References, prepared, read_fixture
from stripe_audit.scenario.names import saved_as
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.steps import Fixture
from stripe_audit.stripe_backend.interface import StripeBackend

__all__ = ["fixture", "run_fixture"]


async def fixture(course: Course, step: Step, body: Fixture | str) -> None:
    """Run it, and save each answer under its step's name. Raises Inconclusive where the CLI would stop."""
    given = Fixture(file=body) if isinstance(body, str) else body
    path = step.file.parent / given.file
    try:
        references = References(path.parent, given.strict)
        await run_fixture(course.ctx.stripe, read_fixture(path), references)
    except (CatalogError, FixtureError) as error:
        raise Inconclusive(f"{step.place}: {error}", supply=str(path)) from None
    name = saved_as(step) or "fixture"
    course.saved[name] = references.answers
    course.ids[name] = tuple(
        dict.fromkeys(str(answer["id"]) for answer in references.answers.values() if isinstance(answer.get("id"), str))
    )


async def run_fixture(stripe: StripeBackend, file: FixtureFile, references: References) -> dict[str, Any]:
    """Send its requests one after the other. Raises FixtureError for an error that the fixture does not expect."""
    for step in file.steps:
        call = prepared(step, references)
        answer = await stripe.send(call.method, call.path, pairs=call.pairs, json=call.json, headers=call.headers)
        kind = (answer.error or {}).get("type")
        if answer.error is not None and (not kind or kind != step.expected_error_type):
            message = (answer.error or {}).get("message")
            raise FixtureError(f"{step.name}: request failed, status={answer.status}: {message}")
        references.answers[step.name] = dict(answer.object)
    return references.answers
