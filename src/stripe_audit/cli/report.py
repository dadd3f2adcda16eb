"""``stripe-audit report``: a saved report, rendered again; a bundle, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stripe_audit.cli.comparing import diff, merge
from stripe_audit.cli.history import history
from stripe_audit.cli.outputs import FORMAT_HELP

__all__ = ["make", "show", "verify"]

_DEFAULT = "show"
_EXAMPLES = """\
\b
Examples:
  stripe-audit report RUN.json --format html=report.html    the same as: report show RUN.json ...
  stripe-audit report .stripe-audit/RUN --bundle evidence.zip
  stripe-audit report verify evidence.zip
  stripe-audit report diff OLD.json NEW.json --fail-on-new
  stripe-audit report merge SHARD1.json SHARD2.json --format html=report.html
  stripe-audit report history .stripe-audit --format html=history.html
"""


class _Commands(TyperGroup):
    """Whatever is no command of its own is a report to show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN.json", help="A report, or a run's folder.")],
    format: Annotated[list[str] | None, typer.Option("--format", "-f", help=FORMAT_HELP)] = None,
    bundle: Annotated[Path | None, typer.Option(help="Write the evidence as one zip file, for reviewers.")] = None,
    sign: Annotated[Path | None, typer.Option(help="With --bundle: sign it with this SSH key.")] = None,
    since: Annotated[
        Path | None, typer.Option(metavar="OLD.json", help="Say what was resolved since that report.")
    ] = None,
) -> None:
    """Render a saved report in other formats, to the same text as the run did."""
    from stripe_audit.cli.deliverables import Deliverables
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.deployment.launch.scratch import swept_scratch

    wanted = Deliverables.read(format or [], bundle, sign)
    report = saved_report(run)
    if since:
        from stripe_audit.gating.difference import compared_with

        report = compared_with(report, saved_report(since))
    folder = None
    if bundle:
        from stripe_audit.bundle.run_folder import folder_of

        folder = folder_of(report, run)
        if folder is None:
            typer.echo("note: the run's folder is not here, so the bundle has only what the report quotes", err=True)
    with swept_scratch():
        wanted.write(report, folder)


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="FILE.zip", help="What --bundle wrote.")],
    signers: Annotated[
        Path | None, typer.Option(help="Allowed signers, as ssh-keygen(1) describes them; with --identity.")
    ] = None,
    identity: Annotated[str | None, typer.Option(help="Whose signature it must be, as --signers names them.")] = None,
) -> None:
    """Say which file of a bundle was changed, and who signed it. Exit 1 if anything is not as it was."""
    from stripe_audit.bundle.verifying import verify_bundle
    from stripe_audit.errors import UsageError
    from stripe_audit.redaction import inert

    if (signers is None) != (identity is None):
        raise UsageError(
            "--signers and --identity go together", hint="--signers allowed_signers --identity me@example.com"
        )
    if signers is not None and not signers.is_file():
        raise UsageError(f"--signers {signers}: there is no such file")
    verdict = verify_bundle(bundle, signers=signers, identity=identity)
    for problem in verdict.problems:
        typer.echo(inert(problem, 400))
    if verdict.problems:
        raise typer.Exit(1)
    typer.echo(f"{len(verdict.files)} files as they were written; head {verdict.head}")
    if verdict.identity:
        typer.echo(f"signed by {inert(verdict.identity, 200)} with {verdict.signer}")
    elif verdict.is_signed:
        typer.echo(f"signed with {verdict.signer}; --signers and --identity tell whose key that is")
    else:
        typer.echo("not signed: whoever changes it can also write another manifest")


def make(options: dict[str, Any]) -> typer.Typer:
    """The commands."""
    app = typer.Typer(
        cls=_Commands,
        help="Render a saved report in other formats: report RUN.json. Check a bundle: report verify FILE.zip. "
        "Tell a trend: report history FOLDER. Compare two: report diff OLD.json NEW.json. "
        "Put shards together: report merge.",
        epilog=_EXAMPLES,
        no_args_is_help=True,
        **options,
    )
    app.command()(show)
    app.command()(verify)
    app.command()(history)
    app.command()(diff)
    app.command()(merge)
    return app
