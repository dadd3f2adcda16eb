"""What a Stripe key says about itself: its kind, its mode, and a hint at its account.

Source: docs.stripe.com/keys (prefixes), docs.stripe.com/webhooks (signing secrets). The account hint is a heuristic:
keys made since about 2019 carry the account's id after ``51``; only ``GET /v1/account`` is authoritative.
"""

from __future__ import annotations

import random
import re
import secrets
import string
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["KeyKind", "KeyMode", "StripeKey", "TestKeys", "make_test_keys", "mask", "parse_key", "problems"]

BASE62 = string.ascii_letters + string.digits


class KeyKind(StrEnum):
    """What a value is, by its prefix. The ids are here because they get pasted where a key belongs."""

    SECRET = "secret"  # noqa: S105
    PUBLISHABLE = "publishable"
    RESTRICTED = "restricted"
    ORGANISATION = "organisation"
    EPHEMERAL = "ephemeral"
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105
    APP_SIGNING_SECRET = "app_signing_secret"  # noqa: S105
    CONNECT_CLIENT = "connect_client"
    CLIENT_SECRET = "client_secret"  # noqa: S105
    ENDPOINT_ID = "endpoint_id"
    ACCOUNT_ID = "account_id"
    UNKNOWN = "unknown"


class KeyMode(StrEnum):
    """Which money a key moves."""

    TEST = "test"
    LIVE = "live"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StripeKey:
    """``account_hint`` is the 15 characters after ``51`` (equal to those after ``acct_1``), where the key has them."""

    kind: KeyKind
    mode: KeyMode
    account_hint: str | None = None


@dataclass(frozen=True, slots=True)
class TestKeys:
    """Keys of one made-up test account. ``audit_secret`` is a second secret key of the same account."""

    __test__ = False  # a value, though pytest would take its name for a suite

    secret: str
    publishable: str
    webhook_secret: str
    account: str
    audit_secret: str


_MODES = {"test": KeyMode.TEST, "live": KeyMode.LIVE}
_WITH_MODE = {
    "sk": KeyKind.SECRET,
    "pk": KeyKind.PUBLISHABLE,
    "rk": KeyKind.RESTRICTED,
    "ek": KeyKind.EPHEMERAL,
}
_PREFIXES = (
    ("sk_org_live_", KeyKind.ORGANISATION, KeyMode.LIVE),
    ("sk_org_test_", KeyKind.ORGANISATION, KeyMode.TEST),
    ("sk_org", KeyKind.ORGANISATION, KeyMode.UNKNOWN),
    ("whsec_", KeyKind.WEBHOOK_SECRET, KeyMode.UNKNOWN),
    ("absec_", KeyKind.APP_SIGNING_SECRET, KeyMode.UNKNOWN),
    ("ca_", KeyKind.CONNECT_CLIENT, KeyMode.UNKNOWN),
    ("we_", KeyKind.ENDPOINT_ID, KeyMode.UNKNOWN),
    ("acct_", KeyKind.ACCOUNT_ID, KeyMode.UNKNOWN),
)
_MODERN = re.compile(r"(?:sk|pk|rk)_(?:test|live)_51([A-Za-z0-9]{15})[A-Za-z0-9]{20,}")
_PLACEHOLDER = re.compile(
    r"\.{2,}|…|x{4,}|\*{3,}|<.*>|\{\{|\$\{|your|change[-_ ]?me|replace|placeholder|example|insert|todo|dummy"
    r"|secret_here|key_here|1234567|abcdefg",
    re.IGNORECASE,
)
_NOT_KEYS = {KeyKind.WEBHOOK_SECRET, KeyKind.APP_SIGNING_SECRET, KeyKind.CLIENT_SECRET, KeyKind.ACCOUNT_ID}
_LEAST_LENGTH = {KeyKind.WEBHOOK_SECRET: len("whsec_") + 16}
_LEAST_KEY_LENGTH = 20
"""Old secret keys have 32 characters, new ones 107; shorter values are truncated or invented."""


def parse_key(text: str) -> StripeKey:
    """Kind and mode by prefix; never raises. Surrounding white space and quotes are ignored."""
    value = text.strip().strip("\"'")
    if "_secret_" in value and value.startswith(("pi_", "seti_", "cs_")):
        return StripeKey(KeyKind.CLIENT_SECRET, KeyMode.UNKNOWN)
    for prefix, kind, mode in _PREFIXES:
        if value.startswith(prefix):
            return StripeKey(kind, mode)
    head = value.split("_", 2)
    if len(head) == 3 and head[0] in _WITH_MODE and head[1] in _MODES:
        modern = _MODERN.match(value)
        return StripeKey(_WITH_MODE[head[0]], _MODES[head[1]], modern[1] if modern else None)
    return StripeKey(KeyKind.UNKNOWN, KeyMode.UNKNOWN)


def problems(text: str, expected: KeyKind) -> tuple[str, ...]:
    """What is wrong with a value that should be a key of the ``expected`` kind. Empty if nothing is.

    The messages never contain the value. A restricted key is accepted where a secret key is expected.
    """
    if not text.strip():
        return ("is empty",)
    found = []
    if text != text.strip() or any(character.isspace() for character in text.strip()):
        found.append("contains white space")
    value = text.strip()
    if value[0] in "\"'`" or value[-1] in "\"'`":
        found.append("contains quotation marks")
        value = value.strip("\"'`")
    if _PLACEHOLDER.search(value) and not _is_random(value):
        return (*found, "is a placeholder")
    kind = parse_key(value).kind
    if kind is not expected and not (expected is KeyKind.SECRET and kind is KeyKind.RESTRICTED):
        found.append(f"is not a {_named(expected)}" + ("" if kind is KeyKind.UNKNOWN else f" but a {_named(kind)}"))
    elif len(value) < _LEAST_LENGTH.get(expected, _LEAST_KEY_LENGTH):
        found.append("is too short")
    return tuple(found)


def _is_random(value: str) -> bool:
    """Whether what follows the prefix is too varied for a placeholder: a real key may contain "todo" by chance."""
    body = value.rsplit("_", 1)[-1]
    return body.isalnum() and len(body) >= 24 and len(set(body)) >= 20


def _named(kind: KeyKind) -> str:
    return {KeyKind.WEBHOOK_SECRET: "webhook signing secret", KeyKind.ENDPOINT_ID: "webhook endpoint id"}.get(
        kind, f"{kind.value.replace('_', ' ')}" + ("" if kind in _NOT_KEYS else " key")
    )


def mask(text: str) -> str:
    """``sk_test_…4f2a``: the prefix and the last four characters. Short values lose those too."""
    value = text.strip()
    prefix = next((part for part, _, _ in _PREFIXES if value.startswith(part)), None)
    if prefix is None:
        modal = re.match(r"(?:sk|pk|rk|ek)_(?:test|live)_", value)
        prefix = modal[0] if modal else ""
    rest = value[len(prefix) :]
    return f"{prefix}…{rest[-4:] if len(rest) >= 16 else ''}"


def make_test_keys(seed: int | None = None) -> TestKeys:
    """Keys of the real ones' shape for a made-up account; the same ``seed`` gives the same keys."""
    # Without a seed the keys must not be guessable: one of them opens a local server to whoever knows it.
    source: random.Random = secrets.SystemRandom() if seed is None else random.Random(f"keys {seed}")  # noqa: S311

    def text(length: int) -> str:
        return "".join(source.choices(BASE62, k=length))

    account = text(15)

    def key(prefix: str) -> str:
        return f"{prefix}_test_51{account}{text(70)}00{text(10)}"

    return TestKeys(key("sk"), key("pk"), f"whsec_{text(32)}", f"acct_1{account}", key("sk"))
