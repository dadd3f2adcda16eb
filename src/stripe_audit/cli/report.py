"""``stripe-audit report``: a saved report, rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["make", "report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN.json", help="A report, or a run's folder.")],
    format: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", help="terminal, markdown or json; FORMAT=PATH writes a file. Repeatable."),
    ] = None,
) -> None:
    """Render a saved report in other formats, to the same text as the run did."""
    from stripe_audit.cli.outputs import Outputs, saved_report

    outputs = Outputs.read(format or [])
    outputs.write(saved_report(run))


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command()(report)
    return app
