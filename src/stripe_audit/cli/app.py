"""The commands, gathered. A command's module is imported when it is called, so that ``--help`` answers at once."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

__all__ = ["COMMANDS", "make_app"]

COMMANDS = {
    "run": "Audit a target, and exit by what was found.",
    "report": "Render a saved report in other formats.",
    "baseline": "Accept findings for a reason and a time, so that only new ones fail.",
    "checks": "What is checked, and why it matters.",
    "settings": "What can be set, and whether yours is right.",
    "demo": "The demo shop, sound or with one thing broken.",
    "init": "Write stripe-audit.yaml from what the project's files say.",
    "doctor": "Look at settings, keys, routes and observers before a run.",
    "scenarios": "Payment journeys in YAML: list, validate, run.",
    "load": "Send webhook events at a steady rate, and count what was lost or doubled.",
    "trigger": "Send one webhook event of any type, signed.",
    "replay": "Deliver a recorded sequence of webhook events again.",
    "emulator": "Run the embedded Stripe alone.",
}
"""Every command with its line in the help. Each is made by ``make`` in the module of its name."""

_OPTIONS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
_EXAMPLES = """\
\b
Examples:
  stripe-audit run --demo                       audit the demo shop: nothing to set up
  stripe-audit init                             write stripe-audit.yaml from what your project says
  stripe-audit doctor                           what would be in the way of a run
  stripe-audit run --dry-run                    what would be done to your target, and why not more
  stripe-audit run                              audit it
  stripe-audit run --phase webhooks --format markdown=report.md
  stripe-audit checks explain webhook-signature-verified
"""


class _Commands(TyperGroup):
    """Knows its commands by name, and loads one when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module = importlib.import_module(f"stripe_audit.cli.{cmd_name}")
            command = typer.main.get_command(module.make(_OPTIONS))
            command.name = cmd_name
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(is_wanted: bool) -> None:
    if is_wanted:
        from stripe_audit import __version__

        typer.echo(f"stripe-audit {__version__}")
        raise typer.Exit


def make_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="stripe-audit",
        cls=_Commands,
        help="Prove that a Stripe integration takes money correctly: six phases, 24 tasks, verdicts by effects.",
        epilog=_EXAMPLES,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        **{**_OPTIONS, "add_completion": True},
    )

    @app.callback()
    def main(
        version: Annotated[
            bool, typer.Option("--version", "-V", help="Show the version.", callback=_version, is_eager=True)
        ] = False,
    ) -> None:
        pass

    return app
