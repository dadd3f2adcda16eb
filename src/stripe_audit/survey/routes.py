"""Routes as source code declares them: Express, Fastify, Koa, Hono, Next.js, Flask, FastAPI, Django, Rails, Laravel.

Read by shape, not by a parser for each language: it may miss a route that is put together at run time. A prefix that
another file mounts it under is looked for, and applied where there is one only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["SourceRoute", "normal_path", "routes_in", "with_prefixes"]

_HANDLER = 4_000
"""Characters after a route's path that may be its handler."""
_VERBS = "get|post|put|patch|delete"
_CALLED = re.compile(rf"(?<![\w$])[\w$.]+\.({_VERBS}|all)\s*(?:<[^()]{{0,400}}?>)?\(\s*['\"`](/[^'\"`\s]*)['\"`]\s*,")
_OBJECT = re.compile(
    rf"\.route\(\s*\{{[^{{}}]{{0,200}}?method:\s*['\"`]({_VERBS})['\"`][^{{}}]{{0,200}}?url:\s*['\"`](/[^'\"`]*)", re.I
)
_DECORATED = re.compile(rf"^[ \t]*@[\w.]+\.({_VERBS}|route|api_route)\(\s*['\"](/[^'\"]*|)['\"]([^)]{{0,200}})", re.M)
_METHODS = re.compile(r"methods\s*=\s*[\[(]\s*['\"](\w+)")
_DJANGO = re.compile(r"(?<![\w.])(?:re_)?path\(\s*r?['\"]\^?([^'\"]*)['\"]\s*,\s*(?!include)([\w.]+)")
_RAILS = re.compile(rf"^[ \t]*({_VERBS})\s+['\"](/?[\w/:.-]+)['\"]\s*(?:,|=>)", re.M)
_LARAVEL = re.compile(rf"Route::({_VERBS})\(\s*['\"]([^'\"]*)['\"]")
_NEXT_APP = re.compile(r"(?:^|/)app/(.*?)/?route\.[cm]?[jt]sx?$")
_NEXT_PAGES = re.compile(r"(?:^|/)pages/(api/.*?)(?:/index)?\.[cm]?[jt]sx?$")
_EXPORTED = re.compile(r"export\s+(?:async\s+)?(?:function|const)\s+(GET|POST|PUT|PATCH|DELETE)\b")
_OWN_PREFIX = re.compile(r"(?:APIRouter|Blueprint)\([^)]{0,300}?(?:url_)?prefix\s*=\s*['\"](/[^'\"]*)")
_MOUNTED = re.compile(
    r"\.use\(\s*['\"`](/[\w/-]+)['\"`]\s*,\s*(?:\w+\(\)\s*,\s*)*(\w+)"
    r"|\.register\(\s*(\w+)[^)]{0,100}?prefix:\s*['\"`](/[\w/-]+)"
    r"|include_router\(\s*([\w.]+)[^)]{0,100}?prefix\s*=\s*['\"](/[\w/-]+)"
    r"|register_blueprint\(\s*([\w.]+)[^)]{0,100}?url_prefix\s*=\s*['\"](/[\w/-]+)"
)


@dataclass(frozen=True, slots=True)
class SourceRoute:
    """A route, where it stands, and the source that follows: most likely its handler.

    ``fields`` of its body and ``answers`` of its answer are names that a document declares; source declares none.
    """

    method: str
    path: str
    file: str
    line: int
    handler: str
    fields: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}" if self.line else self.file


def normal_path(path: str) -> str:
    """A path with its parameters in braces, whatever the framework writes: ``:id``, ``<int:id>``, ``[id]``."""
    path = re.sub(r"<(?:\w+:)?(\w+)>|\[\.{0,3}(\w+)\]|:(\w+)\??|\(\?P<(\w+)>[^)]*\)", _braced, path)
    path = re.sub(r"/\([^/]*\)(?=/|$)", "", path)  # Next.js' groups, which are in no address
    return "/" + re.sub("/{2,}", "/", path).strip("/").rstrip("$").rstrip("/")


def _braced(match: re.Match[str]) -> str:
    return "{" + str(next(filter(None, match.groups()))) + "}"


def routes_in(text: str, file: str) -> list[SourceRoute]:
    """The routes that one file declares, in their order. ``file`` is its path below the root, with slashes."""
    own = _OWN_PREFIX.search(text) if file.endswith(".py") else None
    declared = sorted(_declared(text, file), key=lambda one: one[2])
    ends = [*(start for _, _, start, _ in declared), len(text)][1:]
    found = []
    for (method, path, start, end), following in zip(declared, ends, strict=True):
        line = text.count("\n", 0, start) + 1
        full = normal_path(f"{own[1] if own else ''}/{path}")
        handler = text[start : min(end + _HANDLER, max(following, end))]
        found.append(SourceRoute(method.upper(), full, file, line, handler))
    return found


def _declared(text: str, file: str) -> Iterator[tuple[str, str, int, int]]:
    if file.endswith(".py"):
        for match in _DECORATED.finditer(text):
            methods = _METHODS.search(match[3])
            is_named = match[1] in ("route", "api_route")
            yield (methods[1] if methods else "get") if is_named else match[1], match[2], match.start(), match.end()
        if "urlpatterns" in text:
            for match in _DJANGO.finditer(text):
                yield "any", match[1], match.start(), match.end()
        return
    if file.endswith(".rb"):
        if "routes.draw" in text:
            yield from ((match[1], match[2], match.start(), match.end()) for match in _RAILS.finditer(text))
        return
    if file.endswith(".php"):
        prefix = "api/" if file.endswith("routes/api.php") else ""
        yield from ((match[1], prefix + match[2], match.start(), match.end()) for match in _LARAVEL.finditer(text))
        return
    for pattern in (_CALLED, _OBJECT):
        for match in pattern.finditer(text):
            yield "any" if match[1] == "all" else match[1], match[2], match.start(), match.end()
    if app := _NEXT_APP.search(file):
        yield from ((match[1], app[1], match.start(), match.end()) for match in _EXPORTED.finditer(text))
    elif (pages := _NEXT_PAGES.search(file)) and "export default" in text:
        yield "any", pages[1], text.index("export default"), text.index("export default")


def with_prefixes(routes: Iterable[SourceRoute], texts: dict[str, str]) -> list[SourceRoute]:
    """The same routes under the prefixes that other files mount them with (``app.use("/api", payments)``)."""
    prefixes: dict[str, set[str]] = {}
    for file, text in texts.items():
        for match in _MOUNTED.finditer(text):
            groups = match.groups()
            name, prefix = (groups[1], groups[0]) if groups[0] else next(_pairs(groups[2:]))
            for target in _files_of(name.split(".")[0], file, text, texts):
                prefixes.setdefault(target, set()).add(prefix)
    return [
        replace(route, path=normal_path(next(iter(found)) + route.path))
        if len(found := prefixes.get(route.file, set())) == 1 and not route.path.startswith(next(iter(found)) + "/")
        else route
        for route in routes
    ]


def _pairs(groups: tuple[str | None, ...]) -> Iterator[tuple[str, str]]:
    for name, prefix in zip(groups[::2], groups[1::2], strict=True):
        if name and prefix:
            yield name, prefix


def _files_of(name: str, file: str, text: str, texts: dict[str, str]) -> Iterator[str]:
    """The files that a name in another file was imported from."""
    folder = Path(file).parent
    for match in re.finditer(rf"(?:import|const|let|var)\b[^;\n]*?\b{re.escape(name)}\b[^;\n]*?['\"](\.[^'\"]+)", text):
        base = Path(re.sub(r"\.[cm]?[jt]s$", "", match[1]))
        stem = str(_joined(folder, base))
        yield from (known for known in texts if re.fullmatch(rf"{re.escape(stem)}(/index)?\.[cm]?[jt]sx?", known))
    for match in re.finditer(rf"from\s+([\w.]+)\s+import\s+[^\n]*?\b{re.escape(name)}\b", text):
        tail = match[1].strip(".").replace(".", "/")
        wanted = (f"{tail}.py", f"{tail}/{name}.py", f"{tail}/__init__.py")
        yield from (known for known in texts if any(known == one or known.endswith(f"/{one}") for one in wanted))


def _joined(folder: Path, relative: Path) -> Path:
    parts = list(folder.parts)
    for part in relative.parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return Path(*parts)
