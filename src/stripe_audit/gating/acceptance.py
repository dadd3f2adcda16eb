"""Which findings of a report are accepted, by a baseline or by the settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from stripe_audit.models import Finding
from stripe_audit.report import Accepted, Report
from stripe_audit.settings import Settings
from stripe_audit.settings.accepted import AcceptedSettings
from stripe_audit.settings.baseline import read_baseline

__all__ = ["accepted_entries", "accepting", "is_meant"]


def is_meant(entry: AcceptedSettings, finding: Finding, former: Iterable[str] = ()) -> bool:
    """Whether an entry is about a finding. ``former`` are earlier ids of its check, so that a renamed one keeps it."""
    if entry.check not in (finding.check, *former):
        return False
    given = entry.model_fields_set
    return ("route" not in given or entry.route == finding.route) and (
        "discriminator" not in given or entry.discriminator == finding.discriminator
    )


def accepted_entries(settings: Settings) -> list[tuple[AcceptedSettings, str]]:
    """What the settings accept, then what their baseline does, each with its place. Raises SettingsError."""
    audit = settings.model.audit
    found = []
    for number, entry in enumerate(audit.accepted):
        place = settings.where(("audit", "accepted", number))
        found.append((entry, f"{place[0]}:{place[1]}" if place else "the settings"))
    return found + (read_baseline(settings.path(audit.baseline)) if audit.baseline else [])


def accepting(
    report: Report, entries: Sequence[tuple[AcceptedSettings, str]], former: Mapping[str, Sequence[str]]
) -> Report:
    """The report with what is accepted marked. Of several entries the first counts; ``former`` is by check id."""
    found: dict[str, Accepted] = {}
    for finding in report.findings:
        for entry, place in entries:
            if is_meant(entry, finding, former.get(finding.check, ())):
                found.setdefault(finding.fingerprint, Accepted(entry.reason, entry.owner, entry.until, place))
    return dataclasses.replace(report, accepted=found)
