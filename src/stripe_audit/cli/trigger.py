"""``stripe-audit trigger``: one webhook event of any type, signed, to an address of one's own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.cli.sending import Destination

__all__ = ["make", "trigger"]

_RAW_CAP = 4 * 1024 * 1024


def trigger(
    event: Annotated[str | None, typer.Argument(metavar="[EVENT]", help="Its type, such as invoice.paid.")] = None,
    to: Annotated[str | None, typer.Option(metavar="URL", help="Where to send it; without it, it is printed.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="A member of the event's object, by dotted path; event.PATH one of the event. JSON, or a text. "
            "Repeatable.",
        ),
    ] = None,
    secret_env: Annotated[
        str, typer.Option(metavar="NAME", help="The variable with the signing secret.")
    ] = "STRIPE_WEBHOOK_SECRET",  # noqa: S107 - a variable's name
    raw: Annotated[Path | None, typer.Option(metavar="FILE", help="Send this body, byte for byte.")] = None,
    api_version: Annotated[str | None, typer.Option(metavar="VERSION", help="Render it as this API version.")] = None,
    seed: Annotated[int | None, typer.Option(help="Make ids reproducible.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host beyond this machine that is yours. Repeatable.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add it to a recording for 'stripe-audit replay'.")
    ] = None,
    types: Annotated[bool, typer.Option("--list", help="List all types.")] = False,
) -> None:
    """Make a webhook event of any type, and send it signed to a URL of yours."""
    from stripe_audit.cli.sending import destination

    if types:
        from stripe_audit.webhooks.catalogue import event_types

        typer.echo("\n".join(event_types()))
        return
    if (event is None) == (raw is None):
        raise UsageError("give the type of an event, or --raw FILE", hint="stripe-audit trigger --list")
    if raw is not None and (values or api_version):
        raise UsageError("--raw sends the file as it is", hint="drop --set and --api-version")
    place = destination(to, secret_env, allow_host or []) if to else None
    body = _read(raw) if raw else _made(str(event), _pairs(values or []), api_version, seed)
    if save:
        from stripe_audit.cli.replay import add_to_recording

        add_to_recording(save, body)
    if place is None:
        typer.echo(body.decode("utf-8", "replace"))
        return
    raise typer.Exit(_send(place, body, str(event or raw)))


def _read(path: Path) -> bytes:
    body = path.read_bytes()
    if len(body) > _RAW_CAP:
        raise UsageError(f"{path} is larger than {_RAW_CAP // 1024 // 1024} MiB", hint="webhook bodies are small")
    return body


def _pairs(values: list[str]) -> dict[str, Any]:
    """Dotted paths in the event. Raises UsageError."""
    pairs: dict[str, Any] = {}
    for text in values:
        path, equals, value = text.partition("=")
        if not equals or not path.strip("."):
            raise UsageError(f"not PATH=VALUE: {text}", hint="--set metadata.order=o1 --set amount=500")
        place = path.removeprefix("event.") if path.startswith("event.") else f"data.object.{path}"
        try:
            pairs[place] = json.loads(value)
        except ValueError:
            pairs[place] = value
    return pairs


def _made(event_type: str, values: dict[str, Any], api_version: str | None, seed: int | None) -> bytes:
    from stripe_audit.emulator.versions import is_version
    from stripe_audit.keys import make_test_keys
    from stripe_audit.stripe_backend.embedded import EmbeddedStripe
    from stripe_audit.webhooks.bodies import body_of
    from stripe_audit.webhooks.catalogue import event_types, nearest_type

    if event_type not in event_types():
        near = nearest_type(event_type)
        hint = f"did you mean {near}?" if near else "stripe-audit trigger --list"
        raise UsageError(f"there is no webhook event {event_type!r}", hint=hint)
    if api_version is not None and not is_version(api_version):
        raise UsageError(f"not an API version: {api_version}", hint="such as 2024-09-30.acacia")
    stripe = EmbeddedStripe(make_test_keys(seed), seed=seed)
    stripe.start()
    try:
        return body_of(asyncio.run(_make(stripe.address, event_type, values, api_version)))
    except (LookupError, ValueError) as error:
        raise UsageError(str(error), hint="'stripe-audit trigger EVENT' without --to shows its members") from None
    finally:
        stripe.stop()


async def _make(address: Any, event_type: str, values: dict[str, Any], api_version: str | None) -> dict[str, Any]:
    from stripe_audit.deployment.budget import Budget
    from stripe_audit.deployment.recorder import Recorder
    from stripe_audit.deployment.transport import Transport
    from stripe_audit.models import Effect
    from stripe_audit.redaction import Redactor
    from stripe_audit.safety import Interlock, Permission
    from stripe_audit.scenario.fixtures import References
    from stripe_audit.scenario.synthesizing import make_event
    from stripe_audit.stripe_backend.emulated import EmulatedStripe

    transport = Transport(
        origins=[address.url],
        budget=Budget(),
        recorder=Recorder(None, Redactor()),
        interlock=Interlock(Permission(Effect.NONE, "nothing is sent to a target")),
    )
    try:
        stripe = EmulatedStripe(address, transport)
        references = References(Path.cwd(), environ={})
        return await make_event(stripe, event_type, api_version=api_version, values=values, references=references)
    finally:
        await transport.aclose()


def _send(place: Destination, body: bytes, name: str) -> int:
    async def send() -> int:
        transport = place.transport()
        try:
            answer = await place.send(transport, body)
        finally:
            await transport.aclose()
        typer.echo(f"{name} → {place.told(answer)}")
        return 0 if answer.is_success else 1

    return asyncio.run(send())


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command()(trigger)
    return app
