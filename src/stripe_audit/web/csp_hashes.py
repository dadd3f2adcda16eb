"""Inline scripts and styles under a Content-Security-Policy: nonces, hashes, and what switches them off. Pure.

w3.org/TR/CSP3, 6.7.3.2 (does a list allow all inline behaviour), 6.7.3.3 (does an element match a source list), 6.7.1.1
(a script's integrity against the hashes). ``'unsafe-inline'`` counts for nothing beside a nonce or a hash, for scripts
beside ``'strict-dynamic'`` too; attributes take hashes only with ``'unsafe-hashes'``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

__all__ = ["allows_hash", "allows_inline", "is_proved_by_integrity"]

_HASH = re.compile(r"'(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+=*)'", re.IGNORECASE)
_PROOF = re.compile(r"'(?:nonce|sha256|sha384|sha512)-", re.IGNORECASE)


def _hashes(sources: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Algorithm and digest of each hash source; base64url is as good as base64."""
    found = (_HASH.fullmatch(source) for source in sources)
    return frozenset((one[1].lower(), _plain(one[2])) for one in found if one)


def _plain(digest: str) -> str:
    return digest.replace("-", "+").replace("_", "/")


def _allows_all(sources: Sequence[str], *, is_script: bool) -> bool:
    lowered = {source.lower() for source in sources}
    is_off = any(_PROOF.match(source) for source in sources) or (is_script and "'strict-dynamic'" in lowered)
    return "'unsafe-inline'" in lowered and not is_off


def allows_inline(
    sources: Sequence[str], text: str, *, is_script: bool, nonce: str | None = None, is_attribute: bool = False
) -> bool:
    """Whether the sources of the directive that decides let an inline script or style run, or one in an attribute."""
    if _allows_all(sources, is_script=is_script):
        return True
    if not is_attribute and nonce and any(source[7:-1] == nonce for source in sources if _is_nonce(source)):
        return True
    if is_attribute and not any(source.lower() == "'unsafe-hashes'" for source in sources):
        return False
    wanted = _hashes(sources)
    return any((name, _digest(name, text)) in wanted for name in {name for name, _ in wanted})


def _is_nonce(source: str) -> bool:
    return source.lower().startswith("'nonce-")


def _digest(name: str, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as browsers read a page (html.spec.whatwg.org, 13.2.3.5)
    return base64.b64encode(hashlib.new(name, text.encode("utf-8", "surrogatepass")).digest()).decode()


def allows_hash(sources: Sequence[str], known: str, *, is_script: bool) -> bool:
    """Whether the sources let something in of which only the hash is known (``sha256-…``)."""
    name, _, digest = known.partition("-")
    return _allows_all(sources, is_script=is_script) or (name, _plain(digest)) in _hashes(sources)


def is_proved_by_integrity(sources: Sequence[str], integrity: str | None) -> bool:
    """Whether a script element is let in by its ``integrity``: each of its hashes must be among the sources."""
    named = [part.partition("?")[0].partition("-") for part in (integrity or "").split()]
    known = [
        (name.lower(), _plain(digest)) for name, _, digest in named if name.lower() in hashlib.algorithms_available
    ]
    return bool(known) and {*known} <= _hashes(sources)
