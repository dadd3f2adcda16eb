"""What a launched target is told about the run, by the way in which it gets to the audit's Stripe."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from stripe_audit.audit.filling import fill_text
from stripe_audit.audit.reaching import speaks_http
from stripe_audit.deployment.launch.injection import Injection
from stripe_audit.deployment.launch.ports import is_listening, ports_below
from stripe_audit.deployment.launch.process import launch_environment
from stripe_audit.keys import KeyKind, parse_key
from stripe_audit.settings import Settings
from stripe_audit.settings.launching import LaunchSettings, Way
from stripe_audit.settings.model import SecretSource
from stripe_audit.source.env_files import read_env_file

__all__ = ["NOT_READ", "PortWatch", "injection_folder", "target_environment", "told_variables"]

_CONVENTIONAL = {
    "port": ("PORT",),
    "secret_key": ("STRIPE_SECRET_KEY", "STRIPE_API_KEY", "STRIPE_SECRET"),
    "publishable_key": (
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_PUBLIC_KEY",
        "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
        "VITE_STRIPE_PUBLISHABLE_KEY",
    ),
    "webhook_secret": ("STRIPE_WEBHOOK_SECRET", "STRIPE_ENDPOINT_SECRET", "STRIPE_WEBHOOK_SIGNING_SECRET"),
    "smtp_host": ("SMTP_HOST", "MAIL_HOST", "EMAIL_HOST"),
    "smtp_port": ("SMTP_PORT", "MAIL_PORT", "EMAIL_PORT"),
}
"""What apps call what they are told, for those whose settings do not say it."""
_KINDS = {
    KeyKind.SECRET: "secret_key",
    KeyKind.RESTRICTED: "secret_key",
    KeyKind.PUBLISHABLE: "publishable_key",
    KeyKind.WEBHOOK_SECRET: "webhook_secret",
}
NOT_READ = ("example", "sample", "template", "dist", "schema")
"""Endings of env files that are there to be copied, and that no app reads."""
_SETTLED_S = 1.0
"""A port that the target was not told to take is its port once nothing has changed for this long."""


def told_variables(settings: Settings, values: Mapping[str, str]) -> dict[str, str]:
    """The environment that the settings declare for the target, filled in."""
    launch = _launch(settings)
    return {name: fill_text(text, values) for name, text in launch.env.items()}


def target_environment(settings: Settings, values: Mapping[str, str], way: Way, *, scratch: Path) -> dict[str, str]:
    """The whole environment of the target's process. ``way`` is how it gets to the audit's Stripe in this run."""
    told = told_variables(settings, values)
    target = settings.model.target
    if way not in ("inject", "proxy"):
        return launch_environment(told)
    pinned = {**dict(_conventional(settings, values)), **dict(_own_keys(settings, values)), **told}
    if way == "proxy":
        return launch_environment(pinned)
    keys = {name: values[name] for name in dict.fromkeys(_KINDS.values()) if values[name]}
    injection = Injection(values["stripe_url"], keys, pinned, is_local=target.listen == "loopback")
    return injection.install(injection_folder(scratch), launch_environment(pinned))


def injection_folder(scratch: Path) -> Path:
    """Where the target's processes leave their notes."""
    return scratch / "injection"


def _launch(settings: Settings) -> LaunchSettings:
    launch = settings.model.target.launch
    assert launch is not None
    return launch


def _conventional(settings: Settings, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    launch, mail = _launch(settings), settings.model.observers.mail
    has_mail = mail is not None and (mail.kind == "smtp" or mail.smtp is not None)
    for placeholder, names in _CONVENTIONAL.items():
        is_there = bool(values[placeholder]) and (has_mail or not placeholder.startswith("smtp"))
        if is_there and not launch.says(placeholder):
            yield from ((name, values[placeholder]) for name in names)


def _own_keys(settings: Settings, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables in which the app has keys of its own, in the caller's environment or in its files: with ours."""
    for name, value in os.environ.items():
        if own := values.get(_KINDS.get(parse_key(value).kind, "")):
            yield name, own
    for path in _env_files(settings):
        try:
            file = read_env_file(path)
        except OSError:
            continue
        for kind, placeholder in _KINDS.items():
            for entry in file.meaning(kind):
                if entry.value and values[placeholder]:
                    yield entry.name, values[placeholder]
    for webhook in settings.model.target.routes.webhook:
        secret = values.get(f"webhook_secret:{webhook.name}")
        if isinstance(webhook.secret, SecretSource) and webhook.secret.env and secret:
            yield webhook.secret.env, secret


def _env_files(settings: Settings) -> list[Path]:
    declared = [settings.path(name) for name in settings.model.target.env_files]
    found = sorted(settings.path(_launch(settings).cwd).glob(".env*"))
    return [path for path in dict.fromkeys([*found, *declared]) if path.is_file() and not path.name.endswith(NOT_READ)]


class PortWatch:
    """Finds the port of a target that was not told one in its settings."""

    def __init__(self, preferred: int) -> None:
        """``preferred`` is the port that ``PORT`` names; an app may take another."""
        self._preferred = preferred
        self._seen: tuple[int, ...] = ()
        self._since = time.monotonic()

    def look(self, pid: int) -> int | None:
        """The port on which the process or one of its children speaks HTTP, or None for now."""
        if is_listening(self._preferred):
            return self._preferred if speaks_http(f"http://127.0.0.1:{self._preferred}/") else None
        ports = ports_below(pid)
        if ports != self._seen:
            self._seen, self._since = ports, time.monotonic()
        if time.monotonic() - self._since < _SETTLED_S:
            return None
        return next((port for port in ports if speaks_http(f"http://127.0.0.1:{port}/")), None)
