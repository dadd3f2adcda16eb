"""One report out of several that each judged a part of the checks (``run --shard``). Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from stripe_audit.errors import UsageError
from stripe_audit.models import CheckResult, Evidence, Exchange, Finding, Outcome
from stripe_audit.report import Report

__all__ = ["merged"]

_BETTER = (Outcome.FAILED, Outcome.PASSED, Outcome.ERRORED, Outcome.INCONCLUSIVE, Outcome.SKIPPED)
"""Of two results of one check the first of these counts: a finding is never lost."""


def merged(reports: Sequence[Report]) -> Report:
    """The reports together. Raises UsageError where they are not of one target, or one is interrupted."""
    first = reports[0]
    for other in reports[1:]:
        if (other.target.name, other.target.environment) != (first.target.name, first.target.environment):
            raise UsageError(
                f"these are reports of two targets: {first.target.name} and {other.target.name}",
                hint="merge the shards of one run",
            )
        if other.run.version != first.run.version:
            raise UsageError(
                f"these are reports of two versions: {first.run.version} and {other.run.version}",
                hint="run every shard with the same stripe-audit",
            )
    results: dict[str, CheckResult] = {}
    exchanges: list[Exchange] = []
    stories: dict[str, tuple[str, ...]] = {}
    for report in reports:
        names = _renamed(report, len(exchanges))
        exchanges += [dataclasses.replace(one, id=names[one.id]) for one in report.exchanges]
        for result in report.results:
            moved = _moved(result, names)
            held = results.get(result.check)
            if held is None or _BETTER.index(moved.outcome) < _BETTER.index(held.outcome):
                results[result.check] = moved
        stories |= {key: tuple(names[one] for one in ids if one in names) for key, ids in report.stories.items()}
    return dataclasses.replace(
        first,
        run=dataclasses.replace(
            first.run,
            started_at=min(report.run.started_at for report in reports),
            finished_at=max(report.run.finished_at for report in reports),
            interrupted=any(report.run.interrupted for report in reports),
            folder=None,
        ),
        target=dataclasses.replace(first.target, reached=all(report.target.reached for report in reports)),
        policy=dataclasses.replace(
            first.policy,
            selected_phases=tuple(sorted({number for report in reports for number in report.policy.selected_phases})),
        ),
        checks={identity: facts for report in reports for identity, facts in report.checks.items()},
        results=tuple(sorted(results.values(), key=lambda result: [int(part) for part in result.task.split(".")])),
        exchanges=tuple(exchanges),
        notes=tuple(dict.fromkeys(note for report in reports for note in report.notes)),
        left_behind=tuple(dict.fromkeys(text for report in reports for text in report.left_behind)),
        stories=stories,
        accepted={mark: one for report in reports for mark, one in report.accepted.items()},
    )


def _renamed(report: Report, taken: int) -> Mapping[str, str]:
    """New ids of a report's exchanges, which count on from those before."""
    return {one.id: f"x{taken + number}" for number, one in enumerate(report.exchanges, 1)}


def _moved(result: CheckResult, names: Mapping[str, str]) -> CheckResult:
    return dataclasses.replace(
        result,
        findings=tuple(_with_names(finding, names) for finding in result.findings),
        exchanges=tuple(names[one] for one in result.exchanges if one in names),
    )


def _with_names(finding: Finding, names: Mapping[str, str]) -> Finding:
    return dataclasses.replace(finding, evidence=tuple(_evidence(one, names) for one in finding.evidence))


def _evidence(evidence: Evidence, names: Mapping[str, str]) -> Evidence:
    return dataclasses.replace(evidence, exchange=names.get(evidence.exchange) if evidence.exchange else None)
