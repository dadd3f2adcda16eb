"""``stripe-audit report history``: a folder of reports, told as a trend."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stripe_audit.errors import UsageError

__all__ = ["history"]

_FORMATS = ("terminal", "html")


def history(
    folder: Annotated[Path, typer.Argument(help="A folder of reports, or of runs such as .stripe-audit.")],
    format: Annotated[
        list[str] | None, typer.Option("--format", "-f", help="terminal, html; FORMAT=PATH writes a file. Repeatable.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The target's name; default: that of the newest report.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
) -> None:
    """Tell the trend of a target: verdicts, findings by severity, what is new, fixed and still there."""
    from stripe_audit.cli.outputs import Outputs
    from stripe_audit.reporters.history import history_of, history_text, moment_of
    from stripe_audit.reporters.html_history import history_html
    from stripe_audit.reporters.json_format import read_report

    outputs = Outputs.read(format or [])
    for output in outputs.wanted:
        if output.format not in _FORMATS:
            raise UsageError(f"a history has no {output.format} format", hint=f"one of {', '.join(_FORMATS)}")
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", hint="name a folder of reports, such as .stripe-audit")
    moments = []
    for path in _reports_in(folder):
        try:
            moments.append(moment_of(read_report(path)))
        except UsageError as error:
            sys.stderr.write(f"passed over: {error.message}\n")
    told = history_of(moments, target, last)
    if not told.points:
        known = ", ".join(told.others) or "none"
        wanted = f" of {target!r}" if target else ""
        raise UsageError(f"{folder} holds no report{wanted}", hint=f"targets in it: {known}")
    render = {"terminal": history_text, "html": history_html}
    outputs.write_texts({output.format: render[output.format](told) for output in outputs.wanted})


def _reports_in(folder: Path) -> list[Path]:
    """The reports in a folder, and in the folders of runs in it."""
    return sorted({*folder.glob("*.json"), *folder.glob("*/report.json")})
