"""The only place where secrets and hostile text are made safe, before anything is stored or shown.

Secrets that the audit knows are matched exactly; Stripe's keys, client secrets, bearer tokens, JWTs, passwords in URLs
and card numbers by shape. Publishable keys and object ids are no secrets and stay readable.
Card numbers: 13 to 19 digits with a right check digit (ISO/IEC 7812-1, the Luhn formula).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

__all__ = ["Redactor", "contains_card_number", "cut", "inert", "is_luhn_valid", "mask", "remember", "remembered"]


def _starting(word: str) -> str:
    """Where a secret may begin: not inside a word, but after an escape (``\\n``, ``%3D``) or a terminal's colour."""
    colours = "|".join(rf"(?<=[\[;][0-9]{{{digits}}}m)" for digits in (0, 1, 2, 3))
    return rf"(?:(?<![{word}])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{{4}})|(?<=%[0-9A-Fa-f]{{2}})|{colours})"


_PREFIX = r"(?:(?:sk|rk|ek)_(?:test|live|prod|org)_|sk_org_|whsec_|absec_)"
_KEY_BEGINS = re.compile(_PREFIX)
_KEY = re.compile(
    rf"{_starting('A-Za-z0-9')}{_PREFIX}[A-Za-z0-9+/=_-]{{6,}}"
    rf"|{_PREFIX}[A-Za-z0-9]{{16}}[A-Za-z0-9+/=_-]*"  # glued to a word, but too long to be another word's end
)
_CLIENT_SECRET = re.compile(
    rf"({_starting('A-Za-z0-9_')}(?:pi|seti|src|cs|cuss|cas|fcsess)_[A-Za-z0-9_]{{4,250}}?_secret_"
    r"|(?:pi|seti|src)_[A-Za-z0-9]{14,60}_secret_)((?:[A-Za-z0-9]|%2[BF]|%3D|%7[CE]){6,})"
)
_BEARER = re.compile(
    r"(Bearer|Basic)(\s+|%20|\+)(?!(?:authenti|authori|credential)[a-z]*\b)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE
)
_JWT = re.compile(rf"{_starting('A-Za-z0-9_-')}eyJ[A-Za-z0-9_-]{{8,}}+\.[A-Za-z0-9_-]{{8,}}+\.[A-Za-z0-9_-]*+")
_URL_PASSWORD = re.compile(
    r"([a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>?#\\,]{0,100}:)([^\s/\"'<>?#\\,]{1,200})@", re.IGNORECASE
)
_ESCAPE_OR_DIGITS = re.compile(
    r"(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[bfnrt]|\[[0-9;]{0,12}m)(?=[0-9])"
    r"|([0-9](?:(?:[ +\u00a0-]|%20)?[0-9]){12,}+)"
)
_GROUP = re.compile(r"%20|([0-9]+)")
_CARD_GROUPS = ((4, 4, 4, 4, 3), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1))
"""How card numbers are written in groups; other groupings of digits are dates, telephone numbers and the like."""
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|passw|api-?key", re.IGNORECASE)
_HIDDEN = "[hidden]"

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def is_luhn_valid(digits: str) -> bool:
    """Whether the last digit is the right check digit (Luhn)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and is_luhn_valid(digits)


def _card_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Where card numbers begin and end, and their digits."""
    after_escape = -1
    for match in _ESCAPE_OR_DIGITS.finditer(text):
        if match[1] is None:
            after_escape = match.end()
        else:
            groups = [(m.start(1), m.end(1)) for m in _GROUP.finditer(text, *match.span()) if m[1]]
            if match.start() != after_escape and re.match(r"[\w.]", text[match.start() - 1 : match.start()]):
                del groups[0]
            if re.match(r"\w|\.[0-9]", text[match.end() : match.end() + 2]):
                del groups[-1:]
            yield from _cards_among(groups, text)


def _cards_among(groups: list[tuple[int, int]], text: str) -> Iterator[tuple[int, int, str]]:
    lengths = tuple(end - start for start, end in groups)
    at = 0
    while at < len(groups):
        for size in (5, 4, 3, 1):
            shape, some = lengths[at : at + size], groups[at : at + size]
            if len(shape) < size or (size > 1 and shape not in _CARD_GROUPS):
                continue
            digits = "".join(text[start:end] for start, end in some)
            if _is_card(digits):
                yield some[0][0], some[-1][1], digits
                at += size - 1
                break
        at += 1


def contains_card_number(text: str) -> bool:
    """Whether something in the text is, by its form, the number of a payment card."""
    return any(True for _ in _card_numbers(text))


def mask(secret: str) -> str:
    """A secret that can be told from others but not used: its prefix and, where it is long enough, its last four."""
    prefix = match[0] if (match := _KEY_BEGINS.match(secret)) and match.end() < len(secret) else ""
    return f"{prefix}…{secret[-4:]}" if len(secret) - len(prefix) >= 16 else f"{prefix}…"


def _written(secret: str) -> set[str]:
    """A secret as it stands in plain text, in JSON and in addresses."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
    }


_REMEMBERED: set[str] = set()


def remember(secrets: Iterable[str]) -> None:
    """Let the last resort know of secrets that were read: where an error is told, no redactor is at hand."""
    _REMEMBERED.update(secrets)


def remembered() -> frozenset[str]:
    """Every secret that ``remember`` was told."""
    return frozenset(_REMEMBERED)


class Redactor:
    """Removes secrets from texts. Redacting twice changes nothing more."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= 6}
        self._masks = {form: mask(secret) for secret in known for form in _written(secret)}
        forms = sorted(self._masks, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, forms))) if forms else None
        self._count = len(known)

    def __repr__(self) -> str:
        return f"Redactor({self._count} secrets)"

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        # What one mask leaves may, with its neighbour, make another secret. No mask is longer than what it hides, so
        # this ends.
        while (safe := self._once(text)) != text:
            text = safe
        return safe

    def _once(self, text: str) -> str:
        if self._known:
            text = self._known.sub(lambda match: self._masks[match.group()], text)
        if _KEY_BEGINS.search(text):  # what each shape begins with is found much faster than the shape
            text = _KEY.sub(lambda match: mask(match.group()), text)
        if "_secret_" in text:
            text = _CLIENT_SECRET.sub(r"\1…", text)
        text = _BEARER.sub(r"\1\2…", text)
        if "eyJ" in text:
            text = _JWT.sub("eyJ…", text)
        if "://" in text and "@" in text:
            text = _URL_PASSWORD.sub(r"\1…@", text)
        for start, end, digits in reversed(list(_card_numbers(text))):
            text = f"{text[:start]}{digits[:6]}…{digits[-4:]}{text[end:]}"
        return text

    def redact_headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Header pairs with the values of secret ones hidden; of a cookie, the name and attributes stay."""
        return [(self.redact(name), self._header(name.lower(), value)) for name, value in headers]

    def _header(self, name: str, value: str) -> str:
        if name == "stripe-signature":
            return re.sub(r"(v\d+=[0-9a-f]{8})[0-9a-f]+", r"\1…", self.redact(value))
        if name == "set-cookie" and (cookie := re.match(r"\s*([^=;\s]+)=[^;]*", value)):
            return f"{self.redact(cookie[1])}={_HIDDEN}{self.redact(value[cookie.end() :])}"
        return _HIDDEN if _SECRET_HEADER.search(name) else self.redact(value)

    def redact_value(self, value: Any) -> Any:
        """A JSON-like value with every text in it redacted, keys included; a card's number may be an integer."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, int) and value >= 10**12 and not isinstance(value, bool):
            return self.redact(str(value)) if value < 10**19 and contains_card_number(str(value)) else value
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self.redact_value(item) for key, item in value.items()}
        return [self.redact_value(item) for item in value] if isinstance(value, (list, tuple)) else value


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the pictures of control characters, U+2400…
    name = unicodedata.name(match.group(), "")
    return f"<{name or f'U+{code:04X}'}>"


def cut(text: str, limit: int) -> str:
    """At most so many characters of a text whose secrets are not masked yet.

    The word that the cut would go through is left out whole: half a secret would not be known for one.
    """
    if len(text) <= limit:
        return text
    head = text[:limit]
    if not (text[limit].isspace() or head[-1:].isspace()):
        words = head.rsplit(maxsplit=1)
        head = words[0] if len(words) == 2 else ""
    return f"{head.rstrip()}…"


def inert(text: str, limit: int | None = None) -> str:
    """The text with control, bidirectional, invisible and broken characters made visible; newlines and tabs stay.

    ``limit`` cuts after so many characters and says so.
    """
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit} more characters)"
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))
