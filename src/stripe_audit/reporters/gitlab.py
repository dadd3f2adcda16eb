"""GitLab's code quality report: a JSON list that a merge request's widget reads.

Members as in GitLab's "Code Quality report format"; a fingerprint that comes twice would hide the second finding.
"""

from __future__ import annotations

from typing import ClassVar

from stripe_audit.models import Severity
from stripe_audit.report import Report
from stripe_audit.reporters.anchors import anchors_of, finding_keys
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.json_format import json_text
from stripe_audit.reporters.quoting import quoted

__all__ = ["GitlabReporter"]

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


class GitlabReporter(Reporter):
    """Code quality for GitLab."""

    name: ClassVar[str] = "gitlab"
    suffix: ClassVar[str] = ".gitlab.json"

    def render(self, report: Report) -> str:
        """One entry for each finding, the worst first."""
        entries = []
        for finding, key in finding_keys(report):
            anchor = anchors_of(report, finding)[0]
            about = f" ({finding.route})" if finding.route else ""
            entries.append(
                {
                    "description": quoted(f"{finding.title}{about}: {finding.detail}", 1000),
                    "check_name": quoted(finding.check, 255) or "-",
                    "fingerprint": key,
                    "severity": _SEVERITIES[finding.severity or Severity.INFO],
                    "location": {"path": anchor.path, "lines": {"begin": anchor.line}},
                }
            )
        return json_text(entries)
