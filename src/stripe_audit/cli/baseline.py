"""``stripe-audit baseline``: findings that a project accepts, so that only new ones fail a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.errors import OutputError

if TYPE_CHECKING:
    from stripe_audit.models import Finding
    from stripe_audit.report import Report
    from stripe_audit.settings.accepted import AcceptedSettings

__all__ = ["make"]

_FILE = Path("stripe-audit-baseline.yaml")
_HEAD = """\
# Findings that are accepted: they are reported, and do not fail the run. 'stripe-audit run --baseline FILE'
# (or audit.baseline in the settings) takes them; after the day in 'until' a finding fails the run again.
version: 1
findings:
"""
_FileOption = Annotated[Path, typer.Option("--file", "-b", help="The baseline.")]
_RunArgument = Annotated[Path, typer.Argument(metavar="RUN.json", help="A report, or a run's folder.")]


def _entry(entry: AcceptedSettings) -> str:
    """An entry as YAML; texts are quoted as JSON, which is YAML."""
    import json

    order = ("check", "route", "discriminator", "title", "severity", "owner", "reason", "until")
    given = {name: value for name in order if (value := getattr(entry, name)) is not None or name == "route"}
    lines = [
        f"{name}: {json.dumps(value if value is None else str(value), ensure_ascii=False)}"
        for name, value in given.items()
    ]
    return "  - " + "\n    ".join(lines) + "\n"


def _write(path: Path, entries: list[AcceptedSettings]) -> None:
    text = _HEAD + "".join(map(_entry, entries)) if entries else _HEAD.replace("findings:\n", "findings: []\n")
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from None


def _read(path: Path) -> list[AcceptedSettings]:
    from stripe_audit.settings.baseline import read_baseline

    return [entry for entry, _ in read_baseline(path)]


def _former() -> dict[str, tuple[str, ...]]:
    from stripe_audit.catalog import load_catalog

    catalog = load_catalog()
    return {identity: catalog[identity].formerly for identity in catalog}


def write(
    run: _RunArgument,
    owner: Annotated[str, typer.Option(help="Who answers for the new entries.")],
    reason: Annotated[str, typer.Option(help="Why they are accepted.")],
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, as 2027-01-31.")] = None,
    file: _FileOption = _FILE,
) -> None:
    """Accept the findings of a report. Entries that are there already keep their owner, reason and day."""
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.gating.acceptance import is_meant
    from stripe_audit.settings.accepted import new_entry

    report, former = saved_report(run), _former()
    kept = _read(file) if file.exists() else []
    new = []
    for finding in report.findings:
        if any(is_meant(entry, finding, former.get(finding.check, ())) for entry in kept):
            continue
        told = {"check": finding.check, "route": finding.route, "discriminator": finding.discriminator}
        for_reader = {"title": finding.title, "severity": finding.severity}
        new.append(new_entry(**told, **for_reader, owner=owner, reason=reason, until=until))
    _write(file, kept + new)
    typer.echo(f"{file}: {len(new)} new, {len(kept)} kept", err=True)


def show(file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The baseline.")] = _FILE) -> None:
    """Print what is accepted, by whom and until when."""
    import time

    from stripe_audit.redaction import inert
    from stripe_audit.report import Accepted

    entries = _read(file)
    for entry in entries:
        holds = Accepted(entry.reason, entry.owner, entry.until).holds_at(time.time())
        term = f"until {entry.until}" if entry.until else "for good"
        typer.echo(f"{'  ' if holds else '! '}{entry.check}  {inert(entry.title or entry.discriminator)}")
        typer.echo(f"    {term}{'' if holds else ', which is over'}; {inert(entry.owner)}: {inert(entry.reason)}")
    typer.echo(f"{len(entries)} accepted", err=True)


def prune(run: _RunArgument, file: _FileOption = _FILE) -> None:
    """Drop entries whose findings are gone; one whose check did not look stays."""
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.gating.difference import has_looked

    report, former = saved_report(run), _former()
    entries = _read(file)
    kept = [entry for entry in entries if _is_needed(entry, report, former, has_looked)]
    _write(file, kept)
    for entry in entries:
        if entry not in kept:
            typer.echo(f"dropped: {entry.check} {entry.route or ''} {entry.discriminator}".rstrip(), err=True)
    typer.echo(f"{file}: {len(kept)} kept, {len(entries) - len(kept)} dropped", err=True)


def _is_needed(entry: AcceptedSettings, report: Report, former: dict[str, tuple[str, ...]], has_looked: Any) -> bool:
    from stripe_audit.gating.acceptance import is_meant

    def is_about(finding: Finding) -> bool:
        return is_meant(entry, finding, former.get(finding.check, ()))

    if any(map(is_about, report.findings)):
        return True
    names = {entry.check, *(identity for identity, older in former.items() if entry.check in older)}
    return not any(has_looked(result) for result in report.results if result.check in names)


def make(options: dict[str, Any]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(
        help="Accept findings for a reason and a time, so that only new ones fail.", no_args_is_help=True, **options
    )
    app.command()(write)
    app.command()(show)
    app.command()(prune)
    return app
