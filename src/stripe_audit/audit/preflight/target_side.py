"""The target's side of a preflight: can it be started or reached, and which routes are declared."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator

from stripe_audit.audit.preflight.lines import Line, State, is_open, status_of
from stripe_audit.describe import target_spec, webhook_secrets
from stripe_audit.settings import Settings
from stripe_audit.settings.launching import LaunchSettings

__all__ = ["route_lines", "target_lines"]


def target_lines(settings: Settings) -> Iterator[Line]:
    """Whether the target can be launched, or is there, and the frontend beside it."""
    launch, url = settings.model.target.launch, settings.model.target.url
    if launch is None:
        yield _reached(url)
    else:
        yield _launched("launch", launch, settings)
        if "{port}" not in url and is_open(url):
            told = f"something already listens where the target will: {url}"
            yield Line("port", State.WRONG, told, "stop it, or let the app take {port} from its environment")
    yield from _frontend_lines(settings)


def _frontend_lines(settings: Settings) -> Iterator[Line]:
    target = settings.model.target
    launch, url = target.frontend_launch, target.frontend_url or ""
    if launch is not None:
        yield _launched("frontend_launch", launch, settings)
        if "{" not in url and is_open(url):
            told = f"something already listens where the frontend will: {url}"
            yield Line("frontend port", State.WRONG, told, "stop it, or give the frontend {frontend_port}")
    elif target.routes.on_frontend and not is_open(url):
        told = f"nothing listens at {url}, where the page is to be"
        yield Line("frontend", State.NOTE, told, "start it, or declare target.frontend_launch")


def _launched(name: str, launch: LaunchSettings, settings: Settings) -> Line:
    """Whether a command can be run."""
    words, home = launch.words, settings.path(launch.cwd)
    if not home.is_dir():
        return Line(name, State.WRONG, f"there is no folder {launch.cwd}", f"mend target.{name}.cwd")
    if "{" not in words[0] and not (shutil.which(words[0]) or (home / words[0]).is_file()):
        fix = f"install it, or mend target.{name}.command"
        return Line(name, State.WRONG, f"{words[0]} is no program here", fix)
    return Line(name, State.OK, shlex.join(words))


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
        if not is_running or route.method != "GET" or "{" in route.path or route.is_frontend:
            yield Line(role, State.OK, f"{route.method} {route.path}")
            continue
        status = status_of(spec.url + route.path)
        state = State.OK if status and status < 400 else State.NOTE
        told = f"GET {route.path} answers {status}" if status else f"GET {route.path} does not answer"
        yield Line(role, state, told, None if state is State.OK else f"mend target.routes.{role}, or the app")
