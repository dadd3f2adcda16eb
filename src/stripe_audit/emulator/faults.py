"""Faults by rule: the next calls that match are answered wrongly, late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from stripe_audit.emulator.ids import Ids

__all__ = ["KINDS", "Fault", "Faults"]

KINDS = ("status", "rate_limit", "slow", "timeout", "reset_before", "reset_after", "truncate", "malformed")
"""``reset_after``, ``truncate`` and ``malformed`` lose the answer after the effect; the others have none, or wait.

``status`` may say whether an idempotency key keeps the answer (``saved``); a 402 and a 500 are kept otherwise.
"""

LONGEST_WAIT = 600.0
_TEXTS = ("method", "path", "caller", "object", "idempotency_key")
_ACTION_TEXTS = ("type", "code", "decline_code", "message", "reason")


@dataclass(slots=True)
class Fault:
    """A rule. Every declared member must match; ``path`` is a glob; ``params`` a subset of the call's parameters."""

    id: str
    action: dict[str, Any]
    method: str | None = None
    path: str | None = None
    caller: str | None = "target"
    object: str | None = None
    idempotency_key: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    hits: int = 0
    lifted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the rule is no longer in force: whoever waits because of it goes on."""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "lifted"}

    def matches(
        self, caller: str, method: str, path: str, key: str | None, params: Mapping[str, Any], family: set[str] | None
    ) -> bool:
        """Whether the rule is about this call. ``family``: the ids that count as ``object``."""
        return (
            (self.times is None or self.hits < self.times)
            and self.caller in (None, caller)
            and self.method in (None, method)
            and (self.path is None or fnmatchcase(path, self.path))
            and self.idempotency_key in (None, key)
            and (family is None or not family.isdisjoint(_strings(params)) or not family.isdisjoint(path.split("/")))
            and _contains(params, self.params)
        )


class Faults:
    """The rules in force, oldest first; the first that matches counts."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.rules: dict[str, Fault] = {}

    def add(self, rule: Mapping[str, Any]) -> Fault:
        """Put a rule in force. Raises ValueError for an unknown member or kind."""
        unknown = set(rule) - (set(Fault.__dataclass_fields__) - {"id", "hits", "lifted"})
        if unknown:
            raise ValueError(f"unknown member of a fault: {', '.join(sorted(unknown))}")
        action = rule.get("action")
        if not isinstance(action, Mapping) or action.get("kind") not in KINDS:
            raise ValueError(f"action.kind must be one of {', '.join(KINDS)}")
        _check(rule, action)
        given = {key: value for key, value in rule.items() if value is not None or key == "caller"}
        if "method" in given:
            given["method"] = str(given["method"]).upper()
        fault = Fault(self._ids.new("flt"), **{**given, "action": dict(action)})
        self.rules[fault.id] = fault
        return fault

    def lift(self, identity: str) -> bool:
        """End a rule; False if there is none of this id."""
        rule = self.rules.pop(identity, None)
        if rule is not None:
            rule.lifted.set()
        return rule is not None

    def lift_all(self) -> int:
        """End all rules. Returns how many there were."""
        return sum([self.lift(identity) for identity in list(self.rules)])

    def listed(self) -> list[dict[str, Any]]:
        """The rules as JSON."""
        return [rule.as_json() for rule in self.rules.values()]


def _check(rule: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    for name, source, least, most in (("times", rule, 1, 10**9), ("status", action, 300, 599)):
        value = source.get(name)
        if value is not None and (type(value) is not int or not least <= value <= most):
            raise ValueError(f"{name} must be a whole number from {least} to {most}")
    seconds = action.get("seconds")
    if seconds is not None and (type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_WAIT):
        raise ValueError(f"seconds must be a number from 0 to {LONGEST_WAIT:g}")
    if not isinstance(action.get("saved", False), bool):
        raise ValueError("saved must be true or false")
    if not isinstance(rule.get("params") or {}, Mapping):
        raise ValueError("params must be an object")
    for name, source in (*((name, rule) for name in _TEXTS), *((name, action) for name in _ACTION_TEXTS)):
        value = source.get(name)
        if value is not None and not (isinstance(value, str) and value.isprintable()):
            raise ValueError(f"{name} must be a string of printable characters")
    if rule.get("caller") not in (None, "target", "audit", "customer"):
        raise ValueError("caller must be target, audit or customer, or null for all of them")


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(key in whole and _contains(whole[key], part[key]) for key in part)
    return _spelled(whole) == _spelled(part)


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _strings(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set().union(*(_strings(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_strings(item) for item in value))
    return {value} if isinstance(value, str) else set()
