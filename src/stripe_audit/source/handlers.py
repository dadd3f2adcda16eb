"""Code that handles webhook events: the types that it names, and whether anything leads to it. Pure.

It is read as text, in any language: nothing is run, and nothing is concluded from what is not there but where a file is
named nowhere else in the project.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stripe_audit.source.code import CodeFile

__all__ = ["BrokenImport", "NamedType", "Service", "broken_imports", "handles_webhooks", "named_types", "services"]

_VERIFIES = re.compile(
    r"constructEvent|construct_event|ConstructEvent|constructFrom|verify_header|verifyHeader|parseEventNotification"
    r"|parse_event_notification|[Ss]tripe-[Ss]ignature|STRIPE_SIGNATURE"
)
_TYPE = re.compile(r"""(["'`])([a-z][a-z0-9_]*(?:\.[a-z0-9_]+){1,3})\1""")
_COMPARED = re.compile(r"(?:\bcase|\bwhen|[=!]==?|\bon\(|\bin|=>|[\[({,:|]|^)\s*$")
_NOT_COMPARED = re.compile(r"expand|\bget\(|import|require|start_?s?with|\.path\(|url|logger", re.IGNORECASE)
_STARTS = re.compile(
    r"\.listen\(|createServer|__main__|uvicorn\.run|app\.run\(|\bserve\(|Rails\.application"
    r"|export\s+(?:default|const\s+(?:POST|handler|config)|async\s+function\s+POST)|exports\.handler|def handler"
)
_ENTRIES = frozenset(
    (
        *("index", "main", "server", "app", "start", "cli", "worker", "handler", "manage", "wsgi", "asgi", "urls"),
        *("routes", "api", "__main__", "__init__", "web", "route", "console", "program", "function", "+server"),
        *("tasks", "signals", "models", "admin", "apps", "celery", "conftest", "settings"),
    )
)
"""Names by which a program is started, or that a framework looks for."""
_BY_FOLDER = re.compile(
    r"(?:^|/)(?:pages|functions|netlify|controllers|jobs|listeners)/|(?:^|/)(?:app|server|src)/(?:routes|api)/|^api/",
    re.IGNORECASE,
)
"""Folders whose files frameworks find by themselves."""
_JAVASCRIPT = (".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts", ".cts")
_BY_NAME = (*_JAVASCRIPT, ".py", ".rb")
"""Languages in which whoever uses a file names it, or its class; elsewhere it may be found by folder or annotation."""
_IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)["'](\.{1,2}/[^"']+)["']""")
_ENDINGS = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json", ".vue", ".svelte")
_LIKE = 0.85


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type of event that code compares with, where (line from 1), and the existing type that it probably means."""

    name: str
    path: str
    line: int
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A file that handles webhook events. ``mentioned`` is where else it is named in code, ``commented`` in a comment.

    A file that starts by itself, or that its framework finds, is named by itself.
    """

    path: str
    mentioned: str | None
    commented: tuple[str, int] | None

    @property
    def is_reached(self) -> bool:
        """Whether anything leads to it, as far as its text and its name tell."""
        return self.mentioned is not None


@dataclass(frozen=True, slots=True)
class BrokenImport:
    """An import of a file that does not exist."""

    path: str
    line: int
    wanted: str


def handles_webhooks(file: CodeFile, types: Collection[str]) -> bool:
    """Whether a file verifies Stripe's webhook events, or compares with two types of them or more."""
    if file.is_for_tests:
        return False
    named = {one[2] for line in file.code for one in _TYPE.finditer(line)} & {*types}
    return bool(_VERIFIES.search(file.text)) or len(named) >= 2


def named_types(files: Sequence[CodeFile], types: Collection[str]) -> list[NamedType]:
    """The types of events in the code that handles them, and what is nearly one: there ``meant`` is set."""
    found = []
    for file in files:
        if handles_webhooks(file, types) and "stripe" in file.text.lower():
            found += [one for line in range(1, len(file.code) + 1) for one in _in_line(file, line, types)]
    return found


def _in_line(file: CodeFile, number: int, types: Collection[str]) -> Iterator[NamedType]:
    line = file.code[number - 1]
    for match in _TYPE.finditer(line):
        name = match[2]
        if name in types:
            yield NamedType(name, file.path, number)
        elif _COMPARED.search(line[: match.start()]) and not _NOT_COMPARED.search(line) and _is_typo(name, types):
            yield NamedType(name, file.path, number, meant=_nearest(name, types))


def _is_typo(name: str, types: Collection[str]) -> bool:
    """Whether it is neither the beginning of a type (for ``startsWith``) nor a path to a member of an object."""
    return not any(kind.startswith(name) for kind in types) and _nearest(name, types) is not None


def _nearest(name: str, types: Collection[str]) -> str | None:
    """The type that a name is nearly. Thin events and members of objects (``created_at``) are none."""
    if name.startswith(("v1.", "v2.")) or name.rpartition(".")[2] in (
        "id",
        "object",
        "created_at",
        "updated_at",
        "status",
        "metadata",
        "data",
    ):
        return None
    near = difflib.get_close_matches(name, types, n=1, cutoff=_LIKE)
    return near[0] if near else None


def services(files: Sequence[CodeFile], types: Collection[str]) -> list[Service]:
    """The files that handle webhook events, each with whether anything else names it."""
    ours = [file for file in files if not file.is_for_tests]
    is_found_by_folder = any(re.search(r"autoload|auto-load|require_all|glob", file.text) for file in ours)
    found = []
    for file in ours:
        if handles_webhooks(file, types):
            is_by_itself = is_found_by_folder or not file.path.endswith(_BY_NAME) or _is_entry(file)
            found.append(Service(file.path, file.path, None) if is_by_itself else _service(file, ours))
    return found


def _is_entry(file: CodeFile) -> bool:
    return file.stem in _ENTRIES or bool(_BY_FOLDER.search(file.path) or _STARTS.search(file.text))


def _service(file: CodeFile, files: Sequence[CodeFile]) -> Service:
    words = {file.stem, _camel(file.stem), posixpath.splitext(file.path)[0].replace("/", ".")}
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in sorted(words)))
    others = [other for other in files if other.path != file.path]
    mentioned = next((other.path for other in others if named.search(other.text)), None)
    comments = ((other.path, number, line) for other in others for number, line in other.comments.items())
    commented = next(((path, number) for path, number, line in comments if named.search(line)), None)
    return Service(file.path, mentioned, commented)


def _camel(stem: str) -> str:
    """``webhook-service`` and ``webhook_service`` as ``WebhookService``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_.]", stem))


def broken_imports(files: Sequence[CodeFile], existing: Collection[str], types: Collection[str]) -> list[BrokenImport]:
    """Relative imports (JavaScript and TypeScript) of webhook code that lead to no file in ``existing``."""
    return [
        BrokenImport(file.path, number, match[1])
        for file in files
        if file.path.endswith(_JAVASCRIPT) and handles_webhooks(file, types)
        for number, line in enumerate(file.code, 1)
        for match in _IMPORT.finditer(line)
        if "generated" not in match[1] and not _leads_somewhere(file.path, match[1], existing)
    ]


def _leads_somewhere(importer: str, wanted: str, existing: Collection[str]) -> bool:
    place = posixpath.normpath(posixpath.join(posixpath.dirname(importer), wanted.partition("?")[0]))
    if place.startswith(".."):
        return True  # outside of the root: nothing is known of it
    bare = re.sub(r"\.(?:js|jsx|mjs|cjs)$", "", place)  # TypeScript names the file that will be made
    named = (f"{name}{index}{ending}" for name in (place, bare) for index in ("", "/index") for ending in _ENDINGS)
    return any(name in existing for name in named)
