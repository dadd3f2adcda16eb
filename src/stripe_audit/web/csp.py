"""Content-Security-Policy, level 3 (w3.org/TR/CSP3): parsing, matching, and what it means for Stripe.

Several policies must all allow a load. Report-only policies enforce nothing and are left out by the caller. The sources
that Stripe needs are those of docs.stripe.com/security/guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = [
    "STRIPE_NEEDS",
    "BlockedSource",
    "Policy",
    "Weakness",
    "allows",
    "blocked_stripe_sources",
    "parse_policies",
    "weaknesses",
]

_FALLBACKS = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "style-src-elem": ("style-src", "default-src"),
    "style-src-attr": ("style-src", "default-src"),
    "worker-src": ("child-src", "script-src", "default-src"),
    "frame-src": ("child-src", "default-src"),
}
_FETCH = frozenset(
    ("child-src", "connect-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src", "object-src")
) | {"script-src", "style-src", "worker-src"}
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its directives in order of first appearance; later repeats are ignored, as browsers do."""

    directives: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def governing(self, directive: str) -> tuple[str, tuple[str, ...]] | None:
        """The directive that decides and its sources, by the fallback chain; None where nothing restricts."""
        chain = (directive, *_FALLBACKS.get(directive, ("default-src",) if directive in _FETCH else ()))
        return next(((name, self.directives[name]) for name in chain if name in self.directives), None)


def parse_policies(headers: Sequence[str], meta: Sequence[str] = ()) -> tuple[Policy, ...]:
    """Every policy in header values (commas separate policies) and in meta elements, which cannot frame or report."""
    found = [_parse(text) for value in headers for text in value.split(",")]
    for text in meta:
        policy = _parse(text)
        ignored = ("frame-ancestors", "report-uri", "sandbox")
        found.append(Policy({name: v for name, v in policy.directives.items() if name not in ignored}))
    return tuple(policy for policy in found if policy.directives)


def _parse(text: str) -> Policy:
    directives: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        words = part.split()
        if words and words[0].lower() not in directives:
            directives[words[0].lower()] = tuple(words[1:])
    return Policy(directives)


def allows(policies: Sequence[Policy], url: str, directive: str, *, page_url: str, nonce: str | None = None) -> bool:
    """Whether every policy lets ``url`` load under a fetch directive, from a page at ``page_url``."""
    return all(_policy_allows(policy, url, directive, page_url, nonce) for policy in policies)


def _policy_allows(policy: Policy, url: str, directive: str, page_url: str, nonce: str | None) -> bool:
    governing = policy.governing(directive)
    if governing is None:
        return True
    sources = governing[1]
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    if directive.startswith("script-src") and "'strict-dynamic'" in [source.lower() for source in sources]:
        return False  # host sources are ignored; only a nonce or hash lets a script in
    return any(_matches(source, url, page_url) for source in sources)


def _matches(source: str, url: str, page_url: str) -> bool:
    """CSP3 §6.7.2: does a source expression match a URL?"""
    target, page = urlsplit(url), urlsplit(page_url)
    lowered = source.lower()
    if lowered == "*":
        return target.scheme in ("http", "https", "ws", "wss") or target.scheme == page.scheme
    if lowered == "'self'":
        same_host = (target.hostname or "") == (page.hostname or "")
        same_port = _port(target) == _port(page) or {_port(target), _port(page)} <= {80, 443}
        return same_host and same_port and _scheme_fits(page.scheme, target.scheme)
    if lowered.startswith("'"):
        return False
    if lowered.endswith(":") and "/" not in lowered:
        return _scheme_fits(lowered[:-1], target.scheme)
    return _host_matches(source, url, page.scheme)


def _port(parts: object) -> int | None:
    port: int | None = getattr(parts, "port", None)
    return port or _PORTS.get(getattr(parts, "scheme", ""))


def _scheme_fits(declared: str, actual: str) -> bool:
    """A scheme matches itself and its secure form (CSP3 scheme-part match)."""
    upgrades = {"http": ("http", "https"), "ws": ("ws", "wss", "http", "https"), "wss": ("wss", "https")}
    return actual in upgrades.get(declared, (declared,))


def _host_matches(source: str, url: str, page_scheme: str) -> bool:
    scheme, _, rest = source.rpartition("://")
    target = urlsplit(url)
    if not _scheme_fits((scheme or page_scheme).lower(), target.scheme):
        return False
    authority, slash, path = rest.partition("/")
    host, _, port = authority.partition(":")
    actual = (target.hostname or "").lower()
    if host.startswith("*."):
        if not actual.endswith(host[1:].lower()):
            return False
    elif host != "*" and actual != host.lower():
        return False
    if port != "*" and (int(port) if port.isdecimal() else _PORTS.get(target.scheme)) != _port(target):
        return False
    wanted = slash + path
    if wanted in ("", "/"):
        return True
    return target.path.startswith(wanted) if wanted.endswith("/") else target.path == wanted


STRIPE_NEEDS: dict[str, tuple[tuple[str, str], ...]] = {
    "elements": (
        ("script-src", "https://js.stripe.com/clover/stripe.js"),
        ("frame-src", "https://js.stripe.com/"),
        ("frame-src", "https://hooks.stripe.com/"),
        ("connect-src", "https://api.stripe.com/"),
    ),
    "checkout": (
        ("connect-src", "https://checkout.stripe.com/"),
        ("frame-src", "https://checkout.stripe.com/"),
        ("script-src", "https://checkout.stripe.com/"),
        ("img-src", "https://files.stripe.com/"),
    ),
    "connect": (
        ("frame-src", "https://connect-js.stripe.com/"),
        ("frame-src", "https://js.stripe.com/"),
        ("script-src", "https://connect-js.stripe.com/"),
        ("script-src", "https://js.stripe.com/"),
    ),
    "link": (("connect-src", "https://link.com/"), ("frame-src", "https://link.com/")),
}
"""What each product loads: directive and an address (docs.stripe.com/security/guide)."""

RECOMMENDED = (("script-src", "https://a.js.stripe.com/"), ("frame-src", "https://a.js.stripe.com/"))
"""Recommended for speed; their absence breaks nothing."""


@dataclass(frozen=True, slots=True)
class BlockedSource:
    """A load that Stripe needs and a policy forbids; ``governed_by`` is the directive that decides."""

    directive: str
    url: str
    governed_by: str


def blocked_stripe_sources(
    policies: Sequence[Policy], product: str, page_url: str, *, nonce: str | None = None
) -> tuple[BlockedSource, ...]:
    """What a product of Stripe needs and does not get. ``nonce`` is that of Stripe's script element, if it has one."""
    blocked = []
    for directive, url in STRIPE_NEEDS[product]:
        for policy in policies:
            used = nonce if directive == "script-src" else None
            if not _policy_allows(policy, url, directive, page_url, used):
                governing = policy.governing(directive)
                blocked.append(BlockedSource(directive, url, governing[0] if governing else directive))
    return tuple(dict.fromkeys(blocked))


@dataclass(frozen=True, slots=True)
class Weakness:
    """A way around a policy. ``severity`` is a name of our severities; ``id`` is stable."""

    id: str
    severity: str
    text: str


def weaknesses(policies: Sequence[Policy]) -> tuple[Weakness, ...]:
    """What the policies together leave open. None at all is one weakness."""
    if not policies:
        return (Weakness("absent", "medium", "there is no enforced Content-Security-Policy"),)
    each = [{weakness.id: weakness for weakness in _weaknesses(policy)} for policy in policies]
    common = set.intersection(*(set(found) for found in each))
    return tuple(each[0][identity] for identity in each[0] if identity in common)


def _weaknesses(policy: Policy) -> list[Weakness]:
    found = []
    governing = policy.governing("script-src")
    if governing is None:
        found.append(Weakness("scripts-free", "medium", "neither script-src nor default-src restricts scripts"))
    else:
        found += _script_weaknesses(governing[0], tuple(source.lower() for source in governing[1]))
    objects = policy.governing("object-src")
    if objects is None or not set(objects[1]) <= {"'none'"}:
        found.append(Weakness("objects", "low", "plug-ins are not forbidden: object-src 'none' is missing"))
    if "base-uri" not in policy.directives:
        found.append(Weakness("base", "low", "a <base> element can redirect scripts: base-uri is missing"))
    if "form-action" not in policy.directives:
        found.append(Weakness("forms", "low", "forms may be sent anywhere: form-action is missing"))
    return found


def _script_weaknesses(directive: str, sources: tuple[str, ...]) -> list[Weakness]:
    has_proof = any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)
    is_dynamic = "'strict-dynamic'" in sources and has_proof
    found = []
    if "'unsafe-inline'" in sources and not has_proof:
        found.append(Weakness("inline", "medium", f"{directive} allows 'unsafe-inline'"))
    if "'unsafe-eval'" in sources:
        found.append(Weakness("eval", "low", f"{directive} allows 'unsafe-eval'"))
    broad = [
        source for source in sources if source in ("*", "http:", "https:", "data:", "blob:", "http://*", "https://*")
    ]
    if broad and not is_dynamic:
        found.append(Weakness("anywhere", "medium", f"{directive} allows scripts from anywhere: {' '.join(broad)}"))
    return found
