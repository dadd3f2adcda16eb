"""Layers of settings, weakest first: the YAML file, pyproject.toml, the project's ``.env``, the environment, flags.

Of a project's ``.env`` only ``STRIPE_AUDIT_*`` counts. Nested names are joined by two underscores:
``STRIPE_AUDIT_TARGET__URL``. No value ever appears in an error's text, since a mistyped secret would be one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from stripe_audit.settings.explaining import explained
from stripe_audit.settings.layers import Layer, Place, dotenv_layers, pyproject_layers, variable_layers
from stripe_audit.settings.model import SecretSource, SettingsModel
from stripe_audit.settings.yaml_file import Marked, read_yaml, settings_error
from stripe_audit.source.env_files import read_env_file

__all__ = ["FILE_NAMES", "Settings", "load_settings"]

FILE_NAMES = ("stripe-audit.yaml", "stripe-audit.yml")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings in force. ``folder`` is what relative paths are relative to; ``origin`` the file, if there is one."""

    model: SettingsModel
    folder: Path
    origin: Path | None = None
    lines: Marked = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def where(self, place: Place) -> tuple[str, int] | None:
        """File and line of a setting, or of the nearest one around it that stands in the file."""
        if self.origin is None:
            return None
        while place and place not in self.lines:
            place = place[:-1]
        return (self.origin.name, self.lines.get(place, 1))

    @property
    def has_routes(self) -> bool:
        """Whether any route of the target is declared."""
        routes = self.model.target.routes
        return any(getattr(routes, role) for role in type(routes).model_fields)

    def path(self, text: str) -> Path:
        """A path in the settings, made absolute. Raises SettingsError for what can be none."""
        try:
            return (self.folder / text).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a NUL
            raise settings_error(f"{text!r} cannot be a path: {error}") from None

    def secret(self, source: SecretStr | SecretSource | None) -> str | None:
        """The secret that is meant; None where it is not declared, generated per run, or its variable is not set."""
        if isinstance(source, SecretStr):
            return source.get_secret_value()
        if source is None or source.env is None:
            return None
        if found := self.environ.get(source.env):
            return found
        for name in self.model.target.env_files:
            path = self.path(name)
            try:  # a declared file that is not there is a finding of a check, not an error of the settings
                entry = read_env_file(path).variables.get(source.env) if path.is_file() else None
            except OSError:
                continue
            if entry and entry.value:
                return entry.value
        return None


def load_settings(
    path: Path | None = None,
    *,
    folder: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read every layer and check the whole. Raises SettingsError with all problems, each with its place."""
    environ = dict(os.environ if environ is None else environ)
    folder = (path.parent if path else folder or Path.cwd()).resolve()
    path = path or next((folder / name for name in FILE_NAMES if os.path.lexists(folder / name)), None)
    data: dict[str, Any] = {}
    lines: Marked = {}
    if path:
        data, lines = read_yaml(path)
        if "version" not in data:
            raise settings_error(f"{path}:1: 'version' is missing", hint="begin the file with version: 1")
    origins: dict[Place, Callable[[Place], str]] = {}
    layers = [*pyproject_layers(folder), *dotenv_layers(folder), *variable_layers(environ)]

    def cite(place: Place) -> str:
        for length in range(len(place), 0, -1):
            if given := origins.get(place[:length]):
                return given(place)
        while place and place not in lines:
            place = place[:-1]
        return f"{path}:{lines.get(place, 1)}" if path else "settings"

    try:
        for layer in [*layers, Layer(flags or {}, lambda place: "flag")]:
            _merge(data, layer.values, (), origins, layer.cite)
        model = SettingsModel.model_validate(data)
    except ValidationError as error:
        raise explained(error, data, cite) from None
    except RecursionError:
        raise settings_error("the settings are nested too deeply") from None
    return Settings(model, folder, path, lines, environ)


def _merge(
    into: dict[str, Any],
    layer: Mapping[str, Any],
    where: Place,
    origins: dict[Place, Callable[[Place], str]],
    cite: Callable[[Place], str],
) -> None:
    """Put a layer over the values. What replaces a value whole takes over the citing of everything in it."""
    for key, value in layer.items():
        place = (*where, key)
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value, place, origins, cite)
        else:
            into[key] = _copied(value)
            for inner in [other for other in origins if other[: len(place)] == place]:
                del origins[inner]
            origins[place] = cite


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, (list, tuple)) else value
