"""Changing a webhook event by dotted paths: ``data.object.amount``, ``data.object.items.data.0.quantity``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["with_paths"]


def with_paths(event: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an event in which each path has its value; members on the way are made where there are none.

    Raises ValueError for a path through what is neither an object nor a list, or beyond a list's end.
    """
    changed = _copied(event)
    for path, value in values.items():
        _set(changed, path, value)
    return changed  # type: ignore[no-any-return]


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _set(into: Any, path: str, value: Any) -> None:
    *around, last = path.split(".")
    if not all((*around, last)):
        raise ValueError(f"{path!r} is no dotted path")
    for part in around:
        if isinstance(into, list):
            into = into[_index(into, part, path)]
            continue
        if not isinstance(into, dict):
            raise ValueError(f"{path}: {part!r} is looked for in what is neither an object nor a list")
        if into.get(part) is None:
            into[part] = {}
        into = into[part]
    if isinstance(into, list):
        index = int(last) if last.isdigit() else -1
        if index == len(into):
            into.append(value)
        else:
            into[_index(into, last, path)] = value
    elif isinstance(into, dict):
        into[last] = value
    else:
        raise ValueError(f"{path}: {last!r} is put into what is neither an object nor a list")


def _index(items: list[Any], part: str, path: str) -> int:
    if not part.isdigit() or int(part) >= len(items):
        raise ValueError(f"{path}: the list has {len(items)} entries, and no {part!r}")
    return int(part)
