"""Compares an object with its class in the official package: its fields, and those of every hash inside it."""

from __future__ import annotations

import ast
import functools
import importlib.util
from pathlib import Path
from typing import Any

from stripe_audit.emulator.shapes import LISTS

PACKAGE = Path(importlib.util.find_spec("stripe").submodule_search_locations[0])


@functools.cache
def classes() -> dict[str, ast.ClassDef]:
    """The class of every kind of object, by the name in its ``object`` field."""
    found = {}
    for path in sorted(PACKAGE.rglob("_*.py")):
        text = path.read_text("utf-8")
        if "OBJECT_NAME" not in text:
            continue
        for definition in ast.parse(text).body:
            for node in getattr(definition, "body", ()):
                if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "OBJECT_NAME" and node.value:
                    found[ast.literal_eval(node.value)] = definition
    return found


def differences(one: dict[str, Any], where: str = "") -> list[str]:
    """What is missing in an object, what it has too much, and what is null and must not be."""
    kind = one["object"]
    if one.get("deleted"):
        return []
    where = where or f"{kind} {one.get('id')}"
    if kind in ("list", "search_result"):
        return [text for index, item in enumerate(one["data"]) for text in differences(item, f"{where}[{index}]")]
    return _compared(one, classes()[kind], where, set(LISTS.get(kind, ())), is_whole=True)


def _compared(
    value: dict[str, Any], definition: ast.ClassDef, where: str, sometimes: set[str], *, is_whole: bool
) -> list[str]:
    inner = {node.name: node for node in definition.body if isinstance(node, ast.ClassDef)}
    notes = {
        node.target.id: node.annotation
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and not node.target.id.startswith("_") and node.target.id != "deleted"
    }
    notes.pop("OBJECT_NAME", None)
    needed = set(notes) if is_whole else {name for name, note in notes.items() if not _is_optional(note)}
    found = [f"{where}: {name} is missing" for name in sorted(needed - sometimes - set(value))]
    found += [f"{where}: {name} is unknown" for name in sorted(set(value) - set(notes))]
    found += [
        f"{where}: {name} is null"
        for name, note in notes.items()
        if value.get(name, 0) is None and not _is_optional(note)
    ]
    for name, note in notes.items():
        names = {node.id for node in ast.walk(note) if isinstance(node, ast.Name)}
        nested = [inner[name] for name in names if name in inner]
        content = value.get(name)
        items = content if isinstance(content, list) else [content]
        for item in items:
            if isinstance(item, dict) and "object" in item:
                found += differences(item, f"{where}.{name}")
            elif isinstance(item, dict) and nested:
                found += _compared(item, nested[0], f"{where}.{name}", set(), is_whole=False)
    return found


def _is_optional(note: ast.expr) -> bool:
    return ast.unparse(note).startswith("Optional")
