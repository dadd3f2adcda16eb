"""Loading checks: every check, shipped or a project's own, comes through here by path and in the same way."""

from __future__ import annotations

import difflib
import fnmatch
import graphlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from stripe_audit.check import Check
from stripe_audit.errors import AuditError, CatalogError, UsageError
from stripe_audit.phases import PHASES, TASKS, phase_named, phase_of
from stripe_audit.report import CheckFacts

__all__ = ["Catalog", "LoadedCheck", "Selection", "builtin_folder", "load_catalog"]

GROUP = "stripe_audit.checks"


@dataclass(frozen=True, slots=True)
class LoadedCheck:
    """A check class and where it came from."""

    check: type[Check]
    path: Path


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for. Empty means everything; names may be globs."""

    phases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def builtin_folder(name: str) -> Path:
    """The shipped ``checks`` or ``scenarios``: inside the package in a wheel, in the root in a checkout."""
    package = Path(__file__).parent
    wheel = package / "_builtin" / name
    return wheel if wheel.is_dir() else package.parent.parent / name


class Catalog:
    """All loaded checks by id, in the order in which they are reported."""

    def __init__(self, loaded: Iterable[LoadedCheck]) -> None:
        self._loaded = {entry.check.id: entry for entry in loaded}
        self._order = tuple(self._sorted())

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, identity: str) -> bool:
        return identity in self._loaded

    def __getitem__(self, identity: str) -> type[Check]:
        return self._loaded[identity].check

    def path(self, identity: str) -> Path:
        """The file of a check."""
        return self._loaded[identity].path

    def facts(self, identity: str) -> CheckFacts:
        """What a report says about a check."""
        check = self[identity]
        told = check.documentation
        return CheckFacts(
            check.id,
            check.task,
            told.title,
            check.severity,
            check.effect.value,
            told.what,
            told.why,
            told.fix,
            check.references,
        )

    def _sorted(self) -> Iterator[str]:
        """Phases in order; inside a phase what is required comes first, else by task and id."""
        for phase in PHASES:
            inside = {i: e.check for i, e in self._loaded.items() if phase_of(e.check.task) is phase}
            graph = {i: {r for r in check.requires if r in inside} for i, check in inside.items()}
            sorter = graphlib.TopologicalSorter(graph)
            try:
                sorter.prepare()
            except graphlib.CycleError as error:
                raise CatalogError(f"these checks require each other: {' → '.join(error.args[1])}") from None
            ready: list[str] = []
            while sorter.is_active():
                ready = sorted([*ready, *sorter.get_ready()], key=lambda i: (inside[i].task, i))
                first = ready.pop(0)
                yield first
                sorter.done(first)

    def select(self, selection: Selection) -> tuple[str, ...]:
        """The ids that a selection means, in order. Raises UsageError with suggestions for an unknown name."""
        phases = [phase_named(name) or _unknown("phase", name, _phase_names()) for name in selection.phases]
        for task in selection.tasks:
            if not fnmatch.filter(TASKS, task):
                _unknown("task", task, TASKS)
        chosen = self._matching("check", selection.checks)
        excluded = self._matching("check", selection.exclude)
        tags = {tag for identity in self for tag in self[identity].tags}
        for tag in selection.tags:
            if tag not in tags:
                _unknown("tag", tag, tags)
        return tuple(
            identity
            for identity in self
            if (not phases or phase_of(self[identity].task) in phases)
            and (not selection.tasks or any(fnmatch.fnmatch(self[identity].task, task) for task in selection.tasks))
            and (not selection.checks or identity in chosen)
            and (not selection.tags or set(selection.tags) & set(self[identity].tags))
            and identity not in excluded
        )

    def _matching(self, kind: str, names: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            former = [identity for identity in self if name in self[identity].formerly]
            matched = fnmatch.filter(self._order, name) or former
            if not matched:
                _unknown(kind, name, self._order)
            found |= set(matched)
        return found


def _phase_names() -> list[str]:
    return [phase.folder for phase in PHASES] + [str(phase.number) for phase in PHASES]


def _unknown(kind: str, name: str, known: Iterable[str]) -> NoReturn:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = "did you mean " + " or ".join(near) + "?" if near else f"'stripe-audit checks list' shows every {kind}"
    raise UsageError(f"there is no {kind} {name!r}", hint=hint)


def load_catalog(
    *, checks_dirs: Sequence[Path] = (), entry_points: Sequence[str] = (), has_builtin: bool = True
) -> Catalog:
    """Load every check. Raises CatalogError that names each file and line that is wrong; none is passed over."""
    roots = [builtin_folder("checks")] if has_builtin else []
    roots += [*checks_dirs, *_entry_point_folders(entry_points)]
    loaded: dict[str, LoadedCheck] = {}
    problems: list[str] = []
    for root in roots:
        if not root.is_dir():
            problems.append(f"{root}: no such folder of checks")
        for path in sorted(root.glob("*/*.py")) if root.is_dir() else ():
            try:
                entry = _load(path)
            except CatalogError as error:
                problems.append(error.message)
                continue
            if entry.check.id in loaded:
                problems.append(f"{path}: {entry.check.id!r} is already defined in {loaded[entry.check.id].path}")
            loaded[entry.check.id] = entry
        problems += [f"{path}: checks lie in a phase's folder, not beside them" for path in sorted(root.glob("*.py"))]
    problems += list(_requirement_problems(loaded))
    if problems:
        raise CatalogError("\n".join(problems), hint="a check that fails to load fails the run; see CONTRIBUTING.md")
    return Catalog(loaded.values())


def _entry_point_folders(names: Sequence[str]) -> Iterator[Path]:
    known = {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
    for name in names:
        if name not in known:
            raise CatalogError(f"no installed package offers checks named {name!r}", hint=f"entry points group {GROUP}")
        spec = importlib.util.find_spec(known[name].value)
        yield from (Path(folder) for folder in (spec and spec.submodule_search_locations) or ())


def _load(path: Path) -> LoadedCheck:
    name = f"stripe_audit._checks.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CatalogError(f"{path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look modules up by name
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise CatalogError(f"{path}:{error.lineno}: {error.msg}") from None
    except AuditError as error:
        raise CatalogError(f"{path}: {error.message}") from None
    except Exception as error:  # whatever a file does while it is imported
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        raise CatalogError(f"{path}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}") from None
    found = [value for value in vars(module).values() if _is_defined_in(value, name)]
    if len(found) != 1:
        raise CatalogError(f"{path}: defines {len(found)} checks; one file holds exactly one")
    check = found[0]
    folder = phase_of(check.task).folder
    if check.id != path.stem.replace("_", "-"):
        raise CatalogError(f"{path}: the id {check.id!r} and the file's name differ")
    if path.parent.name != folder:
        raise CatalogError(f"{path}: task {check.task} belongs in the folder {folder}/")
    return LoadedCheck(check, path)


def _is_defined_in(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Check) and value.__module__ == module


def _requirement_problems(loaded: Mapping[str, LoadedCheck]) -> Iterator[str]:
    for entry in loaded.values():
        for required in entry.check.requires:
            if required not in loaded:
                near = difflib.get_close_matches(required, loaded, n=1)
                yield f"{entry.path}: requires unknown {required!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            elif phase_of(loaded[required].check.task).number > phase_of(entry.check.task).number:
                yield f"{entry.path}: requires {required!r} of a later phase"
