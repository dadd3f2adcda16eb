"""``stripe-audit replay``: a recorded sequence of deliveries, signed anew, in its order and with its pauses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from stripe_audit.errors import UsageError

__all__ = ["add_to_recording", "make", "read_recording", "replay"]

SCHEMA = "stripe-audit/replay-v1"
_CAP = 64 * 1024 * 1024
_LONGEST_PAUSE_S = 600.0
_FORM = '{"schema": "stripe-audit/replay-v1", "deliveries": [{"after": 0.5, "body": "…"}]}'


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery: its body, the pause before it in seconds, how often, and whether its copies go out together."""

    body: bytes
    after: float = 0.0
    copies: int = 1
    at_once: bool = False

    @property
    def name(self) -> str:
        """The event's type and id, where the body is one."""
        try:
            event = json.loads(self.body)
            return f"{event['type']} {event['id']}"
        except (ValueError, KeyError, TypeError):
            return f"{len(self.body)} bytes"


def read_recording(path: Path) -> tuple[list[Recorded], str | None]:
    """The deliveries in a file, and the address that it names. Raises UsageError that says what is wrong."""
    data = _loaded(path)
    if data.get("schema") != SCHEMA:
        raise UsageError(f"{path}: its schema is not {SCHEMA}", hint=_FORM)
    entries = data.get("deliveries")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: deliveries must be a list of them", hint=_FORM)
    to = data.get("to")
    return [_one(path, number, entry) for number, entry in enumerate(entries, 1)], str(to) if to else None


def _loaded(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _CAP:
        raise UsageError(f"{path} is larger than {_CAP // 1024 // 1024} MiB", hint=_FORM)
    try:
        data = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not valid JSON ({error})", hint=_FORM) from None
    return data if isinstance(data, dict) else {}


def _one(path: Path, number: int, entry: Any) -> Recorded:
    from stripe_audit.webhooks.bodies import body_of

    given = entry if isinstance(entry, Mapping) else {}
    body, event = given.get("body"), given.get("event")
    after, copies = given.get("after", 0.0), given.get("copies", 1)
    if isinstance(body, str) == isinstance(event, Mapping):
        raise UsageError(f"{path}: delivery {number} has a body (a text) or an event (an object)", hint=_FORM)
    if isinstance(after, bool) or not isinstance(after, (int, float)) or not 0 <= after <= _LONGEST_PAUSE_S:
        raise UsageError(f"{path}: delivery {number}: after is seconds, up to {_LONGEST_PAUSE_S:g}", hint=_FORM)
    if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= 100:
        raise UsageError(f"{path}: delivery {number}: copies is a number from 1 to 100", hint=_FORM)
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body_of(event or {})
    return Recorded(raw, float(after), copies, given.get("at_once") is True)


def add_to_recording(path: Path, body: bytes) -> None:
    """Add a delivery to a recording, which is made if it is not there. Raises UsageError for bytes that are no text."""
    data: dict[str, Any] = _loaded(path) if path.exists() else {"schema": SCHEMA, "deliveries": []}
    if data.get("schema") != SCHEMA or not isinstance(data.get("deliveries"), list):
        raise UsageError(f"{path}: its schema is not {SCHEMA}", hint=_FORM)
    try:
        data["deliveries"].append({"body": body.decode("utf-8")})
    except UnicodeDecodeError:
        raise UsageError(f"{path}: a recording holds UTF-8 only", hint=_FORM) from None
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recording.")],
    to: Annotated[str | None, typer.Option(metavar="URL", help="Where to send it; else where the file says.")] = None,
    secret_env: Annotated[
        str, typer.Option(metavar="NAME", help="The variable with the signing secret.")
    ] = "STRIPE_WEBHOOK_SECRET",  # noqa: S107 - a variable's name
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host beyond this machine that is yours. Repeatable.")
    ] = None,
) -> None:
    """Deliver a recorded sequence of webhook events again, signed anew. Exit 1 if one is not answered 2xx."""
    from stripe_audit.cli.sending import destination

    recorded, address = read_recording(file)
    url = to or address
    if url is None:
        raise UsageError(f"{file} names no address", hint="--to http://127.0.0.1:3000/webhook")
    place = destination(url, secret_env, allow_host or [])

    async def send() -> bool:
        transport, is_taken = place.transport(), True
        try:
            for number, one in enumerate(recorded, 1):
                await asyncio.sleep(one.after)
                sends = [place.send(transport, one.body) for _ in range(one.copies)]
                answers = await asyncio.gather(*sends) if one.at_once else [await each for each in sends]
                for answer in answers:
                    typer.echo(f"{number}. {one.name} → {place.told(answer)}")
                    is_taken = is_taken and answer.is_success
        finally:
            await transport.aclose()
        return is_taken

    raise typer.Exit(0 if asyncio.run(send()) else 1)


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command()(replay)
    return app
