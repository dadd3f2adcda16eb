"""Fields of objects against the classes that the official package declares for them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from stripe_audit.emulator.shapes import LISTS

SOMETIMES = {
    "account": {"external_accounts", "individual", "company"},
    "event": {"account", "context"},
    "webhook_endpoint": {"secret"},
    **{kind: set(lists) for kind, lists in LISTS.items()},
}
"""Shown only where they apply: what ``expand`` asks for, what one kind of account has, what one answer shows."""


def declared(kind: str) -> set[str] | None:
    """The fields of the class of objects of this kind; None if the package has no such class."""
    classes = importlib.import_module("stripe._object_classes").OBJECT_CLASSES
    entry = classes.get(kind)
    if entry is None:
        return None
    found = getattr(importlib.import_module(entry[0]), entry[1]) if isinstance(entry, tuple) else entry
    return {name for name in found.__annotations__ if name not in ("deleted", "OBJECT_NAME") and name[0] != "_"}


def compared(objects: Iterable[dict[str, Any]]) -> dict[str, str | None]:
    """Every declared field of every kind that is here (``kind.field``): what is wrong with it; None if nothing is.

    A field is right if every object of the kind has it. A field that the class does not declare is wrong as well.
    """
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for one in objects:
        if isinstance(one.get("object"), str) and not one.get("deleted"):
            by_kind.setdefault(one["object"], []).append(one)
    result: dict[str, str | None] = {}
    for kind, members in sorted(by_kind.items()):
        fields = declared(kind)
        if fields is None:
            continue
        for name in sorted(fields - SOMETIMES.get(kind, set())):
            lacking = next((one for one in members if name not in one), None)
            result[f"{kind}.{name}"] = None if lacking is None else f"missing in {lacking.get('id')}"
        for one in members:
            for name in set(one) - fields:
                result[f"{kind}.{name}"] = f"the class does not declare it: {one.get('id')}"
    return result
