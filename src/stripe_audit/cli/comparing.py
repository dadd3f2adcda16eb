"""``stripe-audit report diff`` and ``report merge``: two reports compared, shards put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.cli.outputs import FORMAT_HELP
from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.gating.difference import Difference
    from stripe_audit.models import Finding

__all__ = ["diff", "merge"]


def diff(
    before: Annotated[Path, typer.Argument(metavar="OLD.json", help="A report, or a run's folder.")],
    after: Annotated[Path, typer.Argument(metavar="NEW.json", help="A later one of the same target.")],
    fail_on_new: Annotated[bool, typer.Option("--fail-on-new", help="Exit 1 if a finding is new or worse.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is new, fixed, changed, and not looked at any more."""
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.gating.difference import difference

    found = difference(saved_report(before), saved_report(after))
    typer.echo(json.dumps(_members(found), indent=2) if as_json else _text(found))
    worse = [one for one in found.changed if _rank(one.after) > _rank(one.before)]
    raise typer.Exit(1 if fail_on_new and (found.new or worse) else 0)


def _rank(finding: Finding) -> int:
    return finding.severity.rank if finding.severity else 0


def _members(found: Difference) -> dict[str, Any]:
    def member(finding: Finding) -> dict[str, Any]:
        return {
            "fingerprint": finding.fingerprint,
            "check": finding.check,
            "severity": str(finding.severity),
            "title": finding.title,
            "route": finding.route,
        }

    return {
        "new": [member(one) for one in found.new],
        "fixed": [member(one) for one in found.fixed],
        "changed": [{**member(one.after), "was": member(one.before)} for one in found.changed],
        "not looked at any more": [member(one) for one in found.unseen],
        "no longer judged": list(found.no_longer_judged),
    }


def _text(found: Difference) -> str:
    from stripe_audit.redaction import inert

    def line(mark: str, finding: Finding, more: str = "") -> str:
        return inert(f"{mark} {finding.severity} {finding.title} ({finding.check}{more})")

    lines = [line("+ new", one) for one in found.new]
    lines += [line("- fixed", one) for one in found.fixed]
    lines += [line("~ changed", one.after, f"; was {one.before.severity} {one.before.title}") for one in found.changed]
    lines += [line("? not looked at any more", one) for one in found.unseen]
    lines += [f"? no longer judged: {check}" for check in found.no_longer_judged]
    return "\n".join(lines) or "nothing differs"


def merge(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN.json…", help="The reports of all shards.")],
    format: Annotated[list[str] | None, typer.Option("--format", "-f", help=FORMAT_HELP)] = None,
) -> None:
    """Put the reports of shards (run --shard I/N) together, and exit as one run would."""
    from stripe_audit.cli.deliverables import Deliverables
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.gating.merging import merged
    from stripe_audit.report import exit_code

    if len(runs) < 2:
        raise UsageError("one report is nothing to merge", hint="stripe-audit report merge SHARD1.json SHARD2.json …")
    wanted = Deliverables.read(format or [])
    report = merged([saved_report(run) for run in runs])
    wanted.write(report, None)
    raise typer.Exit(exit_code(report))
