"""From a failed validation to words: each problem with its place, in the user's terms, without the value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from stripe_audit.errors import SettingsError
from stripe_audit.settings.layers import Place
from stripe_audit.settings.model import SettingsModel
from stripe_audit.settings.yaml_file import settings_error

__all__ = ["explained"]

_KINDS: dict[str, tuple[str, type]] = {
    "string_type": ("a text", str),
    "list_type": ("a list", list),
    "dict_type": ("a mapping", Mapping),
    "model_type": ("a mapping", Mapping),
}
"""Kinds of error that say: this is no such thing at all. A union gives one for each of its members."""


@dataclass(frozen=True, slots=True)
class _Problem:
    place: Place
    kind: str
    text: str


def explained(error: ValidationError, data: Mapping[str, Any], cite: Callable[[Place], str]) -> SettingsError:
    """All problems in one error. ``data`` is what was validated; ``cite`` says where a place stands."""
    told = error.errors(include_input=False, include_context=False, include_url=False)
    problems = [_Problem(_place(one["loc"], data, one["type"]), one["type"], one["msg"]) for one in told]
    lines = [
        f"{cite(problem.place)}: {_name(problem.place)}: {_words(problem, problems, data)}"
        for problem in problems
        if not _is_beside_the_point(problem, problems, data)
    ]
    is_unknown = any(problem.kind == "extra_forbidden" for problem in problems)
    hint = (
        "'stripe-audit settings schema' lists all"
        if is_unknown
        else "'stripe-audit settings sample' shows a whole file"
    )
    return settings_error("\n".join(dict.fromkeys(lines)), hint=hint)


def _place(location: Sequence[str | int], data: Any, kind: str) -> Place:
    """pydantic's location without the names of union members, which are no keys of the data."""
    place: list[str | int] = []
    for part in location:
        is_index = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if is_index or (isinstance(data, Mapping) and part in data):
            data = data[part]
            place.append(part)
        elif kind == "missing" and part == location[-1]:
            place.append(part)
    return tuple(place)


def _at(place: Place, data: Any) -> Any:
    for part in place:
        data = data[part]
    return data


def _is_beside_the_point(problem: _Problem, problems: Sequence[_Problem], data: Any) -> bool:
    """Whether this member of a union was not meant: another fits the value's kind, or got further into it."""
    if problem.kind not in _KINDS:
        return False
    others = [
        other for other in problems if other is not problem and other.place[: len(problem.place)] == problem.place
    ]
    alternatives = [other for other in others if other.place == problem.place and other.kind in _KINDS]
    value = _at(problem.place, data)
    return len(others) > len(alternatives) or any(isinstance(value, _KINDS[other.kind][1]) for other in alternatives)


def _words(problem: _Problem, problems: Sequence[_Problem], data: Any) -> str:
    if problem.kind == "extra_forbidden":
        return "unknown setting" + _suggestion(problem.place)
    if problem.kind == "missing":
        return "is missing"
    if problem.kind in _KINDS:
        kinds = [_KINDS[one.kind][0] for one in problems if one.place == problem.place and one.kind in _KINDS]
        return f"must be {' or '.join(dict.fromkeys(kinds))}"
    return problem.text.removeprefix("Value error, ").replace("Input should be", "must be")


def _name(place: Place) -> str:
    name = ".".join(str(part).replace("\n", "␊") for part in place) or "the settings"
    return name if len(name) <= 200 else f"{name[:200]}…"


def _suggestion(place: Place) -> str:
    *around, last = place
    nearest = difflib.get_close_matches(str(last)[:80], list(_known_at(tuple(around))), n=1)
    if nearest:
        return f"; did you mean {nearest[0]!r}?"
    elsewhere = [path for path in _every_path(SettingsModel, "") if path.rpartition(".")[2] == last]
    return f"; did you mean {elsewhere[0]!r}?" if elsewhere else ""


def _known_at(place: Place) -> Iterator[str]:
    model: type[BaseModel] | None = SettingsModel
    for part in place:
        if isinstance(part, int):
            continue
        info = model.model_fields.get(part) if model else None
        model = _model_in(info.annotation) if info else None
    if model is not None:
        yield from model.model_fields


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


def _every_path(model: type[BaseModel], before: str) -> Iterator[str]:
    """The dotted names of all settings that are in no list."""
    for name, info in model.model_fields.items():
        yield f"{before}{name}"
        inner = _model_in(info.annotation)
        if inner and "list" not in str(info.annotation):
            yield from _every_path(inner, f"{before}{name}.")
