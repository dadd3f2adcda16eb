"""Where the settings describe what findings concern, so that a report can point at a line of a real file."""

from __future__ import annotations

from pathlib import Path

from stripe_audit.deployment.spec import TargetSpec
from stripe_audit.models import SourceLocation
from stripe_audit.settings import Settings

__all__ = ["places_of", "project_within_repository"]

_TABLE = "[tool.stripe-audit"


def places_of(settings: Settings, spec: TargetSpec) -> dict[str, SourceLocation]:
    """Lines of the settings by what they describe: a route's label, ``env_files``, and ``""`` for the target as such.

    Empty where there is no file of settings. Relative to the project's folder, as every ``SourceLocation``.
    """
    if settings.origin is None:
        return _in_pyproject(settings.folder)
    wanted: dict[str, tuple[str | int, ...]] = {
        "": ("target",),
        "env_files": ("target", "env_files"),
        **{route.label: ("target", "routes", role) for role, route in spec.routes.items()},
        **{webhook.label: ("target", "routes", "webhook", n) for n, webhook in enumerate(spec.webhooks)},
    }
    found = {what: settings.where(place) for what, place in wanted.items()}
    return {what: SourceLocation(*place) for what, place in found.items() if place}


def _in_pyproject(folder: Path) -> dict[str, SourceLocation]:
    try:
        lines = (folder / "pyproject.toml").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    line = next((n for n, text in enumerate(lines, 1) if text.lstrip().startswith(_TABLE)), 0)
    return {"": SourceLocation("pyproject.toml", line)} if line else {}


def project_within_repository(folder: Path) -> str:
    """The folder relative to the repository that it lies in, with slashes; empty at its top and where there is none."""
    top = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    return "" if top == folder else folder.relative_to(top).as_posix()
