"""The commands, gathered. Nothing heavy is imported here, so that ``--help`` answers at once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stripe_audit.cli.checks import checks_app
from stripe_audit.cli.demo import demo_app
from stripe_audit.cli.emulator import emulator
from stripe_audit.cli.report import report
from stripe_audit.cli.run import run
from stripe_audit.cli.settings import settings_app

__all__ = ["make_app"]

_EXAMPLES = """\
\b
Examples:
  stripe-audit run --demo                       audit the demo shop: nothing to set up
  stripe-audit settings sample > stripe-audit.yaml
  stripe-audit run --dry-run                    what would be done to your target, and why not more
  stripe-audit run                              audit it
  stripe-audit run --phase webhooks --format markdown=report.md
  stripe-audit checks explain webhook-signature-verified
"""


def _version(is_wanted: bool) -> None:
    if is_wanted:
        from stripe_audit import __version__

        typer.echo(f"stripe-audit {__version__}")
        raise typer.Exit


def make_app() -> typer.Typer:
    """The whole command line."""
    options: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "no_args_is_help": True}
    app = typer.Typer(
        name="stripe-audit",
        help="Prove that a Stripe integration takes money correctly: six phases, 24 tasks, verdicts by effects.",
        epilog=_EXAMPLES,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        **options,
    )

    @app.callback()
    def main(
        version: Annotated[
            bool, typer.Option("--version", "-V", help="Show the version.", callback=_version, is_eager=True)
        ] = False,
    ) -> None:
        pass

    app.command("run", epilog=_RUN_EXAMPLES)(run)
    app.command("report")(report)
    app.command("emulator")(emulator)
    app.add_typer(checks_app(options), name="checks")
    app.add_typer(settings_app(options), name="settings")
    app.add_typer(demo_app(options), name="demo")
    return app


_RUN_EXAMPLES = """\
\b
Exit codes:
  0 nothing at or above --fail-on   1 findings   2 usage or settings   3 the audit is incomplete   130 interrupted
"""
