"""Addresses that carry a client secret, in texts of any kind. Pure.

Stripe appends ``payment_intent_client_secret`` to a return_url itself, in the browser; what is looked for is what a
server writes.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

__all__ = ["path_of", "secret_urls_in"]

_SECRET = re.compile(r"(?:pi|seti)_[A-Za-z0-9]{8,64}_secret_[A-Za-z0-9]{8,}")
_BEFORE = re.compile(r"(?:https?://|/)[^\s\"'<>\\)#]*\Z")
_LONGEST = 800
"""Characters before a secret in which its address begins."""
_LOOKED_AT = 512 * 1024


def secret_urls_in(text: str) -> list[str]:
    """Addresses with a client secret in their path or query, but for Stripe's own; cut off before it."""
    if "_secret_" not in text:
        return []
    plain = unescape(text[:_LOOKED_AT].replace("\\/", "/").replace("\\u0026", "&"))
    found = []
    for match in _SECRET.finditer(plain):
        line = re.split(r"[\s\"'<>\\)#]", plain[max(0, match.start() - _LONGEST) : match.start()])[-1]
        before = _BEFORE.search(line)
        if before and re.search(r"[?/]", before.group().removeprefix("https://").removeprefix("http://")):
            found.append(before.group() + match.group().split("_secret_")[0])
    return list(dict.fromkeys(_cut(url) for url in found if not _is_stripes(url)))


def _is_stripes(url: str) -> bool:
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return host == "stripe.com" or host.endswith((".stripe.com", ".link.com"))


def _cut(url: str) -> str:
    """Without the value of the parameter that holds the secret."""
    return url.rpartition("=")[0] or url


def path_of(url: str) -> str:
    """An address without what differs from order to order: its path alone."""
    try:
        return urlsplit(url).path.split("pi_")[0]
    except ValueError:
        return ""
