"""A finding as a few lines of plain text, for formats that have one field for everything."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_audit.reporters.quoting import blocks, plural, quoted
from stripe_audit.reporters.review import Numbered, Review
from stripe_audit.reporters.wording import evidence_lines

__all__ = ["finding_lines"]

_EVIDENCE_CAP = 10
_TEXT = 1200


def finding_lines(review: Review, one: Numbered) -> Iterator[str]:
    """What was found, what proves it, what mends it. Each line is inert; a format escapes for itself."""
    finding = one.finding
    yield f"{one.label} {one.severity}: {quoted(finding.title)}"
    if finding.detail and finding.detail != finding.title:
        yield quoted(finding.detail, _TEXT)
    if one.decision:
        yield quoted(one.decision, _TEXT)
    if finding.route:
        yield f"route: {quoted(finding.route)}"
    if finding.source:
        yield f"source: {quoted(str(finding.source))}"
    for evidence in finding.evidence[:_EVIDENCE_CAP]:
        place = f" ({evidence.source})" if evidence.source else ""
        yield f"evidence: {quoted(evidence.summary + place)}"
        for line in evidence_lines(review, evidence):
            yield f"  {quoted(line, _TEXT)}"
    if len(finding.evidence) > _EVIDENCE_CAP:
        yield f"and {plural(len(finding.evidence) - _EVIDENCE_CAP, 'more piece')} of evidence"
    for number, (is_item, block) in enumerate(blocks(one.fix or "")):
        yield ("fix: " if number == 0 else "     ") + ("- " if is_item else "") + quoted(block, _TEXT)
    yield f"fingerprint: {finding.fingerprint}"
