"""Markdown in the shape of a hand-written review: phases, findings, summary, gaps, compliance, verdict.

Every line is measured. In the templates whatever is put in is escaped, unless a filter has made it safe already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from stripe_audit.models import Outcome, Severity
from stripe_audit.phases import PHASES
from stripe_audit.report import Report, TaskState
from stripe_audit.reporters.compliance import coverage
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.markdown_text import Ready, cell, code, fenced, inline, prose
from stripe_audit.reporters.quoting import plural
from stripe_audit.reporters.review import review_of, shown_duration, shown_time
from stripe_audit.reporters.wording import TASK_WORDS, counted, evidence_lines, facts_of, why_unjudged

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["MarkdownReporter", "template_text"]

_TEMPLATES = Path(__file__).parent / "templates"
_EVIDENCE_CAP = 10
_TICKS = {TaskState.DONE: "✅", TaskState.PROBLEM: "⚠️", TaskState.PARTLY: "◐", TaskState.OPEN: "⏳"}
_OUTCOMES = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "⚠️",
    Outcome.SKIPPED: "⏳",
    Outcome.INCONCLUSIVE: "◐",
    Outcome.ERRORED: "⚠️",
}
_SEVERITIES = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFO: "⚪",
}
_STATES = {"checked": "✅", "failed": "⚠️", "checked in part": "◐", "not looked at": "⏳"}


class MarkdownReporter(Reporter):
    """The review as Markdown."""

    name: ClassVar[str] = "markdown"
    suffix: ClassVar[str] = ".md"

    def render(self, report: Report) -> str:
        """The whole review."""
        covered = coverage(report)
        return template_text(
            "review.md.j2",
            report=report,
            review=review_of(report),
            covered=covered,
            states=Counter(one.state for one in covered),
        )


def template_text(name: str, **values: Any) -> str:
    """A template filled in; never more than one empty line in a row."""
    lines: list[str] = []
    for line in _environment().get_template(name).render(values).splitlines():
        shown = line.rstrip()
        if shown or (lines and lines[-1]):
            lines.append(shown)
    return "\n".join(lines).rstrip() + "\n"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - that is HTML's escaping; _finished does Markdown's
        auto_reload=False,
    )
    environment.filters.update(inline=inline, code=code, cell=cell, fenced=_fenced, prose=prose)
    environment.globals.update(
        PHASES=PHASES,
        TICKS=_signs(_TICKS),
        OUTCOMES=_signs(_OUTCOMES),
        SEVERITIES=_signs(_SEVERITIES),
        STATES=_signs(_STATES),
        TASK_WORDS=TASK_WORDS,
        PASSED=Outcome.PASSED,
        INCONCLUSIVE=Outcome.INCONCLUSIVE,
        HIGH=Severity.HIGH,
        EVIDENCE_CAP=_EVIDENCE_CAP,
        END=Ready(""),  # keeps the line break that a block at the end of a line would take away
        counted=counted,
        evidence_lines=evidence_lines,
        facts_of=facts_of,
        indent_of=lambda number: len(f"{number}. "),
        plural=plural,
        shown_duration=shown_duration,
        shown_time=shown_time,
        why_unjudged=why_unjudged,
    )
    return environment


def _finished(value: object) -> object:
    """What Jinja puts into the text: safe Markdown and numbers as they are, all else as one escaped line."""
    if isinstance(value, (Ready, int)):
        return value
    return inline(str(value))


def _fenced(lines: Iterable[str], indent: int = 0) -> Ready:
    return fenced(lines, indent)


def _signs(by_key: dict[Any, str]) -> dict[Any, Ready]:
    return {key: Ready(sign) for key, sign in by_key.items()}
