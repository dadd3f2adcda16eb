"""Where source and settings tell of what findings concern, so that a report can point at a line of a real file."""

from __future__ import annotations

import re
from pathlib import Path

from stripe_audit.deployment.spec import TargetSpec
from stripe_audit.models import SourceLocation
from stripe_audit.settings import Settings
from stripe_audit.survey.files import read_text, source_files
from stripe_audit.survey.routes import normal_path, routes_in, with_prefixes

__all__ = ["handlers_of", "places_of", "project_within_repository"]

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


def handlers_of(settings: Settings, spec: TargetSpec) -> dict[str, SourceLocation]:
    """Where the target's source declares its routes, by label. A route that two places declare is not among them."""
    target = settings.model.target
    root = settings.path(target.root) if target.root else None
    if root is None or not root.is_dir() or not root.is_relative_to(settings.folder):
        return {}
    below = root.relative_to(settings.folder)
    texts = {path.relative_to(root).as_posix(): read_text(path) for path in source_files(root)}
    declared = with_prefixes([route for file, text in texts.items() for route in routes_in(text, file)], texts)
    wanted = [(route.label, route.method, route.path) for route in spec.routes.values()]
    wanted += [(webhook.label, "POST", webhook.path) for webhook in spec.webhooks]
    found = {}
    for label, method, path in wanted:
        sought = _shape(path.partition("?")[0])
        lines = {
            (one.file, one.line) for one in declared if one.method in (method, "ANY") and _shape(one.path) == sought
        }
        if len(lines) == 1:
            ((file, line),) = lines
            found[label] = SourceLocation((below / file).as_posix(), line)
    return found


def _shape(path: str) -> str:
    """A path whatever its parameters are called."""
    return re.sub(r"\{[^}/]*\}", "{}", normal_path(path))
