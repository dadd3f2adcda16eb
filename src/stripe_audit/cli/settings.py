"""``stripe-audit settings``: the schema, a sample, and whether a file is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["make"]


def make(options: dict[str, Any]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(help="What can be set, and whether yours is right.", no_args_is_help=True, **options)

    @app.command()
    def schema() -> None:
        """Print the JSON Schema of stripe-audit.yaml, for editors."""
        from stripe_audit.settings import schema_text

        typer.echo(schema_text(), nl=False)

    @app.command()
    def sample() -> None:
        """Print a commented stripe-audit.yaml that loads as it stands."""
        from stripe_audit.settings import sample_settings

        typer.echo(sample_settings(), nl=False)

    @app.command()
    def check(
        settings_file: Annotated[
            Path | None, typer.Argument(help="The file; default: stripe-audit.yaml here.", metavar="[FILE]")
        ] = None,
    ) -> None:
        """Load the settings with all their layers, and say what is wrong with them."""
        from stripe_audit.settings import load_settings

        settings = load_settings(settings_file)
        target = settings.model.target
        roles = [name for name in type(target.routes).model_fields if getattr(target.routes, name)]
        typer.echo(f"{settings.origin or 'no settings file; defaults and the environment'}: right")
        typer.echo(f"target {target.name!r} at {target.url}, routes: {', '.join(roles) or 'none'}")

    return app
