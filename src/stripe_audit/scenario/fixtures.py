"""Fixture files of the Stripe CLI (``stripe fixtures FILE``), read and sent as the CLI does.

Measured with Stripe CLI 1.52.0, quirks included: numbers and booleans in lists are not sent, a query of lists of hashes
counts hashes only, text in a path beside a reference becomes a segment of its own, a reference that finds nothing is
sent as it is written. ``strict`` refuses these instead. What the CLI keeps of an expected error is nothing.
"""

from __future__ import annotations

import difflib
import json
import os
import posixpath
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stripe_audit.errors import CatalogError
from stripe_audit.scenario.gjson import found, number_text, text_of
from stripe_audit.source.env_files import read_env_file

__all__ = ["FixtureFile", "FixtureStep", "Prepared", "References", "prepared", "read_fixture"]

_SIZE_CAP = 1024 * 1024
_REFERENCE = re.compile(r"\$\{([^|}]+):([^|}]+)\|?([^/\n]+)?\}")
"""Greedy as the CLI's: in ``${a:id}-${b:id}`` all that follows ``a:id`` is its default."""
V2_VERSION = "2026-08-26.dahlia"
"""What the CLI sends on ``/v2/`` where a step names no version."""


@dataclass(frozen=True, slots=True)
class FixtureStep:
    """One request of a fixture."""

    name: str
    path: str
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    expected_error_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    api_base: str = ""


@dataclass(frozen=True, slots=True)
class FixtureFile:
    """A fixture file as read."""

    path: Path
    steps: tuple[FixtureStep, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be sent. ``pairs`` are form fields in order; ``json`` the body of a v2 call instead."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    json: Any
    headers: Mapping[str, str]


class FixtureError(Exception):
    """A fixture that the CLI would not run either, or that is refused by ``strict``."""


def read_fixture(path: Path) -> FixtureFile:
    """Read a file. Raises CatalogError that says what the CLI would not take."""
    try:
        if path.stat().st_size > _SIZE_CAP:
            raise CatalogError(f"{path}: larger than {_SIZE_CAP // 1024} KiB", hint="fixtures are small")
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror}", hint="name a fixture file of the Stripe CLI") from None
    except json.JSONDecodeError as error:
        raise CatalogError(
            f"{path}:{error.lineno}: not valid JSON: {error.msg}", hint="see 'stripe fixtures'"
        ) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise CatalogError(f"{path}: not valid JSON ({type(error).__name__})", hint="see 'stripe fixtures'") from None
    if not isinstance(data, Mapping):
        raise CatalogError(f"{path}: a fixture is a JSON object", hint="see 'stripe fixtures'")
    data = _folded(data)
    version = _folded(data.get("_meta") or {}).get("template_version", 0)
    if version != 0:
        raise CatalogError(f"{path}: fixture version not supported: {version}", hint="the Stripe CLI knows version 0")
    steps = []
    for index, given in enumerate(data.get("fixtures") or []):
        steps.append(_step(path, index, given))
    return FixtureFile(path, tuple(steps))


def _folded(value: Any) -> dict[str, Any]:
    """Go reads names of members whatever their case."""
    return {str(name).lower(): item for name, item in value.items()} if isinstance(value, Mapping) else {}


def _step(path: Path, index: int, given: Any) -> FixtureStep:
    folded = _folded(given)
    shapes: dict[str, type] = {"params": Mapping, "headers": Mapping, "context": str}
    for name, kind in shapes.items():
        if folded.get(name) is not None and not isinstance(folded[name], kind):
            what = "a text" if kind is str else "an object"
            raise CatalogError(f"{path}: fixture {index + 1}: {name} must be {what}", hint="see 'stripe fixtures'")
    texts = {
        name: folded.get(name) or "" for name in ("name", "path", "expected_error_type", "idempotency_key", "api_base")
    }
    for name, text in texts.items():
        if not isinstance(text, str):
            raise CatalogError(f"{path}: fixture {index + 1}: {name} must be a text", hint="see 'stripe fixtures'")
    return FixtureStep(
        method=str(folded.get("method") or "GET").upper(),
        params=folded.get("params") or {},
        headers={str(name): str(text) for name, text in (folded.get("headers") or {}).items()},
        **texts,
    )


# References


@dataclass(slots=True)
class References:
    """What references find: answers by the names of their steps, variables, and an ``.env`` in ``folder``."""

    folder: Path
    is_strict: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def text(self, text: str) -> str:
        """A text with its reference put in. Raises FixtureError."""
        if text == "${generate-uuid}":
            return str(uuid.uuid4())
        if text == "${time-now-RFC3339}":
            return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        match = _REFERENCE.search(text)
        if match is None:
            return text
        if self.is_strict and (len(re.findall(r"\$\{", text)) > 1):
            raise FixtureError(f"{text}: of several references in one text the Stripe CLI sends the first")
        value = self._variable(match[2]) if match[1] == ".env" else self._answer(match[1], match[2])
        value = value or match[3] or ""
        if not value and self.is_strict:
            raise FixtureError(f"{match[0]} finds nothing; the Stripe CLI sends it as it is written")
        return text.replace(match[0], value) if value else text

    def _variable(self, name: str) -> str:
        value = self.environ.get(name, "")
        path = self.folder / ".env"
        if not value and path.is_file():
            entry = read_env_file(path).variables.get(name)
            value = entry.value if entry else ""
        return value

    def _answer(self, name: str, path: str) -> str:
        if name not in self.answers:
            near = difflib.get_close_matches(name, self.answers, n=1)
            told = f"; perhaps {near[0]!r} is meant" if near else ""
            raise FixtureError(f"an undeclared fixture name was referenced: {name}{told}")
        return text_of(found(self.answers[name], path))

    def path(self, path: str) -> str:
        """A path: what stands beside a reference becomes a segment of its own."""
        matches = list(_REFERENCE.finditer(path))
        if not matches:
            return path
        pieces, end = [], 0
        for match in matches:
            pieces += [path[end : match.start()], self.text(match[0])]
            end = match.end()
        joined = posixpath.normpath("/".join(piece for piece in (*pieces, path[end:]) if piece))
        if self.is_strict and joined != "".join((*pieces, path[end:])):
            raise FixtureError(f"{path}: the Stripe CLI makes {joined} of it")
        return joined.replace("//", "/")


def prepared(step: FixtureStep, references: References) -> Prepared:
    """The request that the CLI would send. Raises FixtureError where it would stop."""
    path = references.path(step.path)
    if not path.startswith(("/v1/", "/v2/")):
        raise FixtureError(f"fixture path {path!r} is not a valid Stripe API path (must start with /v1/ or /v2/)")
    headers = {name: references.text(text) for name, text in step.headers.items()}
    if step.idempotency_key:
        headers["Idempotency-Key"] = references.text(step.idempotency_key)
    if path.startswith("/v2/"):
        if step.params and step.method != "POST":
            raise FixtureError(f"{step.method} {path}: the Stripe CLI sends parameters of v2 calls with POST only")
        body = _replaced(step.params, references) if step.method == "POST" else None
        return Prepared(step.method, path, (), body, {"Stripe-Version": V2_VERSION, **headers})
    pairs = tuple(_form(step.params, references))
    if step.method != "POST":
        path = path.partition("?")[0]  # the parameters take the place of a query that the path has
    return Prepared(step.method, path, pairs, None, headers)


def _form(params: Mapping[str, Any], references: References, around: str = "") -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        key = f"{around}[{name}]" if around else str(name)
        if isinstance(value, Mapping):
            yield from _form(value, references, key)
        elif isinstance(value, list):
            yield from _items(value, references, key)
        elif value is not None:
            yield key, _scalar(value, references)


def _items(values: list[Any], references: References, key: str) -> Iterator[tuple[str, str]]:
    count = 0
    for value in values:
        if isinstance(value, Mapping):
            yield from _form(value, references, f"{key}[{count}]")
            count += 1
        elif isinstance(value, list):
            yield from _items(value, references, key)
        elif isinstance(value, str):
            yield f"{key}[]", _scalar(value, references)
        elif references.is_strict:
            raise FixtureError(f"{key}: the Stripe CLI does not send {json.dumps(value)} in a list; write it as a text")


def _scalar(value: Any, references: References) -> str:
    if isinstance(value, str):
        return references.text(value).rstrip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(float(value))


def _replaced(value: Any, references: References) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(item, references) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, references) for item in value]
    return references.text(value) if isinstance(value, str) else value
