"""From a scenario's file to a checked scenario whose every step knows its line. Errors cite file, line and step."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from stripe_audit.errors import CatalogError, SettingsError
from stripe_audit.models import SourceLocation
from stripe_audit.redaction import Redactor, inert
from stripe_audit.scenario.model import ScenarioModel, StepModel
from stripe_audit.scenario.names import name_problems
from stripe_audit.scenario.steps import Fixture
from stripe_audit.settings.yaml_file import Marked, read_yaml

__all__ = ["Scenario", "Step", "read_scenario"]

M = TypeVar("M", bound=BaseModel)
Place = tuple[str | int, ...]
_DEEPEST = 8
_MOST_ROWS = 200
_STEPS = ("steps", "finally", "together")


@dataclass(frozen=True, slots=True)
class Step:
    """One step as read. ``number`` counts from 1 within its list: ``3``, ``3.1`` inside it, ``finally 1``."""

    model: StepModel
    number: str
    source: SourceLocation
    file: Path
    inside: tuple[Step, ...] = ()

    @property
    def title(self) -> str:
        """What to call it: its name, or its number and action."""
        return self.model.name or f"step {self.number} ({self.model.action})"

    @property
    def place(self) -> str:
        """Its name, and where it stands."""
        return f"{self.title}, {self.source}"

    def all(self) -> Iterator[Step]:
        """The step, and those inside it."""
        yield self
        for step in self.inside:
            yield from step.all()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as read, its includes expanded. ``rows`` holds one empty row where there is no matrix."""

    model: ScenarioModel
    path: Path
    steps: tuple[Step, ...]
    final: tuple[Step, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = field(default=({},))

    @property
    def all_steps(self) -> Iterator[Step]:
        """Every step, also those inside others."""
        for step in (*self.steps, *self.final):
            yield from step.all()


def read_scenario(path: Path) -> Scenario:
    """Read and check a file. Raises CatalogError that names each line and step that is wrong."""
    model, lines = _model(path, ScenarioModel)
    if model.id != path.stem.replace("_", "-"):
        raise _wrong(f"{path}:{_line(lines, ('id',))}: the id {model.id!r} and the file's name differ")
    steps, final = [*model.steps], [*model.finally_]
    if model.fixture is not None:
        steps = [StepModel.model_validate(step) for step in _whole(model.fixture)]
        lines = {**lines, **{("steps", index): _line(lines, ("fixture",)) for index in range(len(steps))}}
    reader = _Reader(path)
    scenario = Scenario(
        model,
        path,
        tuple(reader.steps(steps, path, lines, ("steps",))),
        tuple(reader.steps(final, path, lines, ("finally",), "finally ")),
        tuple(_rows(model)),
    )
    if problems := list(name_problems(scenario)):
        raise _wrong("\n".join(problems))
    if len(scenario.rows) > _MOST_ROWS:
        line = _line(lines, ("matrix",))
        raise _wrong(f"{path}:{line}: the matrix has {len(scenario.rows)} rows; {_MOST_ROWS} are the most")
    return scenario


def shown(path: Path) -> str:
    """A scenario's file as findings cite it: the folder of scenarios, the family, the name."""
    return "/".join(path.absolute().parts[-3:])


def _whole(given: Fixture | str) -> list[dict[str, Any]]:
    """A fixture in the place of steps: the target must acknowledge the events that it leads to."""
    named = given.model_dump() if isinstance(given, Fixture) else given
    listens = {"deliveries": "fixture", "that": {"count": {"at_least": 1}}, "control": True}
    taken = {"deliveries": "fixture", "that": {"refused": []}, "otherwise": "An event of the fixture is refused"}
    return [
        {"fixture": named, "save": "fixture"},
        {"name": "somebody listens", "eventually": listens},
        {"name": "its events are taken", "eventually": taken},
    ]


class _Reader:
    """Expands includes; a file that includes itself is an error."""

    def __init__(self, path: Path) -> None:
        self._open = [path.resolve()]

    def steps(
        self, models: Sequence[StepModel], path: Path, lines: Marked, place: Place, number: str = ""
    ) -> Iterator[Step]:
        for index, model in enumerate(models):
            line = _line(lines, (*place, index))
            label = f"{number}{index + 1}"
            if model.include is not None:
                yield from self._included(path, line, model.include, label)
                continue
            if model.fixture is not None:
                given = model.fixture
                file = path.parent / (given.file if isinstance(given, Fixture) else given)
                if not file.is_file():
                    raise _wrong(f"{path}:{line}: step {label} (fixture): {file} does not exist")
            within, kept = model.together or (), (*place, index, "together")
            if model.explore is not None:
                within, kept = model.explore.steps, (*place, index, "explore", "steps")
            inside = self.steps(within, path, lines, kept, f"{label}.")
            yield Step(model, label, SourceLocation(shown(path), line), path, tuple(inside))

    def _included(self, path: Path, line: int, name: str, label: str) -> Iterator[Step]:
        file = (path.parent / name).resolve()
        if file in self._open or len(self._open) > _DEEPEST:
            raise _wrong(f"{path}:{line}: step {label} (include): {name} includes itself, or goes too deep")
        if not file.is_file():
            raise _wrong(f"{path}:{line}: step {label} (include): {file} does not exist")
        model, lines = _model(file, _Included)
        self._open.append(file)
        yield from self.steps(model.steps, file, lines, ("steps",), f"{label}.")
        self._open.pop()


class _Included(BaseModel):
    """A file that is included: steps, and nothing else."""

    model_config = {"extra": "forbid", "frozen": True, "hide_input_in_errors": True}
    version: int = 1
    steps: list[StepModel]


def _model(path: Path, kind: type[M]) -> tuple[M, Marked]:
    try:
        data, lines = read_yaml(path)
    except SettingsError as error:
        raise _wrong(error.message) from None
    try:
        return kind.model_validate(data), lines
    except ValidationError as error:
        raise _wrong("\n".join(_told(error, path, kind, data, lines))) from None
    except RecursionError:
        raise _wrong(f"{path}: nested too deeply") from None


def _wrong(text: str) -> CatalogError:
    return CatalogError(inert(Redactor().redact(text)), hint="docs/scenarios.md; 'stripe-audit scenarios schema'")


def _line(lines: Marked, place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _rows(model: ScenarioModel) -> Iterator[Mapping[str, Any]]:
    if model.matrix is None:
        yield {}
    elif isinstance(model.matrix, list):
        yield from model.matrix
    else:
        for values in itertools.product(*model.matrix.values()):
            yield dict(zip(model.matrix, values, strict=True))


# What is wrong, in words


def _told(error: ValidationError, path: Path, kind: type[BaseModel], data: Any, lines: Marked) -> list[str]:
    told = []
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    deepest = {_place(one["loc"], data): one for one in problems}  # of a union, the member that got furthest
    for place, one in deepest.items():
        if one["type"] in _SHAPES and any(other != place and other[: len(place)] == place for other in deepest):
            continue
        missing = f"{one['loc'][-1]} is missing" if one["type"] == "missing" else ""
        words = missing or one["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        if one["type"] == "extra_forbidden":
            words = "is not known here" + _suggestion(kind, place)
        told.append(f"{path}:{_line(lines, place)}: {_named(place, data)}{words}")
    return list(dict.fromkeys(told))


_SHAPES = ("model_type", "dict_type", "list_type", "string_type", "int_type", "bool_type", "is_instance_of")


def _place(location: Sequence[str | int], data: Any) -> Place:
    """pydantic's location without the names of union members, which are no keys of the data."""
    place: list[str | int] = []
    for part in location:
        is_index = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if is_index or (isinstance(data, Mapping) and part in data):
            data = data[part]
            place.append(part)
    return tuple(place)


def _named(place: Place, data: Any) -> str:
    """The step, by number and action, and the member in it."""
    words, rest, inside = "", list(place), data
    while len(rest) >= 2:
        if rest[:2] == ["explore", "steps"] and len(rest) > 2:
            inside, rest = inside["explore"], rest[1:]
        index = rest[1]
        if rest[0] not in _STEPS or not isinstance(index, int):
            break
        inside = inside[rest[0]][index]
        words += f".{index + 1}" if words else f"{'finally' if rest[0] == 'finally' else 'step'} {index + 1}"
        rest = rest[2:]
    if not words:
        return f"{_dotted(rest)}: " if rest else ""
    actions = [key for key in inside if key not in ("name", "save", "when")] if isinstance(inside, Mapping) else []
    action = f" ({actions[0]})" if actions else ""
    members = rest[1:] if actions and rest[:1] == actions[:1] else rest
    return f"{words}{action}: " + (f"{_dotted(members)}: " if members else "")


def _dotted(parts: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in parts)[:200]


def _suggestion(kind: type[BaseModel], place: Place) -> str:
    *around, last = place
    known = list(_known(kind, around))
    near = difflib.get_close_matches(str(last)[:80], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}" if known else ""


def _known(kind: type[BaseModel] | None, place: Sequence[str | int]) -> Iterator[str]:
    for part in place:
        if isinstance(part, int):
            continue
        fields = kind.model_fields if kind else {}
        info = fields.get(part) or next((one for one in fields.values() if one.alias == part), None)
        kind = _model_in(info.annotation) if info else None
    for name, info in (kind.model_fields if kind else {}).items():
        yield info.alias or name


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
