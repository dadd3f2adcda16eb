"""Security headers of pages and API answers, judged. Sources: ASVS 5.0 §3.4, docs.stripe.com/security/guide."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stripe_audit.web.csp import parse_policies

__all__ = ["HeaderProblem", "header_problems", "hsts_problem"]

_YEAR_S = 31536000
Lookup = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class HeaderProblem:
    """A header that is missing or harmful. ``severity`` is a name of our severities."""

    header: str
    severity: str
    text: str


def hsts_problem(values: tuple[str, ...]) -> HeaderProblem | None:
    """Strict-Transport-Security of an answer over TLS: at least a year (ASVS 5.0, 3.4.1)."""
    if not values:
        return HeaderProblem("Strict-Transport-Security", "medium", "is missing on answers over TLS")
    match = re.search(r"max-age\s*=\s*\"?(\d+)", values[0], re.IGNORECASE)
    if not match or int(match[1]) < _YEAR_S:
        return HeaderProblem("Strict-Transport-Security", "low", "lasts less than a year")
    return None


def header_problems(headers_of: Lookup, *, is_page: bool) -> tuple[HeaderProblem, ...]:
    """What is wrong with an answer's headers, HSTS and CSP's own weaknesses apart."""
    found = []
    if not any(value.strip().lower() == "nosniff" for value in headers_of("x-content-type-options")):
        found.append(HeaderProblem("X-Content-Type-Options", "medium" if is_page else "low", "is not nosniff"))
    if is_page:
        found += _page_problems(headers_of)
    if any("1" in value and "block" in value for value in headers_of("x-xss-protection")):
        found.append(HeaderProblem("X-XSS-Protection", "info", "1; mode=block is obsolete; send 0, or nothing"))
    return tuple(found)


def _page_problems(headers_of: Lookup) -> list[HeaderProblem]:
    found = []
    policies = parse_policies(headers_of("content-security-policy"))
    framed = any("frame-ancestors" in policy.directives for policy in policies)
    if not framed and not any(v.strip().upper() in ("DENY", "SAMEORIGIN") for v in headers_of("x-frame-options")):
        text = "neither it nor frame-ancestors keeps other sites from framing the page"
        found.append(HeaderProblem("X-Frame-Options", "medium", text))
    if not headers_of("referrer-policy") or "unsafe-url" in headers_of("referrer-policy"):
        found.append(HeaderProblem("Referrer-Policy", "low", "is missing or unsafe-url"))
    permissions = " ".join(headers_of("permissions-policy")).replace(" ", "")
    if "payment=()" in permissions:
        text = "payment=() switches wallets off on the page that needs them"
        found.append(HeaderProblem("Permissions-Policy", "info", text))
    embedder = " ".join(headers_of("cross-origin-embedder-policy")).lower()
    if "require-corp" in embedder or "credentialless" in embedder:
        text = "isolates the page, which Stripe's frames do not support (docs.stripe.com/security/guide)"
        found.append(HeaderProblem("Cross-Origin-Embedder-Policy", "medium", text))
    return found
