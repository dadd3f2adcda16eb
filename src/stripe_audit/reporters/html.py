"""The review as one HTML file: what it tells of each finding, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stripe_audit.models import Exchange, Outcome
from stripe_audit.report import Report
from stripe_audit.reporters.diagrams import Diagram, sequence_diagram
from stripe_audit.reporters.diagrams_timeline import timeline, timeline_lines
from stripe_audit.reporters.html_evidence import EVIDENCE_CAP, Anchors, Piece, pieces, run_command
from stripe_audit.reporters.html_fixes import FixPage, fix_pages, framework_of
from stripe_audit.reporters.html_page import page_of
from stripe_audit.reporters.html_standards import standards_coverage
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.review import Numbered, Review, review_of
from stripe_audit.reporters.wording import data_text

__all__ = ["HtmlReporter", "Told"]

_POINTER = re.compile(r"\s*Per framework: docs/fixes/[a-z-]+\.md\.")
"""How a fix names its page; the page itself stands below it here."""


class HtmlReporter(Reporter):
    """The review as HTML."""

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ".html"

    def render(self, report: Report) -> str:
        """The whole page."""
        review = review_of(report)
        return page_of(
            "page.html.j2",
            report=report,
            review=review,
            told=tuple(_told(review)),
            journeys=_journeys(review),
            by_check=_by_check(review),
            shares=_shares(review),
            standards=standards_coverage(report),
            timeline=timeline(report),
            timeline_lines=timeline_lines(report),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as the page tells it.

    ``as_for`` is the finding before it that has the same fix, ``drawn_at`` the one that has the same story, if any.
    """

    one: Numbered
    pieces: tuple[Piece, ...]
    more: int
    diagram: Diagram | None
    drawn_at: str | None
    is_example: bool
    as_for: str | None
    fix: str
    pages: tuple[FixPage, ...]
    framework: str | None
    command: str
    handler: str
    """Where the target's source declares the finding's route; empty where that is not known."""

    @property
    def request(self) -> Piece | None:
        """The first piece of evidence whose request can be sent again."""
        return next((piece for piece in self.pieces if piece.shown and piece.shown.command), None)


def _told(review: Review) -> Iterator[Told]:
    anchors = Anchors()
    framework = framework_of(review.report)
    before: dict[tuple[str, str | None], str] = {}
    drawn: dict[tuple[str, ...], str] = {}
    for one in review.findings:
        key = (one.finding.check, one.fix)
        as_for = before.get(key)
        before.setdefault(key, one.label)
        story = _story(review, one)
        drawn_at = drawn.setdefault(tuple(exchange.id for exchange in story), one.label) if story else one.label
        yield Told(
            one=one,
            pieces=tuple(pieces(review, one.finding, anchors)),
            more=max(0, len(one.finding.evidence) - EVIDENCE_CAP),
            diagram=_diagram(one, story) if drawn_at == one.label else None,
            drawn_at=drawn_at if drawn_at != one.label else None,
            is_example=not _cited(one, story),
            as_for=as_for,
            fix=_POINTER.sub("", one.fix or ""),
            pages=() if as_for else fix_pages(one.fix),
            framework=framework,
            command=run_command(one),
            handler=str(review.report.handlers.get(one.finding.route or "", "")),
        )


def _journeys(review: Review) -> dict[str, Diagram]:
    """What checks that found nothing followed from end to end, by the check's id."""
    drawn: dict[str, Diagram] = {}
    for number, result in enumerate(review.report.results, 1):
        told = review.report.stories.get(result.check, ())
        story = [review.exchanges[one] for one in told if one in review.exchanges]
        diagram = sequence_diagram(
            story, cited=frozenset(), name=f"journey-{number}", title=f"A journey of {result.check}: {result.title}"
        )
        if diagram:
            drawn[result.check] = diagram
    return drawn


def _story(review: Review, one: Numbered) -> list[Exchange]:
    """The finding's story, or the exchanges of its evidence where an older report tells no stories."""
    told = review.report.stories.get(one.finding.fingerprint)
    identities = told or [evidence.exchange for evidence in one.finding.evidence if evidence.exchange]
    return [review.exchanges[one] for one in dict.fromkeys(identities) if one in review.exchanges]


def _cited(one: Numbered, story: list[Exchange]) -> frozenset[str]:
    told = {exchange.id for exchange in story}
    return frozenset(e.exchange for e in one.finding.evidence if e.exchange in told and e.exchange)


def _diagram(one: Numbered, story: list[Exchange]) -> Diagram | None:
    cited = _cited(one, story)
    seen = next((e.data for e in one.finding.evidence if e.data and (e.exchange in cited or not cited)), None)
    note = f"seen afterwards: {_in_short(seen)}" if seen and cited else ""
    title = f"What led to {one.label}: {one.finding.title}"
    return sequence_diagram(story, cited=cited, name=f"diagram-{one.label}", title=title, note=note)


def _in_short(data: Mapping[str, Any]) -> str:
    """Observed data in words where they are few plain values, else as JSON."""
    is_plain = len(data) <= 6 and all(isinstance(value, (str, int, float)) for value in data.values())
    return ", ".join(f"{key} {value}" for key, value in sorted(data.items())) if is_plain else data_text(data, 80)


def _by_check(review: Review) -> dict[str, list[Numbered]]:
    """The findings of each check; asked once for each check, which would be slow on the review itself."""
    found: dict[str, list[Numbered]] = {}
    for one in review.findings:
        found.setdefault(one.finding.check, []).append(one)
    return found


def _shares(review: Review) -> list[tuple[Outcome, int, float, float]]:
    """The outcomes that occurred: how many, and as parts of 100 where each begins and how wide it is."""
    total = len(review.report.results) or 1
    shares, at = [], 0.0
    for outcome, count in review.outcomes.items():
        if count:
            width = 100 * count / total
            shares.append((outcome, count, round(at, 2), round(width, 2)))
            at += width
    return shares
