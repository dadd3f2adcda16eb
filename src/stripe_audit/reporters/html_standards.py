"""Coverage of Stripe's go-live checklist, PCI DSS 4.0.1 and ASVS 5.0: requirement by requirement, with what is open.

Counted, never certified. What the standards ask stands in ``standards.toml``; which checks speak to it, in the checks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stripe_audit.models import CheckResult, Outcome
from stripe_audit.report import Report
from stripe_audit.reporters.compliance import coverage

__all__ = ["STATES", "Covered", "Requirement", "Standard", "StandardCoverage", "standards", "standards_coverage"]

STATES = ("failed", "checked", "checked in part", "not looked at", "not checkable")
_DATA = Path(__file__).with_name("standards.toml")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a standard asks. ``limit`` says what cannot be seen from outside, ``checks`` who speaks to it beside those
    that name ``reference``. ``is_unseen``: no shipped check can speak to it."""

    id: str
    title: str
    reference: str
    checks: tuple[str, ...]
    limit: str
    is_unseen: bool = False


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard with those of its requirements that concern a deployment."""

    name: str
    prefix: str
    source: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """A requirement in this report. ``state`` is one of ``STATES``; ``why`` says what is open, and why."""

    requirement: Requirement
    state: str
    checks: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class StandardCoverage:
    """A standard in this report."""

    standard: Standard
    covered: tuple[Covered, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requirements are in each state, in the order of ``STATES``; those without any are left out."""
        found = [one.state for one in self.covered]
        return {state: found.count(state) for state in STATES if state in found}


@lru_cache(maxsize=1)
def standards() -> tuple[Standard, ...]:
    """The standards as the data file has them."""
    document = tomllib.loads(_DATA.read_text("utf-8"))
    return tuple(
        Standard(
            given["name"],
            given["prefix"],
            given["source"],
            tuple(
                Requirement(
                    one["id"],
                    one["title"],
                    f"{given['prefix']}{one['id']}" if given["prefix"] else "",
                    tuple(one.get("checks", ())),
                    one.get("limit", ""),
                    one.get("unseen", False),
                )
                for one in given["requirement"]
            ),
        )
        for given in document["standard"]
    )


def standards_coverage(report: Report) -> tuple[StandardCoverage, ...]:
    """Each standard's requirements, and what this report says about them."""
    results = {result.check: result for result in report.results}
    named: dict[str, tuple[str, ...]] = {one.reference: one.checks for one in coverage(report)}
    return tuple(StandardCoverage(standard, tuple(_covered(standard, results, named))) for standard in standards())


def _covered(
    standard: Standard, results: Mapping[str, CheckResult], named: Mapping[str, tuple[str, ...]]
) -> Iterator[Covered]:
    known = {requirement.reference for requirement in standard.requirements}
    for requirement in standard.requirements:
        speaking = dict.fromkeys((*requirement.checks, *named.get(requirement.reference, ())))
        absent = [check for check in requirement.checks if check not in results]
        yield _state(requirement, [results[check] for check in speaking if check in results], absent)
    for reference, checks in named.items():  # what a project's own checks name
        if standard.prefix and reference.startswith(standard.prefix) and reference not in known:
            own = Requirement(
                reference.removeprefix(standard.prefix), "Named by a check of this run", reference, (), ""
            )
            yield _state(own, [results[check] for check in checks], [])


def _state(requirement: Requirement, speaking: list[CheckResult], absent: list[str]) -> Covered:
    """``absent`` are checks that speak to it, and were not part of this run."""
    names = tuple(result.check for result in speaking)
    outcomes = {result.outcome for result in speaking}
    if not speaking and requirement.is_unseen:
        return Covered(requirement, "not checkable", (), requirement.limit)
    if not speaking:
        return Covered(requirement, "not looked at", (), "the checks that speak to it were not part of this run")
    open_still = [result for result in speaking if not result.outcome.is_judged]
    told = "; ".join(
        [
            *dict.fromkeys(_why_open(result) for result in open_still),
            *(f"{check}: not part of this run" for check in absent),
        ]
    )
    if Outcome.FAILED in outcomes:
        return Covered(requirement, "failed", names, told)
    if Outcome.PASSED not in outcomes:
        return Covered(requirement, "not looked at", names, told)
    rest = "; ".join(filter(None, (told, f"not from outside: {requirement.limit}" if requirement.limit else "")))
    return Covered(requirement, "checked in part" if rest else "checked", names, rest)


def _why_open(result: CheckResult) -> str:
    return f"{result.check}: {result.setting or result.reason or result.error or result.outcome}"
