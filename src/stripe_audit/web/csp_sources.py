"""Does a source expression of a Content-Security-Policy match an address? (w3.org/TR/CSP3, §6.7.2)"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["matches"]

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_UPGRADES = {"http": ("https",), "ws": ("wss", "http", "https"), "wss": ("https",)}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(\*|\d{1,5}))?(/[^?#]*)?",
    re.IGNORECASE,
)


def matches(source: str, url: str, page_url: str) -> bool:
    """Whether one source expression of a page's policy covers ``url``. What is no address is covered by none."""
    try:
        (target, port), (page, page_port) = _address(url), _address(page_url)
    except ValueError:
        return False
    lowered = source.lower()
    if lowered == "*":
        return target.scheme in _PORTS or target.scheme == page.scheme
    if lowered == "'self'":
        is_default = port == _PORTS.get(target.scheme) and page_port == _PORTS.get(page.scheme)
        same_host = (target.hostname or "") == (page.hostname or "")
        return same_host and (port == page_port or is_default) and _is_own_scheme(page.scheme, target.scheme)
    scheme, host = _read(source)
    if scheme:
        return _scheme_fits(scheme, target.scheme)
    return host is not None and _host_matches(host, target, port, page.scheme)


@lru_cache(256)
def _address(url: str) -> tuple[SplitResult, int | None]:
    """An address and its port; the same few are asked about for every source. Raises ValueError for what is none."""
    parts = urlsplit(url)
    return parts, _port(parts)


@lru_cache(1024)
def _read(source: str) -> tuple[str, re.Match[str] | None]:
    """A source expression: the scheme that it is, or the parts of a host."""
    scheme = _SCHEME.fullmatch(source)
    return (scheme[1].lower(), None) if scheme else ("", _HOST.fullmatch(source))


def _port(parts: SplitResult) -> int | None:
    """Raises ValueError for a port out of range."""
    return _PORTS.get(parts.scheme) if parts.port is None else parts.port


def _scheme_fits(declared: str, actual: str) -> bool:
    """A scheme covers itself and its secure form (scheme-part match)."""
    return actual == declared or actual in _UPGRADES.get(declared, ())


def _is_own_scheme(page: str, actual: str) -> bool:
    """``'self'`` covers the page's scheme, and the secure and the WebSocket forms of it."""
    return _scheme_fits(page, actual) or actual == "wss" or (page, actual) == ("http", "ws")


def _host_matches(source: re.Match[str], target: SplitResult, port: int | None, page_scheme: str) -> bool:
    scheme, host, declared_port, path = source.groups()
    if not _scheme_fits((scheme or page_scheme).lower(), target.scheme):
        return False
    actual, wanted = (target.hostname or "").lower(), host.lower()
    if not actual or (wanted.startswith("*.") and not actual.endswith(wanted[1:])):
        return False
    if not wanted.startswith("*") and actual != wanted:
        return False
    if declared_port != "*" and port != (int(declared_port) if declared_port else _PORTS.get(target.scheme)):
        return False
    if path in (None, "/"):
        return True
    declared_path, actual_path = unquote(path), unquote(target.path or "/")
    return actual_path.startswith(declared_path) if path.endswith("/") else actual_path == declared_path
