"""The types of webhook events that exist, read from the ``stripe`` package without importing it.

Source: ``enabled_events`` in ``stripe/params/_webhook_endpoint_create_params.py`` (275 snapshot types in 16.1.0).
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

__all__ = ["event_types", "nearest_type"]


@functools.cache
def event_types() -> tuple[str, ...]:
    """All snapshot event types, sorted, without ``"*"``. Raises LookupError if the package has another layout."""
    spec = importlib.util.find_spec("stripe")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "params" / "_webhook_endpoint_create_params.py"
        if path.is_file():
            found = set(_enabled_events(path.read_text("utf-8"))) - {"*"}
            if found:
                return tuple(sorted(found))
    raise LookupError("the stripe package does not list its event types where they were in version 16")


def _enabled_events(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", None) == "enabled_events":
            yield from _literals(node.annotation)


def _literals(annotation: ast.AST) -> Iterator[str]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith(("List[", "Literal[")):  # an annotation in quotes
                yield from _literals(ast.parse(node.value, mode="eval"))
            else:
                yield node.value


def nearest_type(name: str) -> str | None:
    """The existing type that a misspelt one probably means."""
    return next(iter(difflib.get_close_matches(name, event_types(), n=1, cutoff=0.75)), None)
