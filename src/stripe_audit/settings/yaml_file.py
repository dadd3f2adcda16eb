"""Reading YAML so that every value knows its line: no floats, no duplicate keys, no alias bombs, bounded in size."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from stripe_audit.errors import SettingsError

__all__ = ["SIZE_CAP", "Marked", "read_yaml"]

SIZE_CAP = 1024 * 1024
_NODE_CAP = 50_000

Marked = dict[tuple[str | int, ...], int]
"""Line numbers (from 1) by the path to a value."""


def read_yaml(path: Path) -> tuple[dict[str, Any], Marked]:
    """The mapping in a file, and where its values stand. Raises SettingsError that names the file and line."""
    text = _read(path)
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: not valid YAML: {error.problem or error.context}", hint=_TABS) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid YAML ({type(error).__name__})", hint=_TABS) from None
    if not documents or documents[0] is None:
        raise SettingsError(f"{path} is empty", hint="begin with version: 1, or write one with 'settings sample'")
    if len(documents) > 1:
        raise SettingsError(f"{path}:{documents[1].start_mark.line + 1}: a second document", hint="remove the ---")
    marks: Marked = {}
    value = _Builder(path, marks).build(documents[0], ())
    if not isinstance(value, dict):
        raise SettingsError(f"{path}:1: the file must be a mapping, not a {type(value).__name__}", hint=_SAMPLE)
    return value, marks


_TABS = "YAML is indented with spaces; check quotes and colons on that line"
_SAMPLE = "see 'stripe-audit settings sample'"


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise SettingsError(f"{path} is a folder", hint="name the file in it")
        with path.open("rb") as file:
            data = file.read(SIZE_CAP + 1)
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist", hint="write one with 'stripe-audit settings sample'") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > SIZE_CAP:
        raise SettingsError(f"{path} is larger than 1 MiB", hint="settings are small; is this the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}:{line}: not UTF-8", hint="save the file as UTF-8") from None


class _Builder:
    """Turns nodes into values, noting lines. Counts nodes, so that aliases cannot multiply without end."""

    def __init__(self, path: Path, marks: Marked) -> None:
        self._path = path
        self._marks = marks
        self._count = 0
        self._open: set[int] = set()

    def _error(self, node: yaml.Node, text: str, hint: str | None = None) -> SettingsError:
        return SettingsError(f"{self._path}:{node.start_mark.line + 1}: {text}", hint=hint)

    def build(self, node: yaml.Node, where: tuple[str | int, ...]) -> Any:
        self._count += 1
        if self._count > _NODE_CAP:
            raise self._error(node, "the aliases in this file multiply to too many values", "write values out")
        if id(node) in self._open:
            raise self._error(node, "an alias that contains itself", "write the value out")
        self._marks[where] = node.start_mark.line + 1
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, where)
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*where, index)) for index, item in enumerate(node.value)]
            return self._scalar(node)
        except RecursionError:
            raise self._error(node, "nested too deeply") from None
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, where: tuple[str | int, ...]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, Hashable) or key is None:
                raise self._error(key_node, "a key must be a text", "quote it")
            name = str(key)
            if name in built:
                raise self._error(key_node, f"{name!r} is given twice (first on line {lines[name]})", "remove one")
            lines[name] = key_node.start_mark.line + 1
            built[name] = self.build(value_node, (*where, name))
            self._marks[(*where, name)] = lines[name]
        return built

    def _scalar(self, node: yaml.Node) -> Any:
        assert isinstance(node, yaml.ScalarNode)
        if node.tag == "tag:yaml.org,2002:float":
            try:
                return Decimal(node.value.replace("_", ""))
            except ArithmeticError:
                raise self._error(node, "not a decimal number") from None
        if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:str"):
            return node.value
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise self._error(node, "a value of an unknown kind", "quote it") from None
