"""``stripe-audit scenarios``: payment journeys in YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stripe_audit.errors import CatalogError, UsageError

if TYPE_CHECKING:
    from stripe_audit.catalog import Catalog

__all__ = ["make"]

Names = list[str]
Places = Annotated[list[Path] | None, typer.Option("--scenarios-dir", help="A folder of scenarios. Repeatable.")]
Severities = Literal["critical", "high", "medium", "low", "info"]


def make(options: dict[str, Any]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(help="Payment journeys in YAML: list, validate, run.", no_args_is_help=True, **options)

    @app.command("list")
    def list_scenarios(
        scenarios_dir: Places = None,
        json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    ) -> None:
        """List the scenarios, the shipped ones and your own, by phase and task."""
        from stripe_audit.cli.documentation import listed_as_json, listed_as_text

        catalog = _catalog(scenarios_dir or _own())
        chosen = _scenarios(catalog)
        typer.echo(listed_as_json(catalog, chosen) if json else listed_as_text(catalog, chosen), nl=False)

    @app.command()
    def validate(
        files: Annotated[
            list[Path] | None, typer.Argument(metavar="[FILE]...", help="Files or folders; default: scenarios/ here.")
        ] = None,
    ) -> None:
        """Check scenarios without running them; every mistake is told with file, line and step."""
        from stripe_audit.catalog import load_catalog

        places = files or _own()
        if not places:
            raise UsageError("there is no folder scenarios/ here", hint="name files or folders of scenarios")
        catalog = load_catalog(scenarios=places, has_builtin=False)
        for identity in catalog:
            typer.echo(f"{catalog.path(identity)}: right: {catalog[identity].documentation.title}")
        if not len(catalog):
            raise CatalogError(
                f"{places[0]}: holds no scenarios", hint="scenarios lie in <folder>/<family>/<name>.yaml"
            )

    @app.command()
    def run(
        what: Annotated[Names, typer.Argument(metavar="SCENARIO...", help="Ids (globs are fine) or files.")],
        settings_file: Annotated[Path | None, typer.Option("--settings", "-s", help="The settings.")] = None,
        url: Annotated[str | None, typer.Option(help="The target's address; overrides target.url.")] = None,
        demo: Annotated[bool, typer.Option("--demo", help="Against the demo shop.")] = False,
        variant: Annotated[str, typer.Option(help="With --demo: a sound variant (queued, odd).")] = "",
        defect: Annotated[Names | None, typer.Option(help="With --demo: break one thing. Repeatable.")] = None,
        format: Annotated[Names | None, typer.Option("--format", "-f", help="As in 'stripe-audit run'.")] = None,
        fail_on: Annotated[Severities | None, typer.Option(help="Exit 1 from this severity up.")] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and do nothing.")] = False,
        launch: Annotated[bool, typer.Option("--launch/--no-launch", help="Start target.launch for the run.")] = True,
        seed: Annotated[int | None, typer.Option(help="Makes keys, ids and the run's tag reproducible.")] = None,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
        scenarios_dir: Places = None,
    ) -> None:
        """Run scenarios, and nothing else, and exit by what was found."""
        from stripe_audit.cli.run import run as audit

        files = [Path(name) for name in what if Path(name).suffix in (".yaml", ".yml")]
        places = [*(scenarios_dir or []), *files]
        known = [*places, *([] if places else _own(settings_file))]
        catalog = _catalog(known)
        ids = {catalog.path(identity).resolve(): identity for identity in catalog}
        checks = [ids[file.resolve()] for file in files if file.resolve() in ids]
        checks += [name for name in what if Path(name) not in files]
        _check_names(catalog, checks)
        audit(
            settings_file=settings_file,
            url=url,
            demo=demo,
            variant=variant,
            defect=defect,
            check=checks,
            tag=["scenario"],
            format=format,
            fail_on=fail_on,
            dry_run=dry_run,
            launch=launch,
            seed=seed,
            quiet=quiet,
            scenarios_dir=places or None,
        )

    @app.command()
    def schema() -> None:
        """Print the JSON Schema of scenario files, for editors."""
        from stripe_audit.scenario.schema import schema_text

        typer.echo(schema_text(), nl=False)

    return app


def _own(settings_file: Path | None = None) -> list[Path]:
    from stripe_audit.scenario.files import own_folder

    found = own_folder(settings_file.parent if settings_file else Path.cwd())
    return [found] if found else []


def _catalog(places: Sequence[Path]) -> Catalog:
    from stripe_audit.catalog import load_catalog

    return load_catalog(scenarios=places)


def _scenarios(catalog: Catalog) -> tuple[str, ...]:
    return tuple(identity for identity in catalog if "scenario" in catalog[identity].tags)


def _check_names(catalog: Catalog, names: Sequence[str]) -> None:
    """Raises UsageError for a name that is no scenario's."""
    from stripe_audit.catalog import Selection

    for name in names:
        if not set(catalog.select(Selection(checks=(name,)))) & set(_scenarios(catalog)):
            raise UsageError(f"{name} is a check, and no scenario", hint="stripe-audit run --check " + name)
