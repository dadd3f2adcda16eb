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
from types import ModuleType
from typing import NoReturn, TypeGuard

from stripe_audit.check import Check
from stripe_audit.errors import AuditError, CatalogError, UsageError
from stripe_audit.phases import PHASES, TASKS, Phase, phase_named, phase_of
from stripe_audit.report import CheckFacts
from stripe_audit.scenario.files import YAML, check_of, scenario_files

__all__ = ["Catalog", "LoadedCheck", "Selection", "builtin_folder", "load_catalog"]

GROUP = "stripe_audit.checks"
_MOST_TOLD = 5


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
    """The shipped ``checks``, ``scenarios`` or ``fixes``: inside the package in a wheel, in the root in a checkout."""
    package = Path(__file__).parent
    root = package.parent.parent
    places = (package / "_builtin" / name, root / name, root / "docs" / name)
    return next((place for place in places if place.is_dir()), root / name)


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
                told = f"these checks require each other: {' → '.join(error.args[1])}"
                raise CatalogError(told, hint="one of them must do without the others") from None
            ready: list[str] = []
            while sorter.is_active():
                ready = sorted([*ready, *sorter.get_ready()], key=lambda i: (inside[i].task, i))
                first = ready.pop(0)
                yield first
                sorter.done(first)

    def select(self, selection: Selection) -> tuple[str, ...]:
        """The ids that a selection means, in order; all names may be globs.

        Raises UsageError, with suggestions for a name that means nothing, and where nothing is left in the end.
        """
        phases = {phase.number for name in selection.phases for phase in _phases(name)}
        tasks = _matching("task", selection.tasks, TASKS)
        chosen, excluded = self._identities(selection.checks), self._identities(selection.exclude)
        tags = _matching("tag", selection.tags, sorted({tag for identity in self for tag in self[identity].tags}))
        selected = tuple(
            identity
            for identity in self
            if (not phases or phase_of(self[identity].task).number in phases)
            and (not tasks or self[identity].task in tasks)
            and (not chosen or identity in chosen)
            and (not tags or tags & set(self[identity].tags))
            and identity not in excluded
        )
        if not selected and selection != Selection():
            raise UsageError(
                "no check is selected", hint="the selections are combined, and no check fits all; ask for less at once"
            )
        return selected

    def _identities(self, names: Sequence[str]) -> set[str]:
        former = {name: identity for identity in self for name in self[identity].formerly}
        return _matching("check", [former.get(name, name) for name in names], self._order)


def _phases(name: str) -> list[Phase]:
    phase = phase_named(name)
    if phase:
        return [phase]
    matched = _matching("phase", [name], _phase_names())
    return [phase for phase in PHASES if phase.folder in matched or str(phase.number) in matched]


def _matching(kind: str, names: Iterable[str], known: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        found |= set(fnmatch.filter(known, name)) or _unknown(kind, name, known)
    return found


def _phase_names() -> list[str]:
    return [phase.folder for phase in PHASES] + [str(phase.number) for phase in PHASES]


def _unknown(kind: str, name: str, known: Iterable[str]) -> NoReturn:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = "did you mean " + " or ".join(near) + "?" if near else f"'stripe-audit checks list' shows every {kind}"
    raise UsageError(f"there is no {kind} {name!r}", hint=hint)


def load_catalog(
    *,
    checks_dirs: Sequence[Path] = (),
    entry_points: Sequence[str] = (),
    scenarios: Sequence[Path] = (),
    has_builtin: bool = True,
    is_deep: bool = False,
) -> Catalog:
    """Load every check and scenario; ``scenarios`` are folders of them, or files. With ``is_deep`` they explore more.

    Raises CatalogError that names each file and line that is wrong; none is passed over.
    """
    problems: list[str] = []
    roots = [*checks_dirs, *_entry_point_folders(entry_points, problems)]
    roots = [builtin_folder("checks"), *roots] if has_builtin else roots
    places = [builtin_folder("scenarios"), *scenarios] if has_builtin else [*scenarios]
    loaded: dict[str, LoadedCheck] = {}
    files = [path for root in roots for path in _files(root.absolute(), problems)]
    for path in [*files, *scenario_files(places, problems)]:
        try:
            entry = LoadedCheck(check_of(path, is_deep=is_deep), path) if path.suffix in YAML else _load(path)
        except CatalogError as error:
            problems.append(error.message)
            continue
        if entry.check.id in loaded:
            problems.append(f"{path}: {entry.check.id!r} is already defined in {loaded[entry.check.id].path}")
        else:
            loaded[entry.check.id] = entry
    problems += [*_former_problems(loaded), *_requirement_problems(loaded)]
    if problems:
        raise CatalogError("\n".join(problems), hint="a check that fails to load fails the run; see CONTRIBUTING.md")
    return Catalog(loaded.values())


def _files(root: Path, problems: list[str]) -> list[Path]:
    """The files of checks in a folder, sorted. A package's own ``__init__.py`` is none."""
    if not root.is_dir():
        problems.append(f"{root}: no such folder of checks")
        return []
    found = [path for path in sorted(root.rglob("*.py")) if path.name != "__init__.py"]
    right = [path for path in found if path.parent.parent == root]
    wrong = [path for path in found if path.parent.parent != root]
    problems += [f"{path}: a check lies in a phase's folder, {root.name}/<phase>/" for path in wrong[:_MOST_TOLD]]
    if len(wrong) > _MOST_TOLD:
        problems.append(f"{root}: {len(wrong) - _MOST_TOLD} more files that lie in no phase's folder")
    if not found:
        problems.append(f"{root}: holds no checks")
    return right


def _entry_point_folders(names: Sequence[str], problems: list[str]) -> list[Path]:
    known = {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
    folders = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            told = f"; did you mean {near[0]!r}?" if near else f" (entry points of the group {GROUP})"
            problems.append(f"no installed package offers checks named {name!r}{told}")
            continue
        module = known[name].module
        try:
            spec = importlib.util.find_spec(module)
        except Exception as error:  # it imports the packages around the module
            problems.append(f"entry point {name}: {module}: {type(error).__name__}: {error}")
            continue
        found = (spec and spec.submodule_search_locations) or ()
        folders += [Path(folder) for folder in found]
        if not found:
            problems.append(f"entry point {name}: {module} is not an installed package with folders of checks")
    return folders


def _load(path: Path) -> LoadedCheck:
    name = f"stripe_audit._checks.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CatalogError(f"{path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look modules up by name
    try:
        spec.loader.exec_module(module)
        return LoadedCheck(_only_check(module, path), path)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise CatalogError(_told(error, path)) from None


def _told(error: BaseException, path: Path) -> str:
    """Where and why a file cannot be loaded, whatever it did while it was imported."""
    if isinstance(error, SyntaxError) and error.filename in (None, str(path)):
        return f"{path}:{error.lineno or 1}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    place = f"{path}:{lines[-1]}" if lines else f"{path}"
    return f"{place}: {error.message if isinstance(error, AuditError) else f'{type(error).__name__}: {error}'}"


def _only_check(module: ModuleType, path: Path) -> type[Check]:
    found = {value for value in vars(module).values() if _is_defined_in(value, module.__name__)}
    if len(found) != 1:
        raise CatalogError(f"defines {len(found)} checks; one file holds exactly one")
    (check,) = found
    folder = phase_of(check.task).folder
    if check.id != path.stem.replace("_", "-"):
        raise CatalogError(f"the id {check.id!r} and the file's name differ")
    if path.parent.name != folder:
        raise CatalogError(f"task {check.task} belongs in the folder {folder}/")
    return check


def _is_defined_in(value: object, module: str) -> TypeGuard[type[Check]]:
    return isinstance(value, type) and issubclass(value, Check) and value.__module__ == module


def _former_problems(loaded: Mapping[str, LoadedCheck]) -> Iterator[str]:
    owners: dict[str, Path] = {identity: entry.path for identity, entry in loaded.items()}
    for entry in loaded.values():
        for former in entry.check.formerly:
            if former in owners:
                yield f"{entry.path}: its former id {former!r} belongs to {owners[former]}"
            owners[former] = entry.path


def _requirement_problems(loaded: Mapping[str, LoadedCheck]) -> Iterator[str]:
    for entry in loaded.values():
        for required in entry.check.requires:
            if required not in loaded:
                near = difflib.get_close_matches(required, loaded, n=1)
                yield f"{entry.path}: requires unknown {required!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            elif phase_of(loaded[required].check.task).number > phase_of(entry.check.task).number:
                yield f"{entry.path}: requires {required!r} of a later phase"
