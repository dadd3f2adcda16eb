"""What is in a page: scripts, fields, frames, policies in meta elements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from stripe_audit.web.markup import Element, elements

__all__ = ["Field", "Page", "Script", "makes_card_fields", "parse_page"]

_CARD_AUTOCOMPLETE = ("cc-number", "cc-csc", "cc-exp", "cc-exp-month", "cc-exp-year")
_CARD_NAMES = re.compile(
    r"(credit|debit|payment|my|user|billing|stripe)?"
    r"(card(no|num|number|pan)|cc(no|num|number)|creditcard|debitcard|pan"
    r"|(card|cc)?(cvc|cvv|cvn|csc|cvccode|cvvcode|securitycode|verificationcode|cvc2|cvv2)"
    r"|(card|cc)(exp|expiry|expiration|expirydate|expirationdate|expdate|(exp|expiry|expiration)?(month|year)))"
)
"""Names of fields for a card's data, written without case, spaces and punctuation."""
_CARD_IN_SCRIPT = re.compile(
    r"autocomplete[\\\"']{0,2}\s{0,3}[:=,]\s{0,3}[\\\"']{1,2}[a-z -]{0,40}cc-(?:number|csc|exp)\b", re.IGNORECASE
)
_PAGE_CAP = 2 * 1024 * 1024
"""Characters of a page that are read."""
STRIPE_JS_HOST = "js.stripe.com"


@dataclass(frozen=True, slots=True)
class Script:
    """A script element: ``src`` absolute, or None and its text."""

    src: str | None
    text: str = ""
    nonce: str | None = None
    integrity: str | None = None
    kind: str = ""

    @property
    def is_run(self) -> bool:
        """Whether a browser runs it; by its type it may be a block of data instead (html.spec.whatwg.org, 4.12.1)."""
        kind = self.kind.split(";")[0].strip().lower()
        return kind in ("", "module", "importmap") or "javascript" in kind or "ecmascript" in kind

    @property
    def host(self) -> str:
        """The host that it comes from, in lower case; empty for an inline one."""
        return _host(self.src) if self.src else ""


@dataclass(frozen=True, slots=True)
class Field:
    """An input, a choice or a text area of the page's own. ``kind`` is an input's type, else the element's name."""

    name: str
    kind: str
    autocomplete: str

    @property
    def takes_card_data(self) -> bool:
        """Whether it asks for a card's number, expiry or security code."""
        words = self.autocomplete.lower().split()
        name = re.sub(r"[^a-z0-9]", "", self.name.lower())
        return any(word in _CARD_AUTOCOMPLETE for word in words) or bool(_CARD_NAMES.fullmatch(name))


@dataclass(slots=True)
class Page:
    """A parsed page; lists in document order."""

    url: str
    scripts: list[Script] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    preloads: list[str] = field(default_factory=list)
    """Addresses of scripts that link elements ask for ahead of time, as bundlers write them."""

    @property
    def loads_in_the_clear(self) -> list[str]:
        """Addresses of scripts and frames that are fetched without TLS."""
        loaded = [*(script.src for script in self.scripts if script.src), *self.frames]
        return [url for url in loaded if url.lower().startswith("http:")]

    @property
    def stripe_scripts(self) -> list[Script]:
        """Scripts that come from Stripe's own host."""
        return [
            script for script in self.scripts if script.host == STRIPE_JS_HOST or script.host.endswith(".js.stripe.com")
        ]

    @property
    def imitated_stripe_scripts(self) -> list[Script]:
        """Scripts named like Stripe.js that come from elsewhere."""
        return [
            script
            for script in self.scripts
            if script.src
            and script not in self.stripe_scripts
            and re.split(r"[?#]", script.src)[0].rsplit("/", 1)[-1].lower()
            in ("stripe.js", "stripe.min.js", "stripe-v3.js")
        ]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # http://[ and its kind; a browser loads nothing from there
        return ""


def _absolute(base: str, address: str) -> str:
    """An address as a browser resolves it: white space stripped, backslashes as slashes; unchanged if it is none."""
    written = re.sub(r"[\t\n\r]", "", address.strip(" \t\n\f\r")).replace("\\", "/")
    try:
        return urljoin(base, written)
    except ValueError:
        return written


def _add(page: Page, base: str, element: Element) -> None:
    values = element.attributes
    if element.tag == "script":
        source = values.get("src")
        page.scripts.append(
            Script(
                _absolute(base, source) if source else None,
                element.text,
                values.get("nonce"),
                values.get("integrity"),
                values.get("type", ""),
            )
        )
    elif element.tag in ("input", "select", "textarea"):
        kind = (values.get("type") or "text").lower() if element.tag == "input" else element.tag
        page.fields.append(Field(values.get("name") or values.get("id") or "", kind, values.get("autocomplete", "")))
    elif element.tag == "meta" and values.get("http-equiv", "").strip().lower() == "content-security-policy":
        page.policies.append(values.get("content", ""))
    elif element.tag == "iframe" and values.get("src"):
        page.frames.append(_absolute(base, values["src"]))
    elif element.tag == "link" and values.get("href") and _preloads_script(values):
        page.preloads.append(_absolute(base, values["href"]))


def _preloads_script(values: dict[str, str]) -> bool:
    words = values.get("rel", "").lower().split()
    return "modulepreload" in words or ("preload" in words and values.get("as", "").lower() == "script")


def parse_page(html: str, url: str) -> Page:
    """Parse; broken markup gives what a browser would make of it. Of a very long page the beginning is read."""
    page, base = Page(url), None
    for element in elements(html[:_PAGE_CAP]):
        if element.tag == "base" and base is None and "href" in element.attributes:
            base = _absolute(url, element.attributes["href"])
        _add(page, base or url, element)
    return page


def makes_card_fields(script: str) -> bool:
    """Whether a script writes fields for a card's number, expiry or security code, told by their autocomplete names."""
    return _CARD_IN_SCRIPT.search(script) is not None
