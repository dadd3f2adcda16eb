"""CSV for spreadsheets: a row for each finding, and one for each check without any. No cell begins a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import ClassVar

from stripe_audit.models import CheckResult
from stripe_audit.phases import PHASES
from stripe_audit.report import Report
from stripe_audit.reporters.anchors import anchors_of
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.quoting import blocks, quoted
from stripe_audit.reporters.review import Numbered, review_of

__all__ = ["COLUMNS", "CsvReporter"]

COLUMNS = (
    "phase",
    "task",
    "check",
    "title",
    "outcome",
    "finding",
    "severity",
    "what",
    "detail",
    "route",
    "file",
    "line",
    "evidence",
    "fix",
    "reason",
    "setting",
    "error",
    "fingerprint",
)
_BEGINS_FORMULA = tuple("=+-@\t\r\n|%") + tuple("＝＋－＠")
"""What OWASP's "CSV Injection" names, and DDE's pipe; their wide forms act in Japanese Excel."""


class CsvReporter(Reporter):
    """CSV, UTF-8, a comma between cells, every cell in quotation marks, rows in plan order."""

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"

    def render(self, report: Report) -> str:
        """The table with its head."""
        by_check: dict[str, list[Numbered]] = {}
        for one in review_of(report).findings:
            by_check.setdefault(one.finding.check, []).append(one)
        sheet = io.StringIO()
        writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(COLUMNS)
        phases = {task.id: phase.title for phase in PHASES for task in phase.tasks}
        for result in report.results:
            for row in _rows(report, result, by_check.get(result.check, [])):
                writer.writerow([_cell(phases.get(result.task, "")), *map(_cell, row)])
        return sheet.getvalue()


def _rows(report: Report, result: CheckResult, found: list[Numbered]) -> Iterator[tuple[str, ...]]:
    check = (result.task, result.check, result.title, result.outcome.value)
    end = (result.reason or "", result.setting or "", result.error or "")
    if not found:
        yield (*check, *("",) * 9, *end, "")
    for one in found:
        finding, anchor = one.finding, anchors_of(report, one.finding)[0]
        evidence = "; ".join(evidence.summary for evidence in finding.evidence)
        fix = " ".join(block for _, block in blocks(one.fix or ""))
        shown = (one.label, one.severity.value, finding.title, finding.detail, finding.route or "")
        yield (*check, *shown, anchor.path, str(anchor.line), evidence, fix, *end, finding.fingerprint)


def _cell(text: str) -> str:
    shown = quoted(text, 2000)
    return f"'{shown}" if shown.startswith(_BEGINS_FORMULA) else shown
