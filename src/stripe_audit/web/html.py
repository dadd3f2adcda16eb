"""What is in a page: scripts, forms, fields, policies in meta elements. With the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

__all__ = ["Field", "Page", "Script", "parse_page"]

_CARD_AUTOCOMPLETE = ("cc-number", "cc-csc", "cc-exp", "cc-exp-month", "cc-exp-year")
_CARD_NAMES = (
    "cardnumber",
    "card_number",
    "card-number",
    "ccnumber",
    "cc_number",
    "cvc",
    "cvv",
    "securitycode",
    "card[number]",
)
STRIPE_JS_HOST = "js.stripe.com"


@dataclass(frozen=True, slots=True)
class Script:
    """A script element: ``src`` absolute, or None and its text."""

    src: str | None
    text: str = ""
    nonce: str | None = None
    integrity: str | None = None

    @property
    def host(self) -> str:
        """The host that it comes from, in lower case; empty for an inline one."""
        return (urlsplit(self.src).hostname or "").lower() if self.src else ""


@dataclass(frozen=True, slots=True)
class Field:
    """An input of the page's own."""

    name: str
    kind: str
    autocomplete: str

    @property
    def takes_card_data(self) -> bool:
        """Whether it asks for a card's number, expiry or security code."""
        words = self.autocomplete.lower().split()
        return any(word in _CARD_AUTOCOMPLETE for word in words) or self.name.lower() in _CARD_NAMES


@dataclass(slots=True)
class Page:
    """A parsed page; lists in document order."""

    url: str
    scripts: list[Script] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

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
            and urlsplit(script.src).path.rsplit("/", 1)[-1].lower() in ("stripe.js", "stripe.min.js", "stripe-v3.js")
        ]


class _Parser(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page(url)
        self._script: dict[str, str | None] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script":
            self._script, self._text = values, []
        elif tag == "input":
            self.page.fields.append(
                Field(
                    values.get("name") or values.get("id") or "",
                    values.get("type") or "text",
                    values.get("autocomplete") or "",
                )
            )
        elif tag == "meta" and (values.get("http-equiv") or "").lower() == "content-security-policy":
            self.page.policies.append(values.get("content") or "")
        elif tag == "iframe" and values.get("src"):
            self.page.frames.append(urljoin(self.page.url, values["src"] or ""))

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            source = self._script.get("src")
            self.page.scripts.append(
                Script(
                    urljoin(self.page.url, source) if source else None,
                    "".join(self._text),
                    self._script.get("nonce"),
                    self._script.get("integrity"),
                )
            )
            self._script = None


def parse_page(html: str, url: str) -> Page:
    """Parse; broken markup gives what can be understood."""
    parser = _Parser(url)
    parser.feed(html)
    parser.close()
    return parser.page
