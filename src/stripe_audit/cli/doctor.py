"""``stripe-audit doctor``: what would stop a run, or make it say less, with the fix for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["doctor", "make"]


def doctor(
    settings_file: Annotated[
        Path | None, typer.Option("--settings", "-s", help="The settings; default: stripe-audit.yaml here.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The target's address; overrides target.url.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at settings, keys, routes, observers and the Stripe side; launch and change nothing."""
    from stripe_audit.audit.preflight import State, preflight
    from stripe_audit.settings import load_settings

    lines = preflight(load_settings(settings_file, flags={"target": {"url": url}} if url else {}))
    if as_json:
        import dataclasses
        import json

        typer.echo(json.dumps([dataclasses.asdict(line) for line in lines], indent=2))
    else:
        _print(lines)
    raise typer.Exit(2 if any(line.state is State.WRONG for line in lines) else 0)


def _print(lines: list[Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    marks = {"ok": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red")}
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        mark, colour = marks[line.state]
        told = Text(line.told)
        if line.fix:
            told.append(f"\n→ {line.fix}", style="dim")
        table.add_row(Text(mark, style=colour), Text(line.what), told)
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(table)
    counts = {state: sum(line.state == state for line in lines) for state in marks}
    summary = f"{counts['ok']} in order, {counts['note']} to know, {counts['wrong']} in the way"
    console.print(summary, style="bold" if counts["wrong"] else None)


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command()(doctor)
    return app
