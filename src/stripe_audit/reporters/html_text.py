"""Foreign text in HTML: shown as it is, and inert. What is not ``Markup`` is escaped when it is put into a template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from stripe_audit.redaction import inert
from stripe_audit.reporters.json_format import plain
from stripe_audit.reporters.quoting import blocks, disarmed, quoted

__all__ = ["BODY_CAP", "block", "data_block", "finished", "inline", "linked", "prose", "with_labels"]

BODY_CAP = 16 * 1024
"""Characters of a body that are shown; the JSON report keeps no more."""
_LINE_CAP = 4000
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_ADDRESS = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9/_.#?=&%~:-]*)?")
_KNOWN_HOSTS = ("stripe.com", "github.com", "w3.org", "rfc-editor.org", "12factor.net", "fetch.spec.whatwg.org")
_LABEL = re.compile(r"(?<![\w&#/-])F([1-9][0-9]{0,5})(?![\w/-])", re.ASCII)
_CWE = re.compile(r"CWE-([0-9]{1,5})")
_NOTHING = Markup('<span class="none">(empty)</span>')


def finished(value: object) -> object:
    """What a template puts out: markup and numbers as they are, all else as one escaped, bounded line."""
    return value if isinstance(value, (Markup, int, float)) else inline(str(value), _LINE_CAP)


def inline(text: str, limit: int = 400) -> Markup:
    """One line of text."""
    return escape(shown) if (shown := quoted(text, limit)) else _NOTHING


def block(text: str, limit: int = BODY_CAP) -> Markup:
    """Text with its own line breaks, for ``<pre>``."""
    return escape(disarmed(inert(text, limit).expandtabs(4))) if text else _NOTHING


def data_block(data: Mapping[str, Any], limit: int = 2000) -> Markup:
    """Observed data as JSON: on one line where it is short."""
    value = plain({"data": data})["data"]
    text = json.dumps(value, ensure_ascii=False)
    return block(text if len(text) <= 96 else json.dumps(value, ensure_ascii=False, indent=2), limit)


def prose(text: str, limit: int = 6000) -> Markup:
    """Text that a check's author wrote in Markdown: paragraphs, flat lists and code spans; the rest stays text."""
    shown: list[str] = []
    is_listing = False
    for is_item, part in blocks(inert(text, limit)):
        if is_item != is_listing:
            shown.append("<ul>" if is_item else "</ul>")
            is_listing = is_item
        name = "li" if is_item else "p"
        shown.append(f"<{name}>{_with_spans(part)}</{name}>")
    text = "".join(shown) + "</ul>" * is_listing
    return Markup(text or f"<p>{_NOTHING}</p>")  # noqa: S704 - every text in it was escaped


def _with_spans(part: str) -> str:
    text = quoted(part, len(part))
    shown, end = [], 0
    for match in _SPAN.finditer(text):
        shown.append(f"{escape(text[end : match.start()])}<code>{escape(match[2].strip())}</code>")
        end = match.end()
    return "".join([*shown, str(escape(text[end:]))])


def with_labels(text: Markup, count: int) -> Markup:
    """Prose with the labels of findings, ``F1`` up to ``F<count>``, as links to them."""

    def link(match: re.Match[str]) -> str:
        return f'<a href="#{match[0]}">{match[0]}</a>' if 0 < int(match[1]) <= count else match[0]

    return Markup(_LABEL.sub(link, text))  # noqa: S704 - it was safe, and the label is letters and digits


def linked(reference: str) -> Markup:
    """A reference that a check names; a link where it is an address of a host that we know, or a CWE's number."""
    shown = inline(reference, 200)
    if match := _CWE.fullmatch(reference):
        return _link(f"cwe.mitre.org/data/definitions/{match[1]}.html", shown)
    host = reference.partition("/")[0]
    is_known = any(host == known or host.endswith(f".{known}") for known in _KNOWN_HOSTS)
    return _link(reference, shown) if is_known and _ADDRESS.fullmatch(reference) else shown


def _link(address: str, shown: Markup) -> Markup:
    return Markup('<a href="https://{}" rel="noopener noreferrer">{}</a>').format(address, shown)
