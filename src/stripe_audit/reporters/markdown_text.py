"""Foreign text in Markdown: shown as it is, and inert in every renderer.

Backslashes disarm CommonMark's and GitHub's signs. What GitHub and GitLab link without any sign (addresses, mentions,
issue numbers) can only be disarmed as code, so such a word is written as a code span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stripe_audit.redaction import inert
from stripe_audit.reporters.quoting import blocks, quoted

__all__ = ["Ready", "cell", "code", "fenced", "inline", "prose"]

_SIGNS = re.compile(r"[\\`*_{}\[\]<>#|~$&!^@%]")
_AT_START = re.compile(r"[-+=:/]|\d+[.)](?=\s|$)")
_LINKED = re.compile(
    r"@|:/|www\.|(?:mailto|xmpp|javascript|data|tel):|[#!%~$&][\w\x22]|\bGH-\d|\b\w+\.(?:com|org|net|io|dev)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


_NOTHING = "(empty)"
"""An empty text would leave a bare ``-``, which makes a heading of the line above it."""


class Ready(str):
    """Markdown that is safe already; everything else is escaped when it is put into a template."""

    __slots__ = ()


def inline(text: str, limit: int = 400) -> Ready:
    """One line of text."""
    return Ready(_disarmed(quoted(text, limit) or _NOTHING))


def code(text: str, limit: int = 400) -> Ready:
    """A code span, on one line."""
    return Ready(_span(quoted(text, limit)) or _NOTHING)


def cell(text: str, limit: int = 200) -> Ready:
    """A table's cell. A pipe in a code span splits the cell in some renderers, so it becomes a broken bar there."""
    words = (quoted(text, limit) or _NOTHING).split(" ")
    shown = (_span(word.replace("|", "¦")) if _LINKED.search(word) else _escaped(word) for word in words)
    return Ready(" ".join(shown))


def fenced(lines: Iterable[str], indent: int = 0, limit: int = 400) -> Ready:
    """A block of code, each line of it quoted, the fence longer than any in it."""
    shown = [quoted(line, limit) for line in lines]
    fence = "`" * max(3, 1 + max((len(run) for line in shown for run in re.findall("`+", line)), default=0))
    margin = " " * indent
    return Ready("\n".join(f"{margin}{line}".rstrip() for line in (f"{fence}text", *shown, fence)))


def prose(text: str, indent: int = 0, limit: int = 6000) -> Ready:
    """Text that a check's author wrote in Markdown: paragraphs, flat lists and code spans are kept, the rest is shown.

    The first line has no indentation, so that it can follow a word on its line.
    """
    margin = " " * indent
    shown = ""
    was_item = False
    for is_item, block in blocks(inert(text, limit)):
        line = f"- {_with_spans(block)}" if is_item else _with_spans(block)
        if shown or is_item:
            shown += f"\n{margin}" if is_item and was_item else f"\n\n{margin}"
        shown += line
        was_item = is_item
    return Ready(shown or _NOTHING)


def _with_spans(block: str) -> str:
    text = quoted(block, len(block))
    shown = ""
    end = 0
    for match in _SPAN.finditer(text):
        shown = _joined(_joined(shown, _disarmed(text[end : match.start()])), _span(match[2].strip()))
        end = match.end()
    return _joined(shown, _disarmed(text[end:]))


def _joined(left: str, right: str) -> str:
    """Two pieces side by side; two code spans must not touch."""
    return f"{left} {right}" if left.endswith("`") and right.startswith("`") else left + right


def _disarmed(text: str) -> str:
    shown = " ".join(_span(word) if _LINKED.search(word) else _escaped(word) for word in text.split(" "))
    start = _AT_START.match(shown)
    return f"{shown[: start.end() - 1]}\\{shown[start.end() - 1 :]}" if start else shown


def _escaped(word: str) -> str:
    return _SIGNS.sub(lambda match: f"\\{match.group()}", word)


def _span(text: str) -> str:
    """A code span that holds the text, whatever backticks it has."""
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
