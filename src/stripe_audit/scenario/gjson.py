"""The part of gjson's path syntax that the Stripe CLI's fixtures are written in, and its way to write a value as text.

Source: github.com/tidwall/gjson, SYNTAX.md. Indices, names with wildcards, ``#``, ``#.name``, ``#(name==value)``,
escaped dots, ``@this``, ``@keys``, ``@values`` and ``@reverse``; other modifiers find nothing.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["found", "text_of"]

_QUERY = re.compile(r"#\(\s*([^=!<>%)]+?)\s*(?:(==|!=|<=|>=|<|>|%)\s*(.*?)\s*)?\)(#?)")
_MODIFIERS: dict[str, Callable[[Any], Any]] = {
    "@this": lambda value: value,
    "@keys": lambda value: list(value) if isinstance(value, Mapping) else [],
    "@values": lambda value: list(value.values()) if isinstance(value, Mapping) else [],
    "@reverse": lambda value: value[::-1] if isinstance(value, list) else value,
}


class Nothing:
    """What a path finds where there is nothing; null is something else, though both have no text."""


def found(value: Any, path: str) -> Any:
    """What a path finds; ``Nothing`` itself where there is none."""
    return _into(value, _parts(path))


def _parts(path: str) -> list[str]:
    """The path at its dots, but for escaped ones and those in queries."""
    parts, part, depth, index = [], "", 0, 0
    while index < len(path):
        letter = path[index]
        if letter == "\\" and index + 1 < len(path):
            part += path[index : index + 2]
            index += 2
            continue
        depth += (letter == "(") - (letter == ")")
        if letter == "." and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
        index += 1
    return [*parts, part]


def _into(value: Any, parts: list[str]) -> Any:
    for index, part in enumerate(parts):
        rest = parts[index + 1 :]
        if part in _MODIFIERS:
            value = _MODIFIERS[part](value)
        elif isinstance(value, list):
            if part == "#":
                return len(value) if not rest else _each(value, rest)
            if query := _QUERY.fullmatch(part):
                hits = [item for item in value if _fits(item, query)]
                if query[4]:
                    return hits if not rest else _each(hits, rest)
                value = hits[0] if hits else Nothing
            else:
                value = value[int(part)] if part.isdigit() and int(part) < len(value) else Nothing
        elif isinstance(value, Mapping):
            value = next((value[name] for name in _names(value, part)), Nothing)
        else:
            return Nothing
        if value is Nothing:
            return Nothing
    return value


def _each(items: list[Any], rest: list[str]) -> list[Any]:
    return [hit for item in items if (hit := _into(item, rest)) is not Nothing]


def _names(value: Mapping[str, Any], part: str) -> Iterator[str]:
    plain = re.sub(r"\\(.)", r"\1", part)
    if plain == part and ("*" in part or "?" in part):
        yield from (name for name in value if fnmatch.fnmatchcase(name, part))
    elif plain in value:
        yield plain


def _fits(item: Any, query: re.Match[str]) -> bool:
    member = _into(item, _parts(query[1]))
    if member is Nothing or query[2] is None:
        return member is not Nothing and query[2] is None
    try:
        wanted = json.loads(query[3])
    except ValueError:  # gjson takes what is no JSON for the raw text, which equals no string
        return False
    if query[2] in ("==", "!="):
        return bool(member == wanted) is (query[2] == "==")
    if query[2] == "%":
        return isinstance(member, str) and fnmatch.fnmatchcase(member, str(wanted))
    if isinstance(member, bool) or not isinstance(member, type(wanted)):
        return False
    order = {"<": member < wanted, ">": member > wanted, "<=": member <= wanted, ">=": member >= wanted}
    return bool(order[query[2]])


def text_of(value: Any) -> str:
    """A value as gjson writes it: whole numbers as they are, others by their shortest digits, the rest as JSON."""
    if value is Nothing or value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def number_text(value: float) -> str:
    """A float by its shortest digits, never with an exponent (Go's ``FormatFloat(x, 'f', -1, 64)``)."""
    digits = repr(value)
    if "e" in digits or "E" in digits:
        from decimal import Decimal

        digits = format(Decimal(digits), "f")
    return digits.removesuffix(".0")
