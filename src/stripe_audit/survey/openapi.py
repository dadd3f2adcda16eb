"""Routes as an OpenAPI document declares them (versions 2 and 3). It is a stranger's: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_audit.survey.routes import SourceRoute, normal_path

__all__ = ["routes_of_document"]

_METHODS = ("get", "post", "put", "patch", "delete")
_MOST = 2_000
_DEEPEST = 20


def routes_of_document(document: Any, file: str) -> list[SourceRoute]:
    """What it declares; an empty list for what is no such document. ``file`` is what the routes are said to be from."""
    paths = document.get("paths") if isinstance(document, Mapping) else None
    if not isinstance(paths, Mapping):
        return []
    base = document.get("basePath")
    prefix = base if isinstance(base, str) else ""
    found = []
    for path, entry in list(paths.items())[:_MOST]:
        if not isinstance(path, str) or not isinstance(entry, Mapping):
            continue
        for method in _METHODS:
            if isinstance(operation := entry.get(method), Mapping):
                fields = tuple(_body_names(operation, document))
                answers = tuple(_answer_names(operation, document))
                name = str(operation.get("operationId", ""))[:100]
                full = normal_path(f"{prefix}/{path}")
                found.append(SourceRoute(method.upper(), full, file, 0, name, fields, answers))
    return found


def _body_names(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    yield from _names(_within(operation, "requestBody", "content", "application/json", "schema"), document)
    for parameter in operation.get("parameters") or []:
        if isinstance(parameter, Mapping) and parameter.get("in") == "body":
            yield from _names(parameter.get("schema"), document)


def _answer_names(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for status in ("200", "201"):
        answer = _within(operation, "responses", status)
        yield from _names(_within(answer, "content", "application/json", "schema"), document)
        yield from _names(_within(answer, "schema"), document)


def _within(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _names(schema: Any, document: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """The properties of a schema, through references and compositions."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        yield from _names(_within(document, *reference[2:].split("/")), document, depth + 1)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        yield from (name for name in list(properties)[:100] if isinstance(name, str))
    for several in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(several) or []:
            yield from _names(part, document, depth + 1)
