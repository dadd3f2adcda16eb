"""A finding by its fingerprint, as the latest run that has it tells of it."""

from __future__ import annotations

from pathlib import Path

from stripe_audit.errors import AuditError, UsageError

__all__ = ["finding_told"]

_MOST = 50
"""Runs that are searched, the latest first."""


def finding_told(fingerprint: str, runs: Path | None = None) -> tuple[str, str]:
    """The id of its check, and the finding with its evidence. Raises UsageError where no run has it."""
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.reporters.review import review_of
    from stripe_audit.reporters.told import finding_lines

    base = runs or _folder()
    for folder in sorted((path.parent for path in base.glob("*/report.json")), reverse=True)[:_MOST]:
        try:
            review = review_of(saved_report(folder))
        except AuditError:
            continue  # a run of another version, or one that was cut off
        for one in review.findings:
            if one.finding.fingerprint == fingerprint:
                return one.finding.check, "\n".join([*finding_lines(review, one), f"run: {folder}"])
    raise UsageError(f"no run in {base} has a finding {fingerprint}", hint="run the audit first, in the same project")


def _folder() -> Path:
    from stripe_audit.settings import load_settings

    settings = load_settings()
    return settings.path(settings.model.audit.output)
