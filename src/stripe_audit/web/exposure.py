"""What must not lie where every visitor can fetch it: keys, signing secrets, client secrets, env files. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from stripe_audit import keys
from stripe_audit.keys import KeyKind, KeyMode

__all__ = ["Exposed", "env_variables", "exposed_in", "publishable_modes", "source_map_of"]

_KEY = re.compile(
    r"(?<![A-Za-z0-9])((?:sk|rk|ek)_(?:test|live)_|sk_org_(?:test_|live_)?|whsec_|absec_)[A-Za-z0-9]{16,}"
)
_PUBLISHABLE = re.compile(r"(?<![A-Za-z0-9])pk_(?:test|live)_[A-Za-z0-9]{16,}")
_LIVE_PUBLISHABLE = re.compile(r"(?<![A-Za-z0-9])pk_live_[A-Za-z0-9]{16,}")
_CLIENT_SECRET = re.compile(r"(?<![A-Za-z0-9])(?:pi|seti)_[A-Za-z0-9]{10,64}_secret_[A-Za-z0-9]{10,64}")
_ANCHORS = ("sk_", "rk_", "ek_", "whsec_", "absec_", "pk_live_", "_secret_")
_ENV_LINE = re.compile(r"^(?:export )?([A-Z][A-Z0-9_]{2,60})=", re.MULTILINE)
_SOURCE_MAP = re.compile(r"//[#@][ \t]*sourceMappingURL=([^\s'\"]{1,500})")
_MAP_COMMENT_END = 4096
"""Characters at a script's end in which the reference to its source map stands."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A value that a visitor can read: what it is, and how it looks masked. The value itself is nowhere kept."""

    kind: KeyKind
    mode: KeyMode
    masked: str

    @property
    def name(self) -> str:
        """What it is, in words."""
        mode = "" if self.mode is KeyMode.UNKNOWN else f"{self.mode} "
        return f"{mode}{_NAMES.get(self.kind, self.kind.replace('_', ' '))}"


_NAMES = {
    KeyKind.SECRET: "secret key",
    KeyKind.RESTRICTED: "restricted key",
    KeyKind.EPHEMERAL: "ephemeral key",
    KeyKind.ORGANISATION: "organisation key",
    KeyKind.PUBLISHABLE: "publishable key",
    KeyKind.WEBHOOK_SECRET: "webhook signing secret",
    KeyKind.APP_SIGNING_SECRET: "app signing secret",
}


def exposed_in(text: str) -> tuple[Exposed, ...]:
    """Keys and secrets in a text by their shape, each once; live publishable keys too. Placeholders are none."""
    if not any(anchor in text for anchor in _ANCHORS):
        return ()
    found = [match.group() for pattern in (_KEY, _LIVE_PUBLISHABLE, _CLIENT_SECRET) for match in pattern.finditer(text)]
    return tuple(_exposed(value) for value in _distinct(found) if not _is_placeholder(value))


def publishable_modes(text: str) -> frozenset[KeyMode]:
    """The modes of the publishable keys in a text; placeholders are none."""
    found = (match.group() for match in _PUBLISHABLE.finditer(text)) if "pk_" in text else ()
    return frozenset(keys.parse_key(value).mode for value in found if not _is_placeholder(value))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _exposed(value: str) -> Exposed:
    parsed = keys.parse_key(value)
    is_client_secret = parsed.kind is KeyKind.CLIENT_SECRET
    masked = value.split("_secret_")[0] + "_secret_…" if is_client_secret else keys.mask(value)
    return Exposed(parsed.kind, parsed.mode, masked)


def _is_placeholder(value: str) -> bool:
    return "is a placeholder" in keys.problems(value, keys.parse_key(value).kind)


def env_variables(text: str) -> tuple[str, ...]:
    """The names that a text assigns, where it reads like an env file: no markup, and several assignments or one key."""
    if text.lstrip()[:1] in ("<", "{", "["):
        return ()
    names = tuple(_distinct(_ENV_LINE.findall(text)))
    return names if len(names) >= 2 or exposed_in(text) else ()


def source_map_of(script: str, url: str) -> str | None:
    """The address of a script's source map, where the script names one that is a file of its own."""
    found = _SOURCE_MAP.findall(script[-_MAP_COMMENT_END:])
    return urljoin(url, found[-1]) if found and not found[-1].startswith("data:") else None
