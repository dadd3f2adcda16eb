"""``stripe-audit emulator``: the embedded Stripe alone, in the foreground."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.errors import StripeError, UsageError

if TYPE_CHECKING:
    from stripe_audit.emulator import Emulator, EmulatorConfig

__all__ = ["emulator", "make"]

_ACTION = ("kind", "status", "seconds", "type", "code", "decline_code", "message", "reason", "saved")
_YEAR_2100 = 4_102_444_800
_NUMBERS = ("status", "times")
_HINT = 'such as --fault "status,status=503,method=POST,path=/v1/payment_intents,times=1", or the control API\'s JSON'


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen on 127.0.0.1; 0 takes a free port.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Make keys and ids reproducible.")] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Let the emulator's clock stand still, such as at 2026-01-31T12:00:00Z, until advanced.",
        ),
    ] = None,
    api_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The account's default API version.")
    ] = None,
    webhook: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Deliver all webhook events there. Repeatable.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="Fail calls: a kind (status, rate_limit, slow, timeout, reset_before, reset_after, truncate, "
            "malformed), then name=value pairs after commas; or JSON. Repeatable.",
        ),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add every exchange, without secrets, to a file of JSON lines.")
    ] = None,
    keep: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many calls, and saved replies, are remembered.")
    ] = 200_000,
    unsupported: Annotated[
        bool, typer.Option("--unsupported", help="List the endpoints of Stripe's that are not emulated, and exit.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the addresses and keys, or the endpoints, as one line of JSON.")
    ] = False,
) -> None:
    """Run the embedded Stripe until Ctrl-C, and print its address and keys."""
    if unsupported:
        _list_unsupported(as_json=as_json)
        return
    from stripe_audit.emulator import run_forever

    config = replace(
        _config(port, seed, api_version, webhook or [], fault or []),
        clock=None if clock is None else _time(clock),
        keep=keep,
        record=None if record is None else _writable(record),
    )

    def announce(running: Emulator) -> None:
        facts = _facts(running)
        typer.echo(json.dumps(facts) if as_json else _shown(facts))

    try:
        run_forever(config, announce)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StripeError(
                f"port {port} is in use: the emulator cannot listen there", hint="--port 0 takes a free port"
            ) from None
        if isinstance(error, BrokenPipeError):
            raise
        raise StripeError(
            f"the emulator cannot listen on port {port}: {error.strerror or error}", hint="--port 0 takes a free port"
        ) from None


def _list_unsupported(*, as_json: bool) -> None:
    from stripe_audit.emulator.endpoints import api_version, known_endpoints, missing_endpoints
    from stripe_audit.emulator.resources import ROUTES

    known, missing = len(known_endpoints()), list(missing_endpoints(ROUTES))
    if as_json:
        listed = [{"method": method, "path": path} for method, path in missing]
        facts = {"api_version": api_version(), "known": known, "emulated": known - len(missing), "unsupported": listed}
        typer.echo(json.dumps(facts))
        return
    for method, path in missing:
        typer.echo(f"{method:<6} {path}")
    typer.echo(f"{known - len(missing)} of Stripe's {known} endpoints ({api_version()}) are emulated.", err=True)


def _config(
    port: int, seed: int | None, version: str | None, urls: Sequence[str], rules: Sequence[str]
) -> EmulatorConfig:
    """Raises UsageError for a version, a URL or a rule that cannot be used."""
    from stripe_audit.emulator import API_VERSION, EmulatorConfig
    from stripe_audit.emulator.versions import is_version
    from stripe_audit.keys import make_test_keys

    if version is not None and not is_version(version):
        raise UsageError(f"not an API version: {version}", hint=f"such as {API_VERSION}")
    for url in urls:
        _check_url(url)
    secrets = [make_test_keys(None if seed is None else seed + index).webhook_secret for index in range(len(urls))]
    return EmulatorConfig(
        port=port,
        seed=seed,
        api_version=version or API_VERSION,
        webhooks=tuple(zip(urls, secrets, strict=True)),
        faults=tuple(_rule(text) for text in rules),
    )


def _time(text: str) -> float:
    """Unix seconds. Raises UsageError for what is no time, or lies before 1970 or after 2100."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0 <= seconds <= _YEAR_2100:
        raise UsageError(f"not a time: {text}", hint="--clock 2026-01-31T12:00:00Z")
    return seconds


def _writable(path: Path) -> Path:
    """Raises UsageError for a file that nothing can be added to."""
    try:
        with path.open("ab"):
            return path
    except OSError as error:
        raise UsageError(
            f"cannot record into {path}: {error.strerror}", hint="--record FILE, in a folder of yours"
        ) from None


def _check_url(url: str) -> None:
    from stripe_audit.emulator.errors import ApiError
    from stripe_audit.emulator.resources.webhook_endpoints import check_url
    from stripe_audit.emulator.sender import is_loopback

    try:
        check_url(url)
    except ApiError:
        raise UsageError(f"not an http or https URL: {url}", hint="--webhook http://127.0.0.1:3000/webhook") from None
    if not is_loopback(url):
        raise UsageError(f"not on this machine: {url}", hint="the emulator delivers to loopback addresses only")


def _rule(text: str) -> dict[str, Any]:
    """A fault as the control API takes it, from its short form or its JSON."""
    from stripe_audit.emulator.faults import Faults
    from stripe_audit.emulator.ids import Ids

    try:
        rule = json.loads(text) if text.lstrip().startswith("{") else _from_short_form(text)
        Faults(Ids(0)).add(rule)
    except ValueError as error:
        raise UsageError(f"not a fault: {text}: {error}", hint=_HINT) from None
    return dict(rule)


def _from_short_form(text: str) -> dict[str, Any]:
    """``slow,seconds=2,path=/v1/refunds``. Raises ValueError for a pair without ``=`` or a number that is none."""
    kind, *pairs = text.split(",")
    rule: dict[str, Any] = {}
    action: dict[str, Any] = {"kind": kind.strip()}
    for pair in pairs:
        name, separator, value = (part.strip() for part in pair.partition("="))
        if not separator:
            raise ValueError(f"{pair.strip()!r} is no name=value")
        (action if name in _ACTION else rule)[name] = _typed(name, value)
    return {**rule, "action": action}


def _typed(name: str, value: str) -> Any:
    if name == "saved":
        return {"true": True, "false": False}.get(value, value)
    return int(value) if name in _NUMBERS else float(value) if name == "seconds" else value


def _facts(running: Emulator) -> dict[str, Any]:
    return {
        "url": running.url,
        "api_version": running.config.api_version,
        "account": running.keys.account,
        "secret_key": running.keys.secret,
        "publishable_key": running.keys.publishable,
        "audit_key": running.keys.audit_secret,
        "control_url": f"{running.url}/_emulator/",
        "control_token": running.control_token,
        "webhooks": [{"url": url, "secret": secret} for url, secret in running.config.webhooks],
        "faults": [dict(rule) for rule in running.config.faults],
    }


def _shown(facts: Mapping[str, Any]) -> str:
    lines = [f"{name.replace('_', ' '):<16} {value}" for name, value in facts.items() if isinstance(value, str)]
    lines += [f"{'webhook':<16} {entry['url']}  {entry['secret']}" for entry in facts["webhooks"]]
    lines += [f"{'fault':<16} {json.dumps(rule)}" for rule in facts["faults"]]
    return "\n".join([*lines, "Ctrl-C stops it."])


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command()(emulator)
    return app
