"""Reading YAML so that every value knows its line: no floats, no duplicate keys, no alias bombs, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from stripe_audit.errors import SettingsError
from stripe_audit.redaction import Redactor, inert

__all__ = ["SIZE_CAP", "Marked", "read_yaml", "settings_error", "yaml_value"]

SIZE_CAP = 256 * 1024
"""Bytes; a long settings file has 10 KiB. PyYAML takes up to 30 µs for a byte."""
_NODE_CAP = 5_000
_DEPTH_CAP = 60

Marked = dict[tuple[str | int, ...], int]
"""Line numbers (from 1) by the path to a value."""

_TABS = "YAML is indented with spaces; check quotes and colons on that line"
_SAMPLE = "see 'stripe-audit settings sample'"
_TAG = "tag:yaml.org,2002:"
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_READ: dict[str, Callable[[yaml.ScalarNode], Any]] = {
    "int": _CONSTRUCTOR.construct_yaml_int,
    "bool": _CONSTRUCTOR.construct_yaml_bool,
    "null": _CONSTRUCTOR.construct_yaml_null,
}


def settings_error(text: str, *, hint: str | None = None) -> SettingsError:
    """An error whose text holds no secret: whoever mistypes a line may have put one where a name belongs."""
    return SettingsError(inert(Redactor().redact(text)), hint=hint)


def read_yaml(path: Path) -> tuple[dict[str, Any], Marked]:
    """The mapping in a file, and where its values stand. Raises SettingsError that names the file and line."""
    marks: Marked = {}
    value = _parsed(_read(path), str(path), marks)
    if not isinstance(value, dict):
        raise settings_error(f"{path}:1: the file must be a mapping, not {_named(value)}", hint=_SAMPLE)
    return value, marks


def yaml_value(text: str, source: str) -> Any:
    """The value of a text that stands elsewhere, for instance in a variable. Raises SettingsError."""
    return _parsed(text, source, {})


def _named(value: object) -> str:
    return "a list" if isinstance(value, list) else "a single value"


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise settings_error(f"{path} is a folder", hint="name the file in it")
        with path.open("rb") as file:
            data = file.read(SIZE_CAP + 1)
    except FileNotFoundError:
        raise settings_error(f"{path} does not exist", hint="write one with 'stripe-audit settings sample'") from None
    except OSError as error:
        raise settings_error(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > SIZE_CAP:
        hint = "settings are small; is this the right file?"
        raise settings_error(f"{path} is larger than {SIZE_CAP // 1024} KiB", hint=hint)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise settings_error(f"{path}:{line}: not UTF-8", hint="save the file as UTF-8") from None


class _TooMuch(Exception):
    def __init__(self, mark: yaml.Mark | None, text: str) -> None:
        super().__init__(text)
        self.line = mark.line + 1 if mark else 1


class _Composer(yaml.composer.Composer):
    """Composes nodes, and stops where there are too many or where they are too deep."""

    _count = 0
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._count += 1
        self._depth += 1
        if self._count > _NODE_CAP:
            raise _TooMuch(self._mark(), f"more than {_NODE_CAP} values")
        if self._depth > _DEPTH_CAP:
            raise _TooMuch(self._mark(), "nested too deeply")
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _mark(self) -> yaml.Mark:
        parser: Any = self
        mark: yaml.Mark = parser.peek_event().start_mark
        return mark


class _Loader(_Composer, yaml.SafeLoader):
    """In Python: its errors are the ones that are told."""

    def __init__(self, text: str) -> None:
        yaml.SafeLoader.__init__(self, text)


_FAST: Callable[[str], Any] | None = None
if yaml.__with_libyaml__:

    class _FastLoader(_Composer, yaml.CSafeLoader):
        """libyaml reads a file in a fifth of the time; where it finds a mistake, the other one tells it."""

        def __init__(self, text: str) -> None:
            yaml.composer.Composer.__init__(self)
            yaml.CSafeLoader.__init__(self, text)

    _FAST = _FastLoader


def _composed(loader: Any) -> tuple[yaml.Node | None, int]:
    """The first document, and the line of a second one, or 0."""
    node = loader.get_node() if loader.check_node() else None
    return node, loader.peek_event().start_mark.line + 1 if node and loader.check_node() else 0


def _nodes(text: str) -> tuple[yaml.Node | None, int]:
    if _FAST is not None:
        with suppress(yaml.YAMLError, RecursionError, ValueError):
            return _composed(_FAST(text))
    return _composed(_Loader(text))


def _parsed(text: str, source: str, marks: Marked) -> Any:
    try:
        node, second = _nodes(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise settings_error(f"{source}:{line}: a control character", hint="remove it") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        told = re.sub(
            r"'(?!<)[^']{3,}'", "…", error.problem or error.context or ""
        )  # a name or an anchor of the file's
        raise settings_error(f"{source}:{line}: not valid YAML: {told}", hint=_TABS) from None
    except _TooMuch as error:
        raise settings_error(f"{source}:{error.line}: {error}", hint="settings are small") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise settings_error(f"{source}:1: not valid YAML ({type(error).__name__})", hint=_TABS) from None
    if node is None:
        raise settings_error(f"{source} is empty", hint="begin with version: 1, or write one with 'settings sample'")
    if second:
        raise settings_error(f"{source}:{second}: a second document", hint="remove the ---")
    return _Builder(source, marks).build(node, ())


class _Builder:
    """Turns nodes into values, noting lines. Counts nodes, so that aliases cannot multiply without end."""

    def __init__(self, source: str, marks: Marked) -> None:
        self._source = source
        self._marks = marks
        self._count = 0
        self._open: set[int] = set()

    def _error(self, node: yaml.Node, text: str, hint: str | None = None) -> SettingsError:
        return settings_error(f"{self._source}:{node.start_mark.line + 1}: {text}", hint=hint)

    def build(self, node: yaml.Node, where: tuple[str | int, ...]) -> Any:
        self._count += 1
        if self._count > _NODE_CAP:
            raise self._error(node, "the aliases in this file multiply to too many values", "write values out")
        if id(node) in self._open:
            raise self._error(node, "an alias that contains itself", "write the value out")
        if len(where) > _DEPTH_CAP:
            raise self._error(node, "nested too deeply", "write the value out")
        self._marks[where] = node.start_mark.line + 1
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
                return self._mapping(node, where)
            if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
                return [self.build(item, (*where, index)) for index, item in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, where: tuple[str | int, ...]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                raise self._error(key_node, "merge keys (<<) are not known here", "write the values out")
            if not isinstance(key_node, yaml.ScalarNode) or not key_node.value:
                raise self._error(key_node, "a key must be a text", "quote it")
            name = key_node.value  # as written: on and 1 are names here
            if name in built:
                raise self._error(key_node, f"{name!r} is given twice (first on line {lines[name]})", "remove one")
            lines[name] = key_node.start_mark.line + 1
            built[name] = self.build(value_node, (*where, name))
            self._marks[(*where, name)] = lines[name]
        return built

    def _scalar(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "a value of an unknown kind", "remove its tag (!)")
        if node.tag == f"{_TAG}float":
            try:
                return Decimal(node.value.replace("_", ""))
            except ArithmeticError:
                raise self._error(node, "not a decimal number", "quote it, if it is a text") from None
        if node.tag in (f"{_TAG}timestamp", f"{_TAG}str"):
            return node.value
        try:
            return _READ[node.tag.removeprefix(_TAG)](node)
        except (yaml.YAMLError, LookupError, ValueError):
            raise self._error(node, "a value of an unknown kind", "quote it") from None
