"""The target's side of a preflight: can it be started or reached, and can its state be read."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from stripe_audit.audit.preflight.lines import WITHIN_S, Line, State, is_open, safe, status_of
from stripe_audit.describe import target_spec, webhook_secrets
from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import OrderMapping
from stripe_audit.observers.sql import SqliteOrders
from stripe_audit.settings import Settings

__all__ = ["log_lines", "order_lines", "route_lines", "target_lines"]


def target_lines(settings: Settings) -> Iterator[Line]:
    """Whether the target can be launched, or is there."""
    launch, url = settings.model.target.launch, settings.model.target.url
    if launch is None:
        yield _reached(url)
        return
    words = shlex.split(launch.command) if isinstance(launch.command, str) else launch.command
    home = settings.path(launch.cwd)
    if not home.is_dir():
        yield Line("launch", State.WRONG, f"there is no folder {launch.cwd}", "mend target.launch.cwd")
    elif "{" not in words[0] and not (shutil.which(words[0]) or (home / words[0]).is_file()):
        yield Line("launch", State.WRONG, f"{words[0]} is no program here", "install it, or mend target.launch.command")
    else:
        yield Line("launch", State.OK, shlex.join(words))
    if "{port}" not in url and is_open(url):
        told = f"something already listens where the target will: {url}"
        yield Line("port", State.WRONG, told, "stop it, or let the app take {port} from its environment")


def _reached(url: str) -> Line:
    if "{port}" in url:
        told = "target.url holds {port}, which only a launched target is given"
        return Line("target", State.WRONG, told, "declare target.launch, or write the port")
    if is_open(url):
        return Line("target", State.OK, f"{url} accepts connections")
    return Line("target", State.WRONG, f"nothing listens at {url}", "start it, or declare target.launch")


def route_lines(settings: Settings) -> Iterator[Line]:
    """The routes that are declared; those that are read are asked, where the target runs."""
    secrets = webhook_secrets(settings, 0, is_launching=settings.model.target.launch is not None)
    spec = target_spec(settings, {}, secrets)
    if not spec.webhooks:
        yield Line("webhook", State.NOTE, "no webhook is declared; phase 2 will be skipped", "target.routes.webhook")
    for webhook in spec.webhooks:
        if webhook.secret:
            yield Line("webhook", State.OK, f"{webhook.name}: {webhook.path}")
        else:
            fix = "target.routes.webhook.secret: {env: NAME}, or {generated: true} with target.launch"
            yield Line("webhook", State.NOTE, f"{webhook.name}: {webhook.path}, its secret is not known", fix)
    for role in ("health", "create_payment", "order"):
        if role not in spec.routes:
            yield Line(role, State.NOTE, "no such route is declared", f"target.routes.{role}")
    is_running = settings.model.target.launch is None and is_open(spec.url) if "{" not in spec.url else False
    for role, route in spec.routes.items():
        if not is_running or route.method != "GET" or "{" in route.path:
            yield Line(role, State.OK, f"{route.method} {route.path}")
            continue
        status = status_of(spec.url + route.path)
        state = State.OK if status and status < 400 else State.NOTE
        told = f"GET {route.path} answers {status}" if status else f"GET {route.path} does not answer"
        yield Line(role, state, told, None if state is State.OK else f"mend target.routes.{role}, or the app")


def order_lines(settings: Settings) -> Iterator[Line]:
    """The observer of orders."""
    declared = settings.model.observers.order
    if declared is None:
        told = "not declared: verdicts about what the app believes are skipped"
        yield Line("observer order", State.NOTE, told, "observers.order")
    elif declared.kind == "http":
        yield Line("observer order", State.OK, "reads the route 'order'")
    elif "{" in (declared.path or ""):
        yield Line("observer order", State.OK, f"{declared.path}, which the launched target makes")
    else:
        path = settings.path(declared.path or "")
        if not path.is_file():
            fix = "observers.order.path, or start the app once"
            yield Line("observer order", State.NOTE, f"{declared.path} does not exist yet", fix)
            return
        try:
            asyncio.run(SqliteOrders(path, declared.query or "", OrderMapping(), within=WITHIN_S).read("doctor"))
        except Inconclusive as error:
            yield Line("observer order", State.WRONG, safe(error.message), error.supply)
        else:
            yield Line("observer order", State.OK, f"{declared.path} is read")


def log_lines(settings: Settings) -> Iterator[Line]:
    """The observer of log lines."""
    declared = settings.model.observers.logs
    if declared is None:
        yield Line("observer logs", State.NOTE, "not declared: logging is not judged", "observers.logs")
    elif declared.kind == "process":
        is_launched = settings.model.target.launch is not None
        told = "the launched target's output" if is_launched else "kind process needs target.launch"
        yield Line(
            "observer logs", State.OK if is_launched else State.NOTE, told, None if is_launched else "target.launch"
        )
    else:
        path = settings.path(declared.path or "") if "{" not in (declared.path or "") else Path()
        is_there = path.is_file() or "{" in (declared.path or "")
        told = f"{declared.path}" + ("" if is_there else " does not exist yet")
        state = State.OK if is_there else State.NOTE
        yield Line("observer logs", state, told, None if is_there else "observers.logs.path")
