"""``stripe-audit init``: settings for this project, written from what its files say."""

from __future__ import annotations

import difflib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.errors import OutputError, UsageError

if TYPE_CHECKING:
    from stripe_audit.survey import Survey
    from stripe_audit.survey.writing import Answers

__all__ = ["init", "make"]

_EXAMPLES = """\
\b
Examples:
  stripe-audit init                 look, ask what was not found, write stripe-audit.yaml
  stripe-audit init --yes --ci      ask nothing, and write a GitHub Actions job too
  stripe-audit init --dry-run       show what would be written
"""
_JOB = Path(".github") / "workflows" / "stripe-audit.yml"


def init(
    folder: Annotated[Path, typer.Argument(help="The project.", metavar="[FOLDER]")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; guesses are marked in the file.")] = False,
    ci: Annotated[bool | None, typer.Option("--ci/--no-ci", help="Write a GitHub Actions job too.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ, after showing how.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the files and write nothing.")] = False,
) -> None:
    """Look at a project, and write its stripe-audit.yaml."""
    from stripe_audit.survey import survey
    from stripe_audit.survey.writing import Answers, ci_job, settings_text

    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", hint="stripe-audit init FOLDER")
    found = survey(folder)
    is_asking = not yes and not dry_run and sys.stdin.isatty()
    _tell(found)
    answers = _ask(found) if is_asking else Answers()
    files = {folder / "stripe-audit.yaml": settings_text(found, answers)}
    has_actions = (folder / ".github").is_dir()
    if ci is None and is_asking:
        ci = typer.confirm("Write a GitHub Actions job too?", default=has_actions, err=True)
    if ci or (ci is None and has_actions and not (folder / _JOB).exists()):
        files[folder / _JOB] = ci_job(found)
    if dry_run:
        for path, text in files.items():
            typer.echo(f"# {path}\n{text}")
        return
    unwritten = [path for path, text in files.items() if not _put(path, text, is_asking=is_asking, is_forced=force)]
    if unwritten:
        raise UsageError(
            f"{' and '.join(str(path) for path in unwritten)}: already there, and different; left as it is",
            hint="--force replaces it",
        )
    typer.echo("next: stripe-audit doctor, then stripe-audit run --dry-run, then stripe-audit run", err=True)


def _tell(found: Survey) -> None:
    """What was found, and where."""
    where = f" in {found.server}/" if found.server else ""
    lines = [
        ("framework", f"{found.framework}{where}" if found.framework else None),
        ("start", f"{found.start.value}  ({found.start.file})" if found.start else None),
        ("port", f"{found.port.value}  ({found.port.file})" if found.port else None),
        ("env files", f"{', '.join(found.env_files)}: {found.variables} variables" if found.env_files else None),
        *((one.role, f"{one.method} {one.route.path}  ({one.route.place})") for one in found.roles),
        ("events", ", ".join(found.events) or None),
    ]
    for name, value in lines:
        typer.echo(f"  {'✓' if value else '–'} {name:<15} {value or 'not found'}", err=True)


def _ask(found: Survey) -> Answers:
    from stripe_audit.survey.writing import Answers

    answers = Answers()
    if found.start is None:
        answers["start"] = _asked("Command that starts the server (empty: you start it yourself)", "")
    if found.port is None and not found.reads_port:
        answers["port"] = _asked("Port it listens on", "3000", re.compile(r"\d{1,5}"))
    if not found.having("webhook"):
        answers["webhook"] = _asked("Path of the webhook endpoint (empty: none yet)", "", re.compile(r"(/\S*)?"))
    return answers


def _asked(question: str, default: str, shape: re.Pattern[str] | None = None) -> str:
    while True:
        given = str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()
        if shape is None or shape.fullmatch(given):
            return given
        typer.echo(f"  {given!r} does not fit, such as {default or '/api/webhooks/stripe'}", err=True)


def _put(path: Path, text: str, *, is_asking: bool, is_forced: bool) -> bool:
    """Write a file; one that is there is shown against the new one first. Whether it now is as wanted."""
    try:
        old = path.read_text("utf-8") if path.exists() else None
        if old == text:
            typer.echo(f"{path} is as it would be written", err=True)
            return True
        if old is not None:
            diff = difflib.unified_diff(
                old.splitlines(), text.splitlines(), str(path), "what init would write", "", "", 2, ""
            )
            typer.echo("\n".join(diff), err=True)
            if not is_forced and not (is_asking and typer.confirm(f"Replace {path}?", default=False, err=True)):
                return False
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    typer.echo(f"wrote {path}", err=True)
    return True


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command(epilog=_EXAMPLES)(init)
    return app
