"""The scripts of a payment page, against those that are meant to be there (PCI DSS 4.0.1, 6.4.3). Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from stripe_audit.web.html import Page, Script

__all__ = ["AllowedScript", "Inventory", "inventory_of", "is_allowed", "source_of"]


@dataclass(frozen=True, slots=True)
class AllowedScript:
    """A script that the page may run, and why. ``source`` may hold ``*``."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What runs on a page: ``known`` with its reason, ``unknown`` that nobody has allowed, ``absent`` from the page."""

    known: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]


def source_of(script: Script, page_url: str) -> str:
    """What a script is called in an inventory: a path for one of the page's own origin, an address, or a hash."""
    if script.src is None:
        digest = hashlib.sha256(script.text.encode("utf-8", "surrogatepass")).digest()
        return "sha256-" + base64.b64encode(digest).decode()
    try:
        own, its = urlsplit(page_url), urlsplit(script.src)
    except ValueError:
        return script.src
    if (own.scheme, own.netloc) == (its.scheme, its.netloc):
        return its.path + (f"?{its.query}" if its.query else "")
    return script.src


def inventory_of(page: Page, allowed: Sequence[AllowedScript]) -> Inventory:
    """Compare. Inline data blocks and scripts of the same name count once."""
    loaded = [*(script for script in page.scripts if script.is_run), *(Script(url) for url in page.preloads)]
    sources = list(dict.fromkeys(source_of(script, page.url) for script in loaded))
    reasons = {
        source: next((one.reason for one in allowed if fnmatchcase(source, one.source)), None) for source in sources
    }
    return Inventory(
        tuple((source, reason) for source, reason in reasons.items() if reason is not None),
        tuple(source for source, reason in reasons.items() if reason is None),
        tuple(one.source for one in allowed if not any(fnmatchcase(source, one.source) for source in sources)),
    )


def is_allowed(url: str, sources: Sequence[str]) -> bool:
    """Whether an address is one of the sources, in which ``*`` stands for anything."""
    return any(fnmatchcase(url, source) for source in sources)
