"""What differs between two reports of one target. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from stripe_audit.models import CheckResult, Finding, Outcome
from stripe_audit.report import Report, Since

__all__ = ["Changed", "Difference", "compared_with", "difference", "has_looked"]


@dataclass(frozen=True, slots=True)
class Changed:
    """The same finding, told with another severity or title."""

    before: Finding
    after: Finding


@dataclass(frozen=True, slots=True)
class Difference:
    """``fixed`` are gone, and their checks looked again; ``unseen`` are gone, and their checks did not."""

    new: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    changed: tuple[Changed, ...]
    unseen: tuple[Finding, ...]
    no_longer_judged: tuple[str, ...]
    """Checks that had a verdict and have none any more."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.new or self.fixed or self.changed or self.unseen or self.no_longer_judged)


def difference(before: Report, after: Report) -> Difference:
    """From one report to a later one. A finding is the same by its fingerprint."""
    old, now = ({one.fingerprint: one for one in report.findings} for report in (before, after))
    results = {result.check: result for result in after.results}
    gone = [finding for mark, finding in old.items() if mark not in now]
    return Difference(
        new=tuple(finding for mark, finding in now.items() if mark not in old),
        fixed=tuple(finding for finding in gone if has_looked(results.get(finding.check))),
        changed=tuple(
            Changed(old[mark], finding)
            for mark, finding in now.items()
            if mark in old and (old[mark].severity, old[mark].title) != (finding.severity, finding.title)
        ),
        unseen=tuple(finding for finding in gone if not has_looked(results.get(finding.check))),
        no_longer_judged=tuple(
            result.check
            for result in before.results
            if result.outcome.is_judged and not ((later := results.get(result.check)) and later.outcome.is_judged)
        ),
    )


def compared_with(report: Report, before: Report) -> Report:
    """The report, saying what has changed since an earlier one."""
    found = difference(before, report)

    def told(findings: tuple[Finding, ...]) -> tuple[str, ...]:
        return tuple(f"{one.severity}: {one.title} ({one.check})" for one in findings)

    since = Since(before.run.started_at, told(found.fixed), told(found.new), told(found.unseen))
    return dataclasses.replace(report, since=since)


def has_looked(result: CheckResult | None) -> bool:
    """Whether a check looked at all that it looks at: one that broke off may have missed what was there."""
    if result is None or result.error is not None:
        return False
    return result.outcome is Outcome.PASSED or (result.outcome is Outcome.FAILED and result.reason is None)
