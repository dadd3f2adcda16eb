"""Which references of standards were covered: checked, failed, or not looked at. Counted, never certified."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stripe_audit.models import CheckResult, Outcome
from stripe_audit.report import Report

__all__ = ["Coverage", "coverage"]

_STANDARDS = (
    ("PCI DSS", re.compile(r"PCI", re.IGNORECASE)),
    ("OWASP ASVS", re.compile(r"(OWASP )?ASVS", re.IGNORECASE)),
    ("CWE", re.compile(r"CWE", re.IGNORECASE)),
    ("Stripe", re.compile(r"(https?://)?([a-z0-9-]+\.)*stripe\.com\b", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One reference. ``state``: ``failed``, ``checked``, ``checked in part`` or ``not looked at``."""

    standard: str
    reference: str
    state: str
    checks: tuple[str, ...]


def coverage(report: Report) -> tuple[Coverage, ...]:
    """Every reference that a check of the report names, by standard, in the order of its numbers."""
    results: dict[str, list[CheckResult]] = {}
    for result in report.results:
        facts = report.checks.get(result.check)
        for reference in dict.fromkeys(facts.references if facts else ()):
            results.setdefault(reference, []).append(result)
    found = [
        Coverage(_standard(reference), reference, _state(those), tuple(dict.fromkeys(one.check for one in those)))
        for reference, those in results.items()
    ]
    names = [name for name, _ in _STANDARDS]
    return tuple(sorted(found, key=lambda one: ([*names, one.standard].index(one.standard), _natural(one.reference))))


def _standard(reference: str) -> str:
    return next((name for name, shape in _STANDARDS if shape.match(reference)), "Other")


def _state(results: Iterable[CheckResult]) -> str:
    outcomes = {result.outcome for result in results}
    if Outcome.FAILED in outcomes:
        return "failed"
    if Outcome.PASSED not in outcomes:
        return "not looked at"
    return "checked" if outcomes == {Outcome.PASSED} else "checked in part"


def _natural(text: str) -> list[tuple[int, str]]:
    """Numbers by value, so that 6.10 comes after 6.4."""
    return [(int(part[:18]), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", text)]
