"""``stripe-audit run``: the main job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stripe_audit.cli import completion
from stripe_audit.cli.outputs import FORMAT_HELP
from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.audit.auditing import Options
    from stripe_audit.cli.deliverables import Deliverables
    from stripe_audit.settings import Settings

__all__ = ["make", "run", "settings_in_force"]

Names = list[str]
Severities = Literal["critical", "high", "medium", "low", "info"]
_EXITS = """\
\b
Exit codes:
  0 nothing at or above --fail-on   1 findings   2 usage or settings   3 the audit is incomplete   130 interrupted
"""


def run(
    command: Annotated[
        Names | None, typer.Argument(metavar="[-- COMMAND…]", help="Start the target by this command, as it is.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", "-s", help="The settings; default: stripe-audit.yaml here.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The target's address; overrides target.url.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Audit the demo shop, launched for this run.")] = False,
    variant: Annotated[str, typer.Option(help="With --demo: a sound variant of the shop (queued, odd).")] = "",
    defect: Annotated[
        Names | None,
        typer.Option(
            help="With --demo: break one thing; see 'stripe-audit demo defects'. Repeatable.",
            autocompletion=completion.defect_ids,
        ),
    ] = None,
    phase: Annotated[
        Names | None,
        typer.Option("--phase", "-p", help="Only this phase: 1-6 or its name.", autocompletion=completion.phase_names),
    ] = None,
    task: Annotated[Names | None, typer.Option(help="Only this task, such as 2.2 or '2.*'.")] = None,
    check: Annotated[
        Names | None,
        typer.Option("--check", "-c", help="Only this check; globs are fine.", autocompletion=completion.check_ids),
    ] = None,
    exclude: Annotated[
        Names | None, typer.Option("--exclude", "-x", help="All but this check.", autocompletion=completion.check_ids)
    ] = None,
    tag: Annotated[Names | None, typer.Option(help="Only checks with this tag.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and do nothing.")] = False,
    format: Annotated[
        Names | None, typer.Option("--format", "-f", help=FORMAT_HELP, autocompletion=completion.format_names)
    ] = None,
    bundle: Annotated[Path | None, typer.Option(help="Write the evidence as one zip file, for reviewers.")] = None,
    sign: Annotated[Path | None, typer.Option(help="With --bundle: sign it with this SSH key.")] = None,
    events: Annotated[
        str | None, typer.Option(help="Write each event as a line of JSON, as it happens; - is standard output.")
    ] = None,
    fail_on: Annotated[Severities | None, typer.Option(help="Exit 1 from this severity up (default: medium).")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Findings that are accepted; see 'stripe-audit baseline'.")
    ] = None,
    rerun_failed: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Only the checks that did not pass in that report.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(metavar="OLD.json", help="Say what was resolved since that report.")
    ] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Only the Ith of N parts; see report merge.")] = None,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Explore every beginning of three events, and up to 500 orders: for nightly runs."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Inconclusive checks make the audit incomplete.")] = False,
    allow_probes: Annotated[
        bool, typer.Option("--allow-probes", help="Also send requests that a sound target refuses.")
    ] = False,
    allow_empty: Annotated[Names | None, typer.Option(help="This phase may have no judged check.")] = None,
    launch: Annotated[bool, typer.Option("--launch/--no-launch", help="Start target.launch for the run.")] = True,
    project_checks: Annotated[
        bool, typer.Option("--project-checks/--no-project-checks", help="Load the project's own checks.")
    ] = True,
    checks_dir: Annotated[list[Path] | None, typer.Option(help="A folder with checks of your own.")] = None,
    scenarios_dir: Annotated[list[Path] | None, typer.Option(help="A folder with scenarios of your own.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, max=64, help="Checks at the same time.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Seconds for each check.")] = None,
    seed: Annotated[int | None, typer.Option(help="Makes keys, ids and the run's tag reproducible.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for runs (default: .stripe-audit).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Audit a target, and exit by what was found."""
    from stripe_audit.audit.auditing import Options
    from stripe_audit.catalog import Selection
    from stripe_audit.cli.deliverables import Deliverables
    from stripe_audit.cli.launches import check_launch, completed, launch_flags
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.cli.parts import checks_to_repeat, parsed_shard

    wanted = Deliverables.read(format or [], bundle, sign, events, is_plan=dry_run)
    if not demo and (variant or defect):
        raise UsageError("--variant and --defect belong to --demo", hint="stripe-audit run --demo --defect ID")
    if demo and (settings_file or url):
        raise UsageError("--demo brings its own target and settings", hint="drop --settings and --url")
    check_launch(command or [], is_demo=demo, is_launching=launch)
    audit = {
        "fail_on": fail_on,
        "baseline": str(baseline.resolve()) if baseline else None,
        "strict": strict or None,
        "deep": deep or None,
        "allow_probes": allow_probes or None,
        "allow_empty": allow_empty,
        "checks_dirs": [str(folder.resolve()) for folder in checks_dir] if checks_dir else None,
        "scenarios_dirs": [str(place.resolve()) for place in scenarios_dir] if scenarios_dir else None,
        "jobs": jobs,
        "timeout": timeout,
        "output": str(output.resolve()) if output else str(Path.cwd() / ".stripe-audit") if demo else None,
    }
    flags: dict[str, Any] = {"audit": {name: value for name, value in audit.items() if value is not None}}
    flags["target"] = {**({"url": url} if url else {}), **launch_flags(command or [])}
    part, before = parsed_shard(shard), saved_report(since) if since else None
    again = checks_to_repeat(rerun_failed) if rerun_failed else []
    selection = Selection(*(tuple(names or ()) for names in (phase, task, [*(check or []), *again], exclude, tag)))
    notes: list[str] = []
    with settings_in_force(settings_file, flags, is_demo=demo, variant=variant, defects=defect or []) as settings:
        if command:
            settings, notes = completed(settings, flags)
        temporary = (settings.folder,) if demo else ()
        options = Options(selection, seed, launch, project_checks, temporary, part, before, tuple(notes))
        if url and not command and not settings.has_routes:
            settings, options = _discovered(settings, options, flags)
        if dry_run:
            for note in options.notes:
                typer.echo(f"note: {note}", err=True)
        code = _audit(settings, options, wanted, is_dry=dry_run, is_quiet=quiet)
    raise typer.Exit(code)


@contextmanager
def settings_in_force(
    path: Path | None, flags: dict[str, Any], *, is_demo: bool, variant: str, defects: list[str]
) -> Iterator[Settings]:
    """The settings in force; for the demo, those of a project that is written for this run and removed after it."""
    from stripe_audit.deployment.launch.scratch import swept_scratch
    from stripe_audit.settings import load_settings

    if not is_demo:
        settings = load_settings(path, flags=flags)
        with swept_scratch():
            yield settings
        return
    from stripe_audit.demo.programs import programs_first
    from stripe_audit.demo.project import write_project

    if variant or defects:
        _check_known(variant, defects)
    with swept_scratch() as scratch, programs_first(defects):
        folder = scratch / "demo"
        folder.mkdir()
        yield load_settings(write_project(folder, variant=variant, defects=defects), flags=flags)


def _check_known(variant: str, defects: list[str]) -> None:
    """Raise UsageError for a name that does not exist. The shop itself is loaded for that, which takes a while."""
    from stripe_audit.demo.defects import chosen
    from stripe_audit.demo.serving import VARIANTS

    try:
        chosen(defects)
    except ValueError as error:
        raise UsageError(str(error), hint="'stripe-audit demo defects' lists them") from None
    if variant not in VARIANTS:
        raise UsageError(f"there is no variant {variant!r}", hint="one of " + ", ".join(filter(None, VARIANTS)))


_MORE = "an assumed target is only read; 'stripe-audit init' writes settings, with a launch that permits more"


def _discovered(settings: Settings, options: Options, flags: dict[str, Any]) -> tuple[Settings, Options]:
    """The same, with the routes that could be found; the report says what was assumed, and what to declare."""
    from dataclasses import replace

    from stripe_audit.audit.discovery import discover
    from stripe_audit.settings import load_settings

    url = settings.model.target.url
    if "{" in url:
        return settings, options
    found = discover(url, settings.folder)
    if not found.routes:
        note = "no routes are declared, and none were found; 'stripe-audit init' writes settings to fill in"
        return settings, replace(options, notes=(note,))
    is_rooted = found.is_from_source and "root" not in settings.model.target.model_fields_set
    root = {"root": "."} if is_rooted else {}
    flags = {**flags, "target": {**flags.get("target", {}), "routes": found.routes, **root}}
    told = "routes are assumed, since none are declared: " + "; ".join(found.assumed)
    return load_settings(settings.origin, folder=settings.folder, flags=flags), replace(options, notes=(told, _MORE))


def _audit(settings: Settings, options: Options, wanted: Deliverables, *, is_dry: bool, is_quiet: bool) -> int:
    from stripe_audit.audit.auditing import Audit
    from stripe_audit.cli.event_output import events_to
    from stripe_audit.cli.outputs import new_run_folder, progress_listener
    from stripe_audit.cli.signals import interruptible
    from stripe_audit.report import exit_code

    audit = Audit(settings, options)
    if is_dry:
        wanted.outputs.write_plan(audit.plan(), settings)
        return 0
    folder = new_run_folder(settings.path(settings.model.audit.output))
    wanted.keep_circumstances(folder, settings)
    with events_to(wanted.events) as stream:
        with progress_listener(is_quiet=is_quiet) as listeners, interruptible(audit.interrupt):
            report = audit.run(folder, [*listeners, *([stream] if stream else [])])
        if stream:
            stream.close(report)
    wanted.outputs.keep(report, folder)
    wanted.write(report, folder)
    return exit_code(report)


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command(epilog=_EXITS)(run)
    return app
