"""``stripe-audit demo``: the demo shop by hand, and the defects that it can be started with."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stripe_audit.errors import UsageError

__all__ = ["make"]


def make(options: dict[str, Any]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(help="The demo shop, sound or with one thing broken.", no_args_is_help=True, **options)

    @app.command()
    def defects() -> None:
        """List the defects, and the check that each one must fail."""
        from stripe_audit.demo.defects import DEFECTS

        for defect in DEFECTS.values():
            seen = f" (as in {defect.seen_in})" if defect.seen_in else ""
            typer.echo(f"{defect.id:<30} {defect.breaks:<36} {defect.title}{seen}")
        typer.echo(f"{len(DEFECTS)} defects")

    @app.command()
    def serve(
        defect: Annotated[list[str] | None, typer.Option(help="Break one thing. Repeatable.")] = None,
        variant: Annotated[str, typer.Option(help="A sound variant: queued, odd.")] = "",
        port: Annotated[int | None, typer.Option(min=1, max=65535, help="The shop's port (default: free).")] = None,
    ) -> None:
        """Run the shop, its Stripe and its mail sink until Ctrl-C."""
        import threading

        from stripe_audit.cli.signals import interruptible
        from stripe_audit.demo.staging import demo_stage
        from stripe_audit.deployment.launch.scratch import swept_scratch

        stopped = threading.Event()
        try:
            shop = demo_stage(variant=variant, defects=defect or [], port=port)
            with interruptible(stopped.set), swept_scratch(), shop as stage:
                for name, value in stage.addresses().items():
                    typer.echo(f"{name:<16} {value}")
                typer.echo("Ctrl-C stops it.")
                stopped.wait()
        except ValueError as error:
            raise UsageError(str(error), hint="'stripe-audit demo defects' lists them") from None

    return app
