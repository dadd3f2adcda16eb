"""``stripe-audit load``: webhook events at a steady rate, and what became of their effects."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stripe_audit.cli.run import Names, Severities, settings_in_force
from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.audit.loading import LoadOutcome
    from stripe_audit.load.judging import LoadFlaw
    from stripe_audit.load.running import LoadAsked, Send

__all__ = ["load", "make", "seconds_in"]

_TEXT = """\
\b
Examples:
  stripe-audit load --demo                              the demo shop, 20 events a second for 10 seconds
  stripe-audit load --rate 200 --for 30s                your target, as stripe-audit.yaml describes it
  stripe-audit load --rate 50 --for 2m --max-p99 500 --json
  stripe-audit load --rate 9000 --for 10s --swarm 4     sent by four Locust workers

\b
Exit codes:
  0 nothing at or above --fail-on   1 findings   2 usage or settings   3 nothing can be said   130 interrupted
"""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MOST_EVENTS = 2_000_000


def load(
    rate: Annotated[float, typer.Option(min=0.1, max=200_000, help="Events a second.")] = 20.0,
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="How long, such as 500ms, 10s, 2m.")] = "10s",
    repeat: Annotated[float, typer.Option(min=0, max=100, help="Percent of the events that are sent twice.")] = 10.0,
    connections: Annotated[int, typer.Option(min=1, max=10_000, help="Events under way at the same moment.")] = 128,
    timeout: Annotated[float, typer.Option(min=0.05, help="Seconds that an answer may take.")] = 10.0,
    max_errors: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of the events that may be refused at first.")
    ] = 1.0,
    max_p99: Annotated[
        float | None, typer.Option(metavar="MS", min=0, help="The longest 99th percentile; without it, none is judged.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", "-s", help="The settings; default: stripe-audit.yaml here.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The target's address; overrides target.url.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo shop, launched for this.")] = False,
    variant: Annotated[str, typer.Option(help="With --demo: a sound variant of the shop (queued, odd).")] = "",
    defect: Annotated[Names | None, typer.Option(help="With --demo: break one thing. Repeatable.")] = None,
    launch: Annotated[bool, typer.Option("--launch/--no-launch", help="Start target.launch for this.")] = True,
    swarm: Annotated[int, typer.Option(metavar="N", min=0, max=64, help="Send by N Locust workers.")] = 0,
    fail_on: Annotated[Severities | None, typer.Option(help="Exit 1 from this severity up (default: medium).")] = None,
    seed: Annotated[int, typer.Option(help="Makes the order of the events reproducible.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON, for programs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Send signed webhook events at a steady rate, and count what was lost or doubled.

    Orders are paid at the embedded Stripe while the target is not told; then it is told of all of them, at the rate
    that is asked for, however slowly it answers. Nothing is sent before it is proved that the target runs in test
    mode, as for 'stripe-audit run'.
    """
    from stripe_audit.audit.loading import load_target
    from stripe_audit.load.judging import flaws_of
    from stripe_audit.load.running import LoadAsked

    if not demo and (variant or defect):
        raise UsageError("--variant and --defect belong to --demo", hint="stripe-audit load --demo --defect ID")
    if demo and (settings_file or url):
        raise UsageError("--demo brings its own target and settings", hint="drop --settings and --url")
    asked = LoadAsked(rate, seconds_in(duration), repeat / 100, connections, timeout, seed)
    if asked.count > _MOST_EVENTS:
        raise UsageError(f"{asked.count:,} events are too many for one load", hint="a lower --rate, or a shorter --for")
    send = _swarm(swarm) if swarm else None
    flags: dict[str, Any] = {"target": {"url": url} if url else {}}
    if fail_on:
        flags["audit"] = {"fail_on": fail_on}
    say: Callable[[str], None] = (lambda text: None) if quiet else (lambda text: typer.echo(text, err=True))
    with settings_in_force(settings_file, flags, is_demo=demo, variant=variant, defects=defect or []) as settings:
        temporary = (settings.folder,) if demo else ()
        outcome = load_target(settings, asked, is_launching=launch, temporary=temporary, send=send, say=say)
        worst = settings.model.audit.fail_on
    flaws = flaws_of(outcome.loaded, most_errors=max_errors / 100, longest_p99_ms=max_p99) if outcome.loaded else []
    code = _code(outcome, flaws, worst)
    sys.stdout.write(_as_json(outcome, asked, flaws, code) if json else _as_text(outcome, flaws))
    raise typer.Exit(code)


def seconds_in(text: str) -> float:
    """A duration in seconds. Raises UsageError."""
    match = _SECONDS.fullmatch(text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= 24 * 3600:
        raise UsageError(f"--for {text}: that is no time up to a day", hint="such as 500ms, 10s, 2m")
    return seconds


def _swarm(workers: int) -> Send:
    from stripe_audit.load.swarm import swarm_of

    return swarm_of(workers)


def _code(outcome: LoadOutcome, flaws: list[LoadFlaw], fail_on: Any) -> int:
    if outcome.loaded is None:
        return 3
    return int(any(flaw.severity.at_least(fail_on) for flaw in flaws))


def _as_text(outcome: LoadOutcome, flaws: list[LoadFlaw]) -> str:
    lines = [f"{outcome.target} at {outcome.url}: {outcome.proof}"]
    loaded = outcome.loaded
    if loaded is None:
        supply = f"\nsupply: {outcome.supply}" if outcome.supply else ""
        return f"{lines[0]}\nnothing can be said: {outcome.inconclusive}{supply}\n"
    by = f", by {loaded.workers} workers" if loaded.workers > 1 else ""
    twice = "seen" if loaded.is_fulfilment_seen else "not seen: target.routes.order.response.fulfilled names no field"
    lines += [
        f"sent      {loaded.sent:,} events, {loaded.repeats:,} of them for the second time, {loaded.rate:g} a second, "
        f"over {loaded.connections} connections{by}",
        f"answered  {loaded.latency}, from when each was due",
        f"refused   {loaded.refused:,} at first, {loaded.untaken:,} to the end",
        *(f"          {count:,} × {kind}" for kind, count in loaded.errors.items()),
        f"effects   {loaded.orders:,} orders; acknowledged without effect: {len(loaded.lost):,}; "
        f"with more than one: {len(loaded.doubled):,} ({twice})",
        *(f"note: {note}" for note in loaded.notes),
        "",
        *(f"{flaw.severity.value.upper()}: {flaw.title}\n  {flaw.detail}" for flaw in flaws),
    ]
    if not flaws:
        lines.append("every acknowledged event had its effect once")
    return "\n".join(lines) + "\n"


def _as_json(outcome: LoadOutcome, asked: LoadAsked, flaws: list[LoadFlaw], code: int) -> str:
    import dataclasses
    import json

    from stripe_audit import __version__

    loaded = dataclasses.asdict(outcome.loaded) if outcome.loaded else None
    if outcome.loaded and loaded:
        loaded["latency_ms"] = loaded.pop("latency")
        loaded |= {"refused": outcome.loaded.refused, "achieved": round(outcome.loaded.achieved, 1)}
        loaded["acknowledged_without_effect"] = len(outcome.loaded.lost)
        loaded["doubled_effect"] = len(outcome.loaded.doubled)
    told = {
        "version": 1,
        "stripe_audit": __version__,
        "target": {"name": outcome.target, "url": outcome.url, "proof": outcome.proof},
        "asked": dataclasses.asdict(asked),
        "outcome": "inconclusive" if loaded is None else "failed" if flaws else "passed",
        "exit_code": code,
        "load": loaded,
        "findings": [dataclasses.asdict(flaw) for flaw in flaws],
        "reason": outcome.inconclusive or None,
        "supply": outcome.supply,
    }
    return json.dumps(told, indent=2, default=str) + "\n"


def make(options: dict[str, Any]) -> typer.Typer:
    """The command."""
    app = typer.Typer(**options)
    app.command(epilog=_TEXT)(load)
    return app
