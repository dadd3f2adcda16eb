"""Elements of an HTML text as a browser's tokenizer finds them, in time that grows with the length and no faster.

Follows html.spec.whatwg.org (13.2.5, tokenization) with scripting on, as far as start tags, attributes, comments and
raw text go. The standard library's parser is quadratic in broken markup, raises on some of it, lets the last of two
equal attributes win, and looks for tags inside a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import unescape

__all__ = ["Element", "elements"]

_RAW = frozenset(("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"))
"""What stands in these is text, whatever it looks like."""
_BETWEEN = re.compile(r"[ \t\n\f\r/]*+")
_TAG_NAME = re.compile(r"[A-Za-z][^ \t\n\f\r/>]*+")
_NAME = re.compile(r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+")
_EQUALS = re.compile(r"[ \t\n\f\r]*+=[ \t\n\f\r]*+")
_UNQUOTED = re.compile(r"[^ \t\n\f\r>]*+")
_COMMENT_END = re.compile(r"--!?>")


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: names in lower case, the first of equal attributes; ``text`` where the content is raw text."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


def elements(html: str) -> Iterator[Element]:
    """Start tags in document order. What is not closed at the end of the text is left out, as browsers do."""
    at = 0
    while (at := html.find("<", at)) >= 0:
        if name := _TAG_NAME.match(html, at + 1):
            attributes, at = _attributes(html, name.end())
            if at < 0:
                return
            tag, text = name.group().lower(), ""
            if tag == "plaintext":
                return
            if tag in _RAW:
                end = _end_of(tag).search(html, at)
                if end is None and tag == "script":
                    return
                text = html[at : end.start() if end else len(html)]
                at = end.start() if end else len(html)
            yield Element(tag, attributes, text)
        else:
            at = _passed(html, at)
            if at < 0:
                return


def _passed(html: str, at: int) -> int:
    """The place after an end tag, a comment or a lone ``<``; -1 where it goes on to the end of the text."""
    if html.startswith("<!--", at):
        if html.startswith((">", "->"), at + 4):
            return html.index(">", at) + 1
        end = _COMMENT_END.search(html, at + 4)
        return end.end() if end else -1
    if html.startswith("</", at) and (name := _TAG_NAME.match(html, at + 2)):
        return _attributes(html, name.end())[1]
    if html.startswith(("<!", "<?", "</"), at):
        return html.find(">", at) + 1 or -1
    return at + 1


@cache
def _end_of(tag: str) -> re.Pattern[str]:
    return re.compile(rf"</{tag}(?=[ \t\n\f\r/>])", re.IGNORECASE)


def _attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    """Attributes, and the place after the tag; -1 where the tag is not closed."""
    found: dict[str, str] = {}
    while True:
        at = _end(_BETWEEN, html, at)
        if at >= len(html):
            return found, -1
        if html[at] == ">":
            return found, at + 1
        start, at = at, _end(_NAME, html, at)
        name, value = html[start:at].lower(), ""
        if equals := _EQUALS.match(html, at):
            at = equals.end()
            quote = html[at : at + 1]
            if quote in ('"', "'") and quote:
                start, at = at + 1, html.find(quote, at + 1)
                if at < 0:
                    return found, -1
                value, at = html[start:at], at + 1
            else:
                start, at = at, _end(_UNQUOTED, html, at)
                value = html[start:at]
        found.setdefault(name, unescape(value))


def _end(pattern: re.Pattern[str], html: str, at: int) -> int:
    match = pattern.match(html, at)
    return match.end() if match else at
