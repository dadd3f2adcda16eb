"""``stripe-audit checks``: what is checked, and why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from stripe_audit.cli import completion

__all__ = ["make"]

Folders = Annotated[list[Path] | None, typer.Option(help="A folder with checks of your own.")]


def make(options: dict[str, Any]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(help="What is checked, and why it matters.", no_args_is_help=True, **options)

    @app.command("list")
    def list_checks(
        phase: Annotated[list[str] | None, typer.Option("--phase", "-p", help="Only this phase.")] = None,
        checks_dir: Folders = None,
        json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    ) -> None:
        """List the checks by phase and task."""
        from stripe_audit.catalog import Selection, load_catalog
        from stripe_audit.cli.documentation import listed_as_json, listed_as_text

        catalog = load_catalog(checks_dirs=checks_dir or [])
        chosen = catalog.select(Selection(phases=tuple(phase or ())))
        typer.echo(listed_as_json(catalog, chosen) if json else listed_as_text(catalog, chosen), nl=False)

    @app.command()
    def explain(
        identity: Annotated[
            str,
            typer.Argument(
                metavar="CHECK",
                help="A check's id, or a finding's fingerprint.",
                autocompletion=completion.check_ids,
            ),
        ],
        checks_dir: Folders = None,
    ) -> None:
        """Say what a check looks at, why it matters, and how to fix what it finds."""
        from stripe_audit.catalog import Selection, load_catalog
        from stripe_audit.cli.documentation import explained

        catalog = load_catalog(checks_dirs=checks_dir or [])
        if re.fullmatch("[0-9a-f]{24}", identity):
            from stripe_audit.cli.findings import finding_told

            identity, told = finding_told(identity)
            typer.echo(told + "\n")
        for chosen in catalog.select(Selection(checks=(identity,))):
            typer.echo(explained(catalog, chosen))

    return app
