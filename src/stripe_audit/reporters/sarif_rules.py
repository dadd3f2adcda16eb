"""What SARIF says about checks: its ``rules``, with help from the check's own documentation."""

from __future__ import annotations

import re
from typing import Any

from stripe_audit.models import Severity
from stripe_audit.phases import phase_of
from stripe_audit.report import CheckFacts
from stripe_audit.reporters.markdown_text import cell, prose
from stripe_audit.reporters.quoting import blocks, quoted

__all__ = ["LEVELS", "plain_message", "reporting_descriptor"]

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""In the middle of GitHub's ranges. An observation has no score: GitHub then counts it as no matter of security."""
_NAME, _DESCRIPTION, _TAGS = 255, 1024, 10
_CWE = re.compile(r"CWE-(\d{1,5})")
_STRIPE_PAGE = re.compile(r"(?:https://)?((?:docs\.)?stripe\.com/[A-Za-z0-9/_.#?=&-]{1,200})")
_PLACEHOLDER = re.compile(r"\{(?=\d+\})")


def plain_message(text: str, limit: int = _DESCRIPTION) -> str:
    """A message in which nothing is taken for a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    shown = quoted(text, limit - 60).replace("](", "] (")
    return _PLACEHOLDER.sub("{ ", shown)[:limit] or "-"


def reporting_descriptor(check: str, facts: CheckFacts | None, worst: Severity | None) -> dict[str, Any]:
    """A check as a rule. GitHub takes the score from here, so that it is that of the worst finding, if there is one."""
    title = facts.title if facts else check
    severity = worst or (facts.severity if facts else Severity.MEDIUM)
    members: dict[str, Any] = {
        "id": quoted(check, _NAME) or "-",
        "name": quoted(title, _NAME - 60) or "-",
        "shortDescription": {"text": plain_message(title)},
        "fullDescription": {"text": plain_message(facts.what if facts else title)},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "help": _help(facts) if facts else {"text": plain_message(title)},
        "properties": {"precision": "very-high", "tags": _tags(facts)},
    }
    if severity in _SCORES:
        members["properties"]["security-severity"] = _SCORES[severity]
    pages = (_STRIPE_PAGE.fullmatch(reference) for reference in (facts.references if facts else ()))
    if page := next(filter(None, pages), None):
        members["helpUri"] = f"https://{page[1]}"
    return members


def _tags(facts: CheckFacts | None) -> list[str]:
    tags = ["security", "payments"]
    if facts:
        try:
            tags.append(phase_of(facts.task).folder)
        except (KeyError, ValueError):
            pass
        tags += [f"external/cwe/cwe-{match[1]}" for one in facts.references if (match := _CWE.fullmatch(one))]
    return list(dict.fromkeys(tags))[:_TAGS]


def _help(facts: CheckFacts) -> dict[str, str]:
    parts = (("What it checks", facts.what), ("Why it matters", facts.why), ("How to fix", facts.fix))
    plain = [f"{heading}\n" + "\n".join(quoted(block, 1200) for _, block in blocks(text)) for heading, text in parts]
    marked = [f"**{heading}**\n\n{prose(text)}" for heading, text in parts]
    if facts.references:
        plain.append("References\n" + "\n".join(quoted(one) for one in facts.references))
        marked.append("**References**\n\n" + "\n".join(f"- {cell(one)}" for one in facts.references))
    return {"text": "\n\n".join(plain), "markdown": "\n\n".join(marked)}
