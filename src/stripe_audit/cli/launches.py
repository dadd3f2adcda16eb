"""``run -- COMMAND``: the settings of a target that the command line starts, whether or not there is a file of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.settings import Settings

__all__ = ["check_launch", "completed", "launch_flags"]


def check_launch(command: Sequence[str], *, is_demo: bool, is_launching: bool) -> None:
    """Raise UsageError where a command and another flag exclude each other."""
    if command and is_demo:
        raise UsageError("--demo starts its own target", hint="drop --demo, or the command after --")
    if command and not is_launching:
        raise UsageError("--no-launch starts nothing, so that the command after -- has no use", hint="drop one of them")


def launch_flags(command: Sequence[str]) -> dict[str, Any]:
    """What the command says as a setting; a single word is split as a shell would."""
    return {"launch": {"command": command[0] if len(command) == 1 else list(command)}} if command else {}


def completed(settings: Settings, flags: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """The settings of a target that the command line starts, and what was assumed for them, in words.

    Whatever the file declares counts. Where it is silent, the command runs in the current folder, its output is read as
    the log, and source, env files and routes are those of the folder. Raises SettingsError.
    """
    from stripe_audit.audit.discovery import discover_in_source
    from stripe_audit.audit.launching import NOT_READ
    from stripe_audit.settings import load_settings

    told = settings.model.target.launch
    assert told is not None
    more: dict[str, Any] = {"target": {}}
    notes = []
    if "cwd" not in told.model_fields_set:
        more["target"]["launch"] = {"cwd": str(Path.cwd())}
    target = settings.model.target
    if "root" not in target.model_fields_set:
        more["target"]["root"] = "."
    if "env_files" not in target.model_fields_set:
        files = sorted(path.name for path in settings.folder.glob(".env*") if path.is_file())
        more["target"]["env_files"] = [name for name in files if not name.endswith(NOT_READ)]
    if settings.model.observers.logs is None:
        more["observers"] = {"logs": {"kind": "process", "format": "text"}}
    if not settings.has_routes:
        found = discover_in_source(settings.folder)
        more["target"]["routes"] = _with_secrets(found.routes)
        if found.items and "items" not in target.model_fields_set:
            more["target"]["items"] = list(found.items)
        notes.append(
            "routes are assumed, since none are declared: " + "; ".join(found.assumed)
            if found.assumed
            else "no routes are declared, and the source shows none; 'stripe-audit init' writes settings to fill in"
        )
    return load_settings(settings.origin, folder=settings.folder, flags=_over(flags, more)), notes


def _with_secrets(routes: dict[str, Any]) -> dict[str, Any]:
    webhooks = [{**webhook, "secret": {"generated": True}} for webhook in routes.get("webhook", [])]
    return {**routes, **({"webhook": webhooks} if webhooks else {})}


def _over(flags: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Flags, with more of them put over."""
    merged = dict(flags)
    for name, value in more.items():
        inner = merged.get(name)
        merged[name] = _over(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged
