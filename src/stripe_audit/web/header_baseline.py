"""The security headers of a payment page, against those that were approved (PCI DSS 4.0.1, 11.6.1). Pure.

11.6.1 asks for a mechanism that tells of changes to the "security-impacting HTTP headers" of payment pages, beside
their scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["SECURITY_IMPACTING", "Deviation", "deviations", "recorded"]

SECURITY_IMPACTING = (
    *("content-security-policy", "content-security-policy-report-only", "strict-transport-security"),
    *("x-frame-options", "x-content-type-options", "referrer-policy", "permissions-policy", "x-xss-protection"),
    *("cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy"),
    *("access-control-allow-origin", "access-control-allow-credentials", "reporting-endpoints", "report-to"),
    *("clear-site-data", "integrity-policy"),
)
"""Headers that change what a browser does with a page, its scripts and its frames."""
_SPACE = re.compile(r"\s+")
_NONCE = re.compile(r"'nonce-[^']*'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A header that is not as approved. ``approved`` is None for one that nobody has approved, ``sent`` for none."""

    header: str
    approved: str | None
    sent: str | None


def _joined(values: tuple[str, ...]) -> str:
    """One value for a header that came several times; white space and letters of directives' names aside."""
    return ", ".join(_SPACE.sub(" ", value).strip() for value in values)


def recorded(headers_of: Callable[[str], tuple[str, ...]]) -> dict[str, str]:
    """The headers as they are sent, to be approved; ``*`` stands where a nonce is another one each time."""
    sent = {name: _NONCE.sub("'nonce-*'", _joined(headers_of(name))) for name in SECURITY_IMPACTING}
    return {name: value for name, value in sent.items() if value}


def deviations(
    headers_of: Callable[[str], tuple[str, ...]], approved: Mapping[str, str], *, is_secure: bool
) -> tuple[Deviation, ...]:
    """What is sent and not as approved, what is not sent and approved, and what nobody has approved.

    ``approved`` may name other headers than these, and its values may hold ``*`` for anything. In plain HTTP
    Strict-Transport-Security means nothing, and is not asked for.
    """
    wanted = {name.lower(): _SPACE.sub(" ", value).strip() for name, value in approved.items()}
    found = []
    for name in dict.fromkeys((*wanted, *SECURITY_IMPACTING)):
        sent, told = _joined(headers_of(name)), wanted.get(name)
        if name == "strict-transport-security" and not is_secure:
            continue
        if told is None and sent:
            found.append(Deviation(name, None, sent))
        elif told is not None and not fnmatchcase(sent, told.replace("[", "[[]")):
            found.append(Deviation(name, told, sent or None))
    return tuple(found)
