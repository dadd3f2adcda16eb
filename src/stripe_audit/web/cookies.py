"""Cookies that an answer sets, read as browsers read them, and what they lack. Pure.

Source: RFC 6265bis (draft-ietf-httpbis-rfc6265bis) 5.6 and 4.1.3; OWASP ASVS 5.0, 3.3. Not ``http.cookies``: up to
Python 3.13 one attribute that it does not know (``Partitioned``) makes it read nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Cookie", "CookieProblem", "cookie_problems", "parse_cookie"]

_SESSION = re.compile(r"sess|sid\b|auth|token|jwt|login|user|remember|identity|connect\.sid|csrf|xsrf", re.IGNORECASE)
_FOR_SCRIPTS = re.compile(r"csrf|xsrf|consent|locale|lang|theme|_ga|_gid|__stripe", re.IGNORECASE)
"""Cookies that scripts are meant to read (``XSRF-TOKEN``), and that say nothing of who somebody is."""
_LONG = 20
"""Characters of a value from which on it may be a token."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie without its value. ``attributes`` by their names in lower case, the last of equal ones."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    length: int = 0

    @property
    def is_for_sessions(self) -> bool:
        """Whether it says who somebody is, by its name or by a value as long as a token's."""
        return self.is_named_so or self.length >= _LONG

    @property
    def is_named_so(self) -> bool:
        """Whether its name says so: load balancers and statistics have long values too, and no secrets in them."""
        return bool(_SESSION.search(self.name))

    @property
    def is_removed(self) -> bool:
        """Whether it tells the browser to forget it."""
        return self.attributes.get("max-age", "").lstrip("-") == "0" or self.attributes.get("max-age", "").startswith(
            "-"
        )


@dataclass(frozen=True, slots=True)
class CookieProblem:
    """What a cookie lacks. ``severity`` is a name of our severities; ``id`` is stable."""

    id: str
    cookie: str
    severity: str
    text: str


def parse_cookie(header: str) -> Cookie | None:
    """One Set-Cookie header; None where a browser takes no cookie from it."""
    pair, *rest = header.split(";")
    name, equals, value = pair.partition("=")
    name, value = (name.strip(), value.strip()) if equals else ("", pair.strip())
    if not name and not value:
        return None
    attributes = {}
    for part in rest:
        key, _, text = part.partition("=")
        attributes[key.strip().lower()] = text.strip()
    return Cookie(name, attributes, len(value))


def cookie_problems(headers: Sequence[str], *, is_secure: bool) -> list[CookieProblem]:
    """What is wrong with the cookies of an answer; ``is_secure`` where it came over TLS."""
    cookies = [cookie for header in headers if (cookie := parse_cookie(header))]
    return [problem for cookie in cookies if not cookie.is_removed for problem in _problems(cookie, is_secure)]


def _problems(cookie: Cookie, is_secure: bool) -> Iterator[CookieProblem]:
    attributes, name = cookie.attributes, cookie.name
    lowered, same_site = name.lower(), attributes.get("samesite", "").lower()
    if lowered.startswith(("__host-", "__secure-")) and "secure" not in attributes:
        yield CookieProblem("prefix", name, "medium", "has a prefix that asks for Secure, so browsers drop it")
    elif lowered.startswith("__host-") and (attributes.get("path") != "/" or attributes.get("domain")):
        yield CookieProblem(
            "prefix", name, "medium", "begins with __Host- without Path=/, or with a Domain: it is dropped"
        )
    if same_site == "none" and "secure" not in attributes:
        yield CookieProblem("none", name, "medium", "has SameSite=None without Secure, so browsers drop it")
    if not cookie.is_for_sessions:
        return
    medium, low = ("medium", "low") if cookie.is_named_so else ("info", "info")
    if is_secure and "secure" not in attributes and not lowered.startswith(("__host-", "__secure-")):
        yield CookieProblem("secure", name, medium, "lacks Secure: it is sent in the clear too")
    if "httponly" not in attributes and not _FOR_SCRIPTS.search(name):
        yield CookieProblem("httponly", name, medium, "lacks HttpOnly: a script on the page can read it")
    if same_site == "none" and "partitioned" not in attributes:
        yield CookieProblem("samesite", name, low, "has SameSite=None: requests of other sites carry it")
    elif not same_site:
        yield CookieProblem("samesite", name, low, "has no SameSite: not every browser takes Lax for granted")
    if attributes.get("domain"):
        yield CookieProblem("domain", name, "info", f"is for all of {attributes['domain']}, not for this host alone")
