"""The layers above the settings file: pyproject.toml, the project's ``.env``, the environment.

Each is a nested mapping together with a way to cite where a value of it stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.errors import SettingsError
from stripe_audit.settings.yaml_file import SIZE_CAP, Marked, settings_error, yaml_value
from stripe_audit.source.env_files import read_env_file

__all__ = ["Layer", "Place", "dotenv_layers", "pyproject_layers", "variable_layers"]

Place = tuple[str | int, ...]

_PYPROJECT_CAP = 1024 * 1024
_PREFIX = "STRIPE_AUDIT_"
_RESERVED = {"STRIPE_AUDIT_REQUIRE", "STRIPE_AUDIT_TRACEBACK"}
"""Not settings: they steer the project's own tests."""
_MOST_VARIABLES = 300
_DEEPEST = 10
_PLACEHOLDER = re.compile(r"\{[a-z_]+(?::[^{}\s]+)?\}")
_KEEPS_CASE = (("target", "launch", "env"),)
"""Mappings whose keys are names of variables themselves."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Values, and the words that say where one of them stands."""

    values: Mapping[str, Any]
    cite: Callable[[Place], str]


# pyproject.toml


def pyproject_layers(folder: Path) -> list[Layer]:
    """``[tool.stripe-audit]``, if there is one. Raises SettingsError."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        return []
    try:
        with path.open("rb") as file:
            data = file.read(_PYPROJECT_CAP + 1)
        if len(data) > _PYPROJECT_CAP:
            raise settings_error(f"{path} is larger than {_PYPROJECT_CAP // 1024} KiB")
        text = data.decode("utf-8").replace("\r\n", "\n")
        tool = tomllib.loads(text, parse_float=str).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise settings_error(f"{path}: not valid TOML: {error}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise settings_error(f"{path}: not valid TOML ({type(error).__name__})") from None
    except OSError as error:
        raise settings_error(f"{path} cannot be read: {error.strerror}") from None
    table = tool.get("stripe-audit", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise settings_error(f"{path}: [tool.stripe-audit] must be a table")
    lines = _toml_lines(text)

    def cite(place: Place) -> str:
        while place and place not in lines:
            place = place[:-1]
        return f"{path}:{lines.get(place, 1)}"

    return [Layer(table, cite)]


_HEADER = re.compile(r"""\s*(\[\[?)\s*tool\s*\.\s*["']?stripe-audit["']?\s*((?:\.\s*[\w-]+\s*)*)\]""")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def _toml_lines(text: str) -> Marked:
    """Where the keys of our table stand. tomllib does not say, so this reads what is commonly written."""
    lines: Marked = {}
    counts: dict[Place, int] = {}
    inside: Place | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("["):
            header = _HEADER.match(line)
            inside = None
            if header:
                inside = tuple(part.strip() for part in header[2].split(".") if part.strip())
                if header[1] == "[[":
                    counts[inside] = counts.get(inside, -1) + 1
                    inside = (*inside, counts[inside])
                lines.setdefault(inside, number)
        elif inside is not None and (key := _KEY.match(line)):
            lines.setdefault((*inside, *(part.strip() for part in key[1].split("."))), number)
    return lines


# Variables


def dotenv_layers(folder: Path) -> list[Layer]:
    """The ``STRIPE_AUDIT_*`` of the project's ``.env``; nothing else there configures it. Raises SettingsError."""
    path = folder / ".env"
    if not path.is_file():
        return []
    try:
        variables = read_env_file(path).variables
    except OSError as error:
        raise settings_error(f"{path} cannot be read: {error.strerror}") from None
    values = {name: entry.value for name, entry in variables.items()}
    return variable_layers(values, lambda name: f"{path}:{variables[name].line}")


def variable_layers(variables: Mapping[str, str], cite: Callable[[str], str] = str) -> list[Layer]:
    """One layer for each variable, the wide before the narrow, so that their order does not matter.

    Lists and mappings are written in YAML's flow style; everything else is a text. Raises SettingsError.
    """
    ours = {name: text for name, text in variables.items() if name.startswith(_PREFIX) and name not in _RESERVED}
    places = {name: _place(name) for name in ours}
    if len(ours) > _MOST_VARIABLES or any(len(place) > _DEEPEST for place in places.values()):
        raise settings_error(f"{_PREFIX}*: too many variables, or too long names", hint="write a settings file")
    values = {name: _value(ours[name], places[name]) for name in ours}
    leaves = {places[name]: name for name in ours if not isinstance(values[name], dict)}
    layers = []
    for name in sorted(ours, key=lambda name: (len(places[name]), name)):
        for length in range(1, len(places[name])):
            if parent := leaves.get(places[name][:length]):
                where = "" if cite(name) == name else f"{cite(name)}: "
                told = f"{where}{name}: {parent} is set as a value too"
                raise settings_error(told, hint="set one of the two")
        nested: Any = values[name]
        for part in reversed(places[name]):
            nested = {part: nested}
        layers.append(Layer(nested, lambda place, name=name: cite(name)))  # type: ignore[misc]
    return layers


def _place(name: str) -> tuple[str, ...]:
    parts = name.removeprefix(_PREFIX).split("__")
    lower = tuple(part.lower() for part in parts)
    for kept in _KEEPS_CASE:
        if len(parts) > len(kept) and lower[: len(kept)] == kept:
            return (*kept, "__".join(parts[len(kept) :]))
    return lower


def _value(text: str, place: tuple[str, ...]) -> Any:
    if place == ("version",) and text == "1":
        return 1
    if text[:1] not in ("[", "{") or _PLACEHOLDER.fullmatch(text) or len(text) > SIZE_CAP:
        return text
    try:
        return yaml_value(text, "")
    except SettingsError:  # a text that only looks like a list; where a list is due, that is said with its place
        return text
