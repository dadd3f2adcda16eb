"""The only place where secrets and hostile text are made safe, before anything is stored or shown.

Secrets that the audit knows are matched exactly; Stripe's keys, client secrets, bearer tokens, JWTs, passwords in URLs
and card numbers by shape. Publishable keys and object ids are no secrets and stay readable.
Card numbers: 13 to 19 digits with a right check digit (ISO/IEC 7812-1, the Luhn formula).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Redactor", "contains_card_number", "inert", "is_luhn_valid", "mask"]

_KEY = re.compile(r"\b((?:sk|rk|ek)_(?:test|live|prod|org)_|sk_org_|whsec_|absec_)([A-Za-z0-9+/=_-]{6,})")
_CLIENT_SECRET = re.compile(r"\b((?:pi|seti|src|cs|cuss|cas|fcsess)_[A-Za-z0-9_]{4,250}?_secret_)([A-Za-z0-9]{6,})")
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+|%20)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:)([^\s/@]{1,200})@", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])")
_SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-emulator-token", "x-api-key", "x-auth-token")
)
_HIDDEN = "[hidden]"

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|[\U000e0000-\U000e007f]"
)


def is_luhn_valid(digits: str) -> bool:
    """Whether the last digit is the right check digit (Luhn)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card_numbers(text: str) -> Iterable[re.Match[str]]:
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if digits[0] in "23456" and len(set(digits)) > 1 and is_luhn_valid(digits):
            yield match


def contains_card_number(text: str) -> bool:
    """Whether something in the text is, by its form, the number of a payment card."""
    return any(True for _ in _card_numbers(text))


def mask(secret: str) -> str:
    """A secret that can be told from others but not used: its prefix and, where it is long enough, its last four."""
    prefix = match[1] if (match := _KEY.match(secret)) else ""
    return f"{prefix}…{secret[-4:]}" if len(secret) - len(prefix) >= 16 else f"{prefix}…"


class Redactor:
    """Removes secrets from texts. Redacting twice changes nothing more."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)
        self._masks = {secret: mask(secret) for secret in known}
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __repr__(self) -> str:
        return f"Redactor({len(self._masks)} secrets)"

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        if self._known:
            text = self._known.sub(lambda match: self._masks[match.group()], text)
        text = _KEY.sub(lambda match: mask(match.group()), text)
        text = _CLIENT_SECRET.sub(r"\1…", text)
        text = _BEARER.sub(r"\1\2…", text)
        text = _JWT.sub("eyJ…", text)
        text = _URL_PASSWORD.sub(r"\1…@", text)
        for match in reversed(list(_card_numbers(text))):
            shown = re.sub(r"\D", "", match.group())
            text = f"{text[: match.start()]}{shown[:6]}…{shown[-4:]}{text[match.end() :]}"
        return text

    def redact_headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Header pairs with the values of secret ones hidden; of a cookie, the name and attributes stay."""
        return [(name, self._header(name.lower(), value)) for name, value in headers]

    def _header(self, name: str, value: str) -> str:
        if name == "stripe-signature":
            return re.sub(r"(v\d+=[0-9a-f]{8})[0-9a-f]+", r"\1…", self.redact(value))
        if name == "set-cookie":
            return re.sub(r"^([^=;]+)=[^;]*", rf"\1={_HIDDEN}", value)
        return _HIDDEN if name in _SECRET_HEADERS else self.redact(value)

    def redact_value(self, value: Any) -> Any:
        """A JSON-like value with every text in it redacted, keys included."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self.redact_value(item) for key, item in value.items()}
        return [self.redact_value(item) for item in value] if isinstance(value, (list, tuple)) else value


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the pictures of control characters, U+2400…
    name = unicodedata.name(match.group(), "")
    return f"<{name or f'U+{code:04X}'}>"


def inert(text: str, limit: int | None = None) -> str:
    """The text with control, bidirectional, invisible and broken characters made visible; newlines and tabs stay.

    ``limit`` cuts after so many characters and says so.
    """
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit} more characters)"
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))
