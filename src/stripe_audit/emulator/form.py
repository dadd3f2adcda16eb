"""Stripe's form encoding, read back: ``a[b][c]=1&d[]=2&e[0][f]=3`` (docs.stripe.com/api, "form-encoded bodies")."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from stripe_audit.emulator.errors import invalid

__all__ = ["decode", "decode_json"]

MOST_FIELDS = 2000
MOST_LEVELS = 12


def decode(*sources: str) -> dict[str, Any]:
    """Nested dicts, lists and strings. Later sources and later duplicates win; ``a[]`` appends.

    Raises ApiError 400 for what has no nested reading: too many fields, too deep, not UTF-8, ``a=1&a[b]=2``.
    """
    root: dict[str, Any] = {}
    for source in sources:
        if not source:
            continue
        if source.count("&") >= MOST_FIELDS:
            raise invalid(f"Too many parameters: at most {MOST_FIELDS} are accepted")
        try:
            for name, value in _pairs(source):
                if "[" in name:
                    _put(root, name, value)
                else:
                    _set(root, name, value, name)
        except UnicodeDecodeError:
            raise invalid("Invalid UTF-8 in the request's parameters") from None
    return {key: _with_lists(value) if value.__class__ is dict else value for key, value in root.items()}


def decode_json(text: str) -> dict[str, Any]:
    """A JSON body of the v2 API, as the same call would look in a form: null is what unsets a value.

    Raises ApiError 400 for what is no JSON object, or is nested too deeply.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid("Invalid JSON in the request's body", code="invalid_json")
    return {str(name): _as_form(item, 1) for name, item in value.items()}


def _as_form(value: Any, level: int) -> Any:
    if level > MOST_LEVELS:
        raise invalid("Parameters are nested too deeply")
    if isinstance(value, dict):
        return {str(name): _as_form(item, level + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_form(item, level + 1) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else str(value)


def _pairs(source: str) -> Iterator[tuple[str, str]]:
    """What ``urllib.parse.parse_qsl`` finds with blank values kept, at a third of its price."""
    for pair in source.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield _plain(name), _plain(value)


def _plain(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def _put(root: dict[str, Any], name: str, value: str) -> None:
    path = _path(name)
    if len(path) > MOST_LEVELS:
        raise invalid("Parameters are nested too deeply", name[:100])
    node = root
    for part in path[:-1]:
        part = part or _next_index(node)
        child = node.setdefault(part, {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid parameters: {path[0]} is given both as a value and as a hash", path[0])
        node = child
    _set(node, path[-1] or _next_index(node), value, path[0])


def _set(node: dict[str, Any], key: str, value: str, param: str) -> None:
    if isinstance(node.get(key), dict):
        raise invalid(f"Invalid parameters: {param} is given both as a value and as a hash", param)
    node[key] = value


def _path(name: str) -> tuple[str, ...]:
    """``a[b][]`` as ``("a", "b", "")``; a name with unbalanced brackets stands for itself."""
    head, _, rest = name.partition("[")
    if not head or not rest.endswith("]"):
        return (name,)
    return (head, *rest[:-1].split("]["))


def _next_index(node: dict[str, Any]) -> str:
    index = len(node)
    while str(index) in node:
        index += 1
    return str(index)


def _with_lists(node: dict[str, Any]) -> Any:
    """Hashes whose keys are 0, 1, 2, … are lists; a map of strings takes them back (``schema.py``)."""
    values = {key: _with_lists(value) if isinstance(value, dict) else value for key, value in node.items()}
    if values and all(str(index) in values for index in range(len(values))):
        return [values[str(index)] for index in range(len(values))]
    return values
