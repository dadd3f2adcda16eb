"""Fixes per framework: the pages of ``docs/fixes`` that a check's fix names, in parts, and which framework it is.

The framework is told by the project's manifests, or by what the target's own answers say of themselves; where neither
does, every part is folded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from stripe_audit.catalog import builtin_folder
from stripe_audit.report import Report

__all__ = ["FixPage", "FixPart", "fix_pages", "framework_of"]

_NAMED = re.compile(r"docs/fixes/([a-z-]+)\.md")
_FOR_CHECKS = re.compile(r"\AFor (?:findings of )?`[^`]+`(?:,?\s+(?:and\s+)?`[^`]+`)*\.\s*")
"""How a page begins: with the checks that it is for, which the report tells already."""
_FRAMEWORKS = ("Express", "Fastify", "Next.js", "NestJS", "Django", "Flask", "FastAPI", "Rails", "Laravel")
_TELLING = (
    ("x-powered-by", re.compile(r"Next\.js", re.IGNORECASE), "Next.js"),
    ("x-powered-by", re.compile(r"Express", re.IGNORECASE), "Express"),
    ("set-cookie", re.compile(r"laravel_session=", re.IGNORECASE), "Laravel"),
    ("server", re.compile(r"WSGIServer|daphne", re.IGNORECASE), "Django"),
    ("server", re.compile(r"Werkzeug", re.IGNORECASE), "Flask"),
    ("server", re.compile(r"uvicorn|hypercorn", re.IGNORECASE), "FastAPI"),
    ("server", re.compile(r"puma|Phusion Passenger", re.IGNORECASE), "Rails"),
    ("x-runtime", re.compile(r"[0-9.]+"), "Rails"),
)


@dataclass(frozen=True, slots=True)
class FixPart:
    """A part of a page, under its own heading. ``frameworks`` is empty for what concerns all of them."""

    title: str
    body: Markup
    frameworks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FixPage:
    """A page of fixes."""

    title: str
    parts: tuple[FixPart, ...]

    def parts_of(self, framework: str | None) -> tuple[FixPart, ...]:
        """What is meant for this framework."""
        return tuple(part for part in self.parts if framework in part.frameworks)

    def rest_of(self, framework: str | None) -> tuple[FixPart, ...]:
        """Everything else: what concerns all of them, and the other frameworks."""
        return tuple(part for part in self.parts if framework not in part.frameworks)


def framework_of(report: Report) -> str | None:
    """The framework that the project's manifests name, else that which the target's answers tell of, or None."""
    if report.target.framework:
        return report.target.framework
    for exchange in report.exchanges:
        if exchange.destination.value != "app" or exchange.response is None:
            continue
        for name, value in exchange.response.headers:
            for header, shape, framework in _TELLING:
                if name.lower() == header and shape.search(value):
                    return framework
    return None


def fix_pages(fix: str | None) -> tuple[FixPage, ...]:
    """The pages that a fix names."""
    found = (_page(name) for name in dict.fromkeys(_NAMED.findall(fix or "")))
    return tuple(page for page in found if page)


@lru_cache(maxsize=64)
def _page(name: str) -> FixPage | None:
    """A page, from the folder that comes along; its links are shown as text."""
    path = builtin_folder("fixes") / f"{name}.md"
    if not path.is_file():
        return None
    head, *sections = re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)
    title, _, introduction = head.strip().partition("\n")
    rest = _FOR_CHECKS.sub("", introduction.strip())
    parts = [_part("In short", rest)] if rest.strip() else []
    for section in sections:
        heading, _, text = section.partition("\n")
        parts.append(_part(heading.strip(), text))
    return FixPage(title.removeprefix("# "), tuple(parts))


def _part(title: str, text: str) -> FixPart:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "autolink"])
    for rule in ("link_open", "link_close"):  # they lead to files beside the page
        reader.add_render_rule(rule, lambda *_: "")
    shown = reader.render(text)
    return FixPart(title, Markup(shown.strip()), tuple(one for one in _FRAMEWORKS if one in title))  # noqa: S704
