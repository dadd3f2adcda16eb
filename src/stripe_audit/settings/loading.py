"""Layers of settings, weakest first: the YAML file, pyproject.toml, the project's ``.env``, the environment, flags.

Of a project's ``.env`` only ``STRIPE_AUDIT_*`` counts. Nested names are joined by two underscores:
``STRIPE_AUDIT_TARGET__URL``. No value ever appears in an error's text, since a mistyped secret would be one.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml
from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError

from stripe_audit.errors import SettingsError
from stripe_audit.settings.model import SecretSource, SettingsModel
from stripe_audit.settings.yaml_file import Marked, read_yaml

__all__ = ["FILE_NAMES", "Settings", "load_settings"]

FILE_NAMES = ("stripe-audit.yaml", "stripe-audit.yml")
_PREFIX = "STRIPE_AUDIT_"
_RESERVED = {"STRIPE_AUDIT_REQUIRE"}
_NAME = re.compile(r"[a-z_]+(?<!str)")
Place = tuple[str | int, ...]


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

    def path(self, text: str) -> Path:
        """A path in the settings, made absolute."""
        return (self.folder / text).resolve()

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
            if path.is_file() and (value := dotenv_values(path, interpolate=False).get(source.env)):
                return value
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
    path = path or next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)
    data: dict[str, Any] = {}
    lines: Marked = {}
    origins: dict[Place, str] = {}
    if path:
        data, lines = read_yaml(path)
        if "version" not in data:
            raise SettingsError(f"{path}:1: 'version' is missing", hint="begin the file with version: 1")
    layers = [("pyproject.toml [tool.stripe-audit]", _from_pyproject(folder))]
    env_file = folder / ".env"
    if env_file.is_file():
        layers.append((".env", _from_variables(_read_dotenv(env_file))))
    layers += [("environment", _from_variables(environ)), ("flag", dict(flags or {}))]
    for name, layer in layers:
        _merge(data, layer, (), origins, name)
    try:
        model = SettingsModel.model_validate(data)
    except ValidationError as error:
        raise _explained(error, path, lines, origins) from None
    return Settings(model, folder, path, lines, environ)


def _read_dotenv(path: Path) -> dict[str, str]:
    try:
        return {key: value for key, value in dotenv_values(path, interpolate=False).items() if value is not None}
    except (OSError, UnicodeDecodeError):
        return {}


def _from_pyproject(folder: Path) -> dict[str, Any]:
    path = folder / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            table = tomllib.load(file, parse_float=str).get("tool", {}).get("stripe-audit", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: [tool.stripe-audit] must be a table")
    return table


def _from_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """Values as YAML scalars or flow collections, so that lists can be given: ``STRIPE_AUDIT_AUDIT__STRICT=true``."""
    nested: dict[str, Any] = {}
    for name, text in variables.items():
        if not name.startswith(_PREFIX) or name in _RESERVED:
            continue
        *parents, last = name.removeprefix(_PREFIX).lower().split("__")
        inner = nested
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"{name}: one of its parents is set as a value too", hint="set one of the two")
        inner[last] = _value(text)
    return nested


def _value(text: str) -> Any:
    if text[:1] in "[{" or text in ("true", "false") or text.isdecimal():
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    return text


def _merge(into: dict[str, Any], layer: Mapping[str, Any], where: Place, origins: dict[Place, str], name: str) -> None:
    for key, value in layer.items():
        place = (*where, key)
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value, place, origins, name)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value
            origins[place] = _source(name, place)


def _source(layer: str, place: Place) -> str:
    if layer in (".env", "environment"):
        variable = _PREFIX + "__".join(str(part).upper() for part in place)
        return variable if layer == "environment" else f".env: {variable}"
    return layer


def _explained(error: ValidationError, path: Path | None, lines: Marked, origins: dict[Place, str]) -> SettingsError:
    problems, hints = [], []
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        place = _plain(problem["loc"])
        name = ".".join(str(part) for part in place)
        told = problem["msg"].removeprefix("Value error, ")
        if "lax-or-strict" in str(problem["loc"]):  # the other member of a union; its own error says what is wrong
            continue
        if problem["type"] == "extra_forbidden":
            told = "unknown setting"
            nearest = difflib.get_close_matches(str(place[-1]), list(_known_at(place[:-1])), n=1)
            told += f"; did you mean {nearest[0]!r}?" if nearest else ""
            hints.append("'stripe-audit settings schema' lists all settings")
        problems.append(f"{_cited(place, path, lines, origins)}: {name}: {told}")
    text = "\n".join(dict.fromkeys(problems))
    return SettingsError(text, hint=hints[0] if hints else "'stripe-audit settings sample' shows a whole file")


def _plain(location: tuple[str | int, ...]) -> Place:
    """pydantic's location without the names of union members."""
    return tuple(part for part in location if isinstance(part, int) or _NAME.fullmatch(part))


def _cited(place: Place, path: Path | None, lines: Marked, origins: dict[Place, str]) -> str:
    at: Place = place
    while at:
        if at in origins:
            return origins[at]
        if at in lines:
            return f"{path}:{lines[at]}"
        at = at[:-1]
    return str(path) if path else "settings"


def _known_at(place: Place) -> Iterator[str]:
    model: Any = SettingsModel
    for part in place:
        if isinstance(part, int):
            continue
        info = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
        if info is None:
            return
        candidates = [info.annotation, *get_args(info.annotation)]
        candidates += [inner for candidate in candidates for inner in get_args(candidate)]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
    if model is not None:
        yield from model.model_fields
