"""How foreign text is quoted in every format that people read: on one line, bounded, inert, and no command to CI.

What the pipeline stored is inert already; error texts and files made elsewhere need not be, so it is done again here.
Doing it twice changes nothing more.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from stripe_audit.redaction import inert

__all__ = ["blocks", "disarmed", "fit", "plural", "quoted"]

# What GitHub's and Azure's runners obey when it stands in a line of the output of a job.
_WORKFLOW = re.compile(
    "::(?=(?:error|warning|notice|debug|group|endgroup|add-mask|stop-commands|set-output|save-state|set-env|add-path"
    r"|echo|add-matcher|remove-matcher)\b)",
    re.IGNORECASE,
)
_LEGACY = re.compile(r"##(?=(?:vso)?\[)")
_SPACE = re.compile(r"\s+")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+")
_LIMIT = 400

_PLAIN = {
    "✓": "+",
    "✗": "x",
    "◐": "~",
    "○": ".",
    "→": "->",
    "…": "...",
    "·": "-",
    "–": "-",
    "—": "-",
    "’": "'",
    "“": '"',
    "”": '"',
    "≤": "<=",
}
"""Our own signs, in ASCII, for streams that cannot carry them."""


def quoted(text: str, limit: int = _LIMIT) -> str:
    """The text on one line, at most ``limit`` characters of it, with nothing in it that acts."""
    return disarmed(_SPACE.sub(" ", inert(text, limit)).strip())


def disarmed(text: str) -> str:
    """The text without what CI's runners take for a command."""
    return _LEGACY.sub("## ", _WORKFLOW.sub(": :", text))


def blocks(text: str) -> list[tuple[bool, str]]:
    """The paragraphs and list items of a Markdown text, each with whether it is an item."""
    found: list[tuple[bool, list[str]]] = []
    is_open = False
    for line in map(str.strip, text.splitlines()):
        if item := _ITEM.match(line):
            found.append((True, [line[item.end() :]]))
        elif line and is_open:
            found[-1][1].append(line)
        elif line:
            found.append((False, [line]))
        is_open = bool(line)
    return [(is_item, " ".join(lines)) for is_item, lines in found]


def plural(count: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def fit(text: str, encoding: str) -> str:
    """The text in characters that the encoding has: our signs in ASCII, what is foreign as escapes."""
    name = _known(encoding)
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return text.translate(_missing(name)).encode(name, "backslashreplace").decode(name)
    return text


@lru_cache(maxsize=8)
def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        return "ascii"


@lru_cache(maxsize=8)
def _missing(encoding: str) -> dict[int, str]:
    def lacks(sign: str) -> bool:
        try:
            sign.encode(encoding)
        except UnicodeEncodeError:
            return True
        return False

    return {ord(sign): plain for sign, plain in _PLAIN.items() if lacks(sign)}
