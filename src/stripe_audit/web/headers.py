"""Security headers of pages and API answers, judged. Sources: ASVS 5.0 §3.4, docs.stripe.com/security/guide."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from stripe_audit.web.csp import parse_policies
from stripe_audit.web.isolation import isolation_problems

__all__ = ["HeaderProblem", "header_problems", "hsts_problem"]

_YEAR_S = 31536000
_MOST_DIGITS = 12
_REFERRER_POLICIES = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)
_ANYONE = frozenset(("*", "http:", "https:"))
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
    ages = [text for directive in values[0].split(";") if (text := _max_age(directive.strip()))]
    if not ages or (len(ages[0]) <= _MOST_DIGITS and int(ages[0]) < _YEAR_S):
        return HeaderProblem("Strict-Transport-Security", "low", "lasts less than a year")
    return None


def _max_age(directive: str) -> str | None:
    """The digits, without leading zeros; as many as the target likes."""
    match = re.fullmatch(r"max-age\s*=\s*\"?0*([0-9]+)\"?", directive, re.IGNORECASE)
    return match[1] if match else None


def _words(values: tuple[str, ...]) -> list[str]:
    """The members of a header that is a list, in order and in lower case."""
    return [word for value in values for part in value.split(",") if (word := part.strip().lower())]


def header_problems(headers_of: Lookup, *, is_page: bool, products: Collection[str] = ()) -> tuple[HeaderProblem, ...]:
    """What is wrong with an answer's headers, HSTS and CSP's own weaknesses apart.

    ``products`` are those of Stripe's that the page uses, by their names in STRIPE_NEEDS.
    """
    found = []
    if _words(headers_of("x-content-type-options"))[:1] != ["nosniff"]:
        found.append(HeaderProblem("X-Content-Type-Options", "medium" if is_page else "low", "is not nosniff"))
    if is_page:
        found += _page_problems(headers_of, products)
    found += _told_versions(headers_of)
    if any("1" in value and "block" in value.lower() for value in headers_of("x-xss-protection")):
        found.append(HeaderProblem("X-XSS-Protection", "info", "1; mode=block is obsolete; send 0, or nothing"))
    return tuple(found)


_TELLING = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "x-runtime-version")
_VERSION = re.compile(r"[A-Za-z)][/ ]v?\d+(\.\d+)*|^\d+(\.\d+)+$")


def _told_versions(headers_of: Lookup) -> list[HeaderProblem]:
    """What the server says of itself: versions (ASVS 5.0, 13.4.6), or just its name."""
    said = [(name, value) for name in _TELLING for value in headers_of(name)]
    exact = [f"{name}: {value}" for name, value in said if _VERSION.search(value)]
    if exact:
        return [
            HeaderProblem("Server", "low", f"tells versions, by which known flaws are looked up: {'; '.join(exact)}")
        ]
    names = [f"{name}: {value}" for name, value in said if name != "server"]
    return [HeaderProblem("Server", "info", f"tells what it is made of: {'; '.join(names)}")] if names else []


def _page_problems(headers_of: Lookup, products: Collection[str]) -> list[HeaderProblem]:
    found = []
    ancestors = [
        {source.lower() for source in policy.directives["frame-ancestors"]}
        for policy in parse_policies(headers_of("content-security-policy"))
        if "frame-ancestors" in policy.directives
    ]
    options = set(_words(headers_of("x-frame-options")))  # not looked at where there is a frame-ancestors
    is_kept = any(not sources & _ANYONE for sources in ancestors) if ancestors else options & {"deny", "sameorigin"}
    if not is_kept:
        text = "neither it nor frame-ancestors keeps other sites from framing the page"
        found.append(HeaderProblem("X-Frame-Options", "medium", text))
    known = [word for word in _words(headers_of("referrer-policy")) if word in _REFERRER_POLICIES]
    if known[-1:] in ([], ["unsafe-url"]):  # browsers take the last one that they know
        found.append(HeaderProblem("Referrer-Policy", "low", "is missing or unsafe-url"))
    permissions = re.sub(r"\s", "", ",".join(headers_of("permissions-policy"))).lower().split(",")
    if "payment=()" in permissions:
        text = "payment=() switches wallets off on the page that needs them"
        found.append(HeaderProblem("Permissions-Policy", "info", text))
    found += [HeaderProblem(*problem) for problem in isolation_problems(headers_of, products)]
    return found
