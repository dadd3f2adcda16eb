"""Hashes as tuples, for ``marshal``: without their names, which all hashes of one form have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.emulator.shared import number_of, shared_copy

__all__ = ["packed", "unpacked"]

MOST_FORMS = 5000
"""Forms that are known by number; hashes of further ones, which only metadata can have, carry their names."""
SHARED = -1
"""In the place of a form's number, before the number of a hash that objects have in common."""
_forms: list[tuple[str, ...]] = []
_numbers: dict[tuple[str, ...], int] = {}


def packed(obj: Mapping[str, Any]) -> Any:
    """A hash as a tuple: the number of its form, and its values. It becomes a copy when it is marshalled, at once."""
    names = tuple(obj)
    number = _numbers.get(names)
    if number is None:
        if len(_forms) >= MOST_FORMS:
            return {name: _packed_value(value) for name, value in obj.items()}
        number = _numbers[names] = len(_forms)
        _forms.append(names)
    values = [number, *obj.values()]
    for index, value in enumerate(values):
        if value.__class__ is dict and value:
            common = number_of(value)
            values[index] = packed(value) if common is None else (SHARED, common)
        elif value.__class__ is list:
            values[index] = [_packed_value(item) for item in value]
    return tuple(values)


def _packed_value(value: Any) -> Any:
    if value.__class__ is dict:
        return packed(value)
    return [_packed_value(item) for item in value] if value.__class__ is list else value


def unpacked(value: Any) -> Any:
    """What was packed; hashes that are given as such are filled in place."""
    if value.__class__ is tuple:
        values = iter(value)
        number = next(values)
        if number == SHARED:
            return shared_copy(next(values))
        names = _forms[number]
        return {
            name: unpacked(item) if item.__class__ in (tuple, list, dict) else item
            for name, item in zip(names, values, strict=True)
        }
    if value.__class__ is list:
        return [unpacked(item) for item in value]
    if value.__class__ is dict:
        return {name: unpacked(item) for name, item in value.items()}
    return value
