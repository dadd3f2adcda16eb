"""The plan: what will run, and why the rest will not. Pure, so that ``--dry-run`` prints just what a run would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stripe_audit.catalog import Catalog
from stripe_audit.check import NEEDS, Check
from stripe_audit.models import Effect
from stripe_audit.report import CheckFacts
from stripe_audit.safety import Permission

__all__ = ["Declared", "Plan", "PlanEntry", "make_plan"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the settings declare: the keys of NEEDS that are met, and more telling reasons for some that are not."""

    met: frozenset[str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    unreached: str | None = None
    """Why the target could not be reached; then only checks that send nothing run."""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One check in the plan. Where it will not run, ``reason`` and the ``setting`` that would enable it.

    ``max_requests`` and ``max_objects`` are upper bounds of what it sends to the target and creates there.
    """

    check: CheckFacts
    will_run: bool
    reason: str | None
    setting: str | None
    routes: tuple[str, ...]
    max_requests: int
    max_objects: int
    is_added: bool = False
    """Not selected, but required by a check that is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every selected check, in the order of the report."""

    entries: tuple[PlanEntry, ...]
    permission: Permission

    @property
    def running(self) -> tuple[PlanEntry, ...]:
        """Those that will run."""
        return tuple(entry for entry in self.entries if entry.will_run)


def make_plan(catalog: Catalog, selected: Iterable[str], declared: Declared, permission: Permission) -> Plan:
    """Decide for every selected check, and for those that they require, whether it will run."""
    chosen = set(selected)
    wanted = _closure(catalog, chosen)
    entries: dict[str, PlanEntry] = {}
    for identity in catalog:
        if identity not in wanted:
            continue
        check = catalog[identity]
        reason, setting = _obstacle(check, declared, permission, entries)
        entries[identity] = PlanEntry(
            catalog.facts(identity),
            reason is None,
            reason,
            setting,
            tuple(need.removeprefix("route:") for need in check.needs if need.startswith("route:")),
            check.max_requests,
            check.max_objects,
            identity not in chosen,
        )
    return Plan(tuple(entries.values()), permission)


def _closure(catalog: Catalog, chosen: Iterable[str]) -> set[str]:
    wanted: set[str] = set()
    waiting = list(chosen)
    while waiting:
        identity = waiting.pop()
        if identity not in wanted:
            wanted.add(identity)
            waiting += catalog[identity].requires
    return wanted


def _obstacle(
    check: type[Check], declared: Declared, permission: Permission, before: Mapping[str, PlanEntry]
) -> tuple[str | None, str | None]:
    for need in check.needs:
        if need not in declared.met:
            return declared.reasons.get(need, f"{NEEDS[need]} is not declared"), NEEDS[need]
    if declared.unreached and check.effect > Effect.NONE:
        return f"the target was not reached: {declared.unreached}", "target.url"
    if check.effect > permission.strongest:
        setting = permission.setting
        if check.effect is Effect.PROBE and permission.is_probing_possible:
            setting = f"--allow-probes, or {setting}" if setting else "--allow-probes"
        return f"its effect is {check.effect.value!r}, and {permission.reason}", setting
    for required in check.requires:
        entry = before.get(required)
        if entry is None or not entry.will_run:
            return f"needs {required}, which will not run", entry.setting if entry else None
    return None, None
