"""Content-Security-Policy, level 3 (w3.org/TR/CSP3): parsing, matching, and what it means for Stripe.

Several policies must all allow a load. Report-only policies enforce nothing and are left out by the caller. The sources
that Stripe needs are those of docs.stripe.com/security/guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from stripe_audit.web.csp_hashes import allows_hash, allows_inline, is_proved_by_integrity
from stripe_audit.web.csp_lapses import anybodys_hosts, lapses_in
from stripe_audit.web.csp_sources import matches

__all__ = [
    "STRIPE_NEEDS",
    "BlockedSource",
    "Policy",
    "Weakness",
    "allows",
    "blocked_stripe_sources",
    "parse_policies",
    "runs_inline",
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
_LOADED_BY = {"script-src": "script-src-elem", "style-src": "style-src-elem"}
"""What an address is loaded by is an element, which has a directive of its own."""


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


def allows(
    policies: Sequence[Policy],
    url: str,
    directive: str,
    *,
    page_url: str,
    nonce: str | None = None,
    integrity: str | None = None,
) -> bool:
    """Whether every policy lets ``url`` load under a fetch directive, from a page at ``page_url``.

    ``nonce`` and ``integrity`` are those of the element that loads it.
    """
    return all(_policy_allows(policy, url, directive, page_url, nonce, integrity) for policy in policies)


def _policy_allows(
    policy: Policy, url: str, directive: str, page_url: str, nonce: str | None, integrity: str | None = None
) -> bool:
    directive = _LOADED_BY.get(directive, directive)
    governing = policy.governing(directive)
    if governing is None:
        return True
    sources = governing[1]
    if directive.startswith(("script-src", "style-src")) and nonce and nonce in _nonces(sources):
        return True
    if directive.startswith("script-src") and is_proved_by_integrity(sources, integrity):
        return True
    if directive.startswith("script-src") and _is_dynamic(sources):
        return False  # host sources are ignored; only a nonce or hash lets a script in
    return any(matches(source, url, page_url) for source in sources)


def runs_inline(policies: Sequence[Policy], text: str, *, nonce: str | None = None, is_attribute: bool = False) -> bool:
    """Whether every policy lets an inline script run, or the text of an event handler's attribute."""
    directive = "script-src-attr" if is_attribute else "script-src-elem"
    governing = [policy.governing(directive) for policy in policies]
    return all(
        allows_inline(one[1], text, is_script=True, nonce=nonce, is_attribute=is_attribute) for one in governing if one
    )


def _is_dynamic(sources: Sequence[str]) -> bool:
    return any(source.lower() == "'strict-dynamic'" for source in sources)


def _nonces(sources: Sequence[str]) -> frozenset[str]:
    return frozenset(source[7:-1] for source in sources if source.lower().startswith("'nonce-"))


_STRIPE_JS = ("script-src", "https://js.stripe.com/clover/stripe.js")
STRIPE_NEEDS: dict[str, tuple[tuple[str, str], ...]] = {
    "elements": (
        _STRIPE_JS,
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
        ("img-src", "https://files.stripe.com/"),
        ("style-src", "sha256-0hAheEzaMe6uXIKV4EehS9pu1am1lj/KnnzrOYqckXk="),
    ),
    "link": (
        ("connect-src", "https://link.com/"),
        ("connect-src", "https://checkout.link.com/"),
        ("frame-src", "https://link.com/"),
        ("frame-src", "https://checkout.link.com/"),
        ("img-src", "https://statics.link.com/"),
    ),
}
"""What each product loads: directive and an address, or the hash of an inline style (docs.stripe.com/security/guide).

Link and Connect need what Elements needs besides.
"""

RECOMMENDED = (("script-src", "https://a.js.stripe.com/"), ("frame-src", "https://a.js.stripe.com/"))
"""Recommended for speed; their absence breaks nothing."""


@dataclass(frozen=True, slots=True)
class BlockedSource:
    """A load that Stripe needs and a policy forbids; ``governed_by`` is the directive that decides."""

    directive: str
    url: str
    governed_by: str


def blocked_stripe_sources(
    policies: Sequence[Policy],
    product: str,
    page_url: str,
    *,
    script_url: str | None = None,
    nonce: str | None = None,
) -> tuple[BlockedSource, ...]:
    """What a product of Stripe needs and does not get.

    ``script_url`` and ``nonce`` are those of Stripe's script element. Without an element a script of the page fetches
    Stripe.js, which ``'strict-dynamic'`` allows. Of what Stripe loads itself only the hosts are known, not the paths.
    """
    blocked = []
    for directive, url in STRIPE_NEEDS[product]:
        is_stripe_js = (directive, url) == _STRIPE_JS
        for policy in policies:
            governing = policy.governing(_LOADED_BY.get(directive, directive))
            is_inserted = directive == "script-src" and not (is_stripe_js and script_url)
            if is_inserted and governing and _is_dynamic(governing[1]):
                continue
            if url.startswith("sha256-"):
                if governing and not allows_hash(governing[1], url, is_script=False):
                    blocked.append(BlockedSource(directive, f"'{url}'", governing[0]))
                continue
            wanted, proof = (script_url, nonce) if is_stripe_js and script_url else (url, None)
            applied = policy if wanted == script_url else _with_hosts_alone(policy)
            if not _policy_allows(applied, wanted, directive, page_url, proof):
                blocked.append(BlockedSource(directive, wanted, governing[0] if governing else directive))
    return tuple(dict.fromkeys(blocked))


def _with_hosts_alone(policy: Policy) -> Policy:
    """The policy with the paths of its sources left out."""
    return Policy({name: tuple(map(_host_alone, sources)) for name, sources in policy.directives.items()})


@lru_cache(1024)
def _host_alone(source: str) -> str:
    scheme, separator, rest = source.partition("://") if "://" in source else ("", "", source)
    return source if source.startswith("'") else scheme + separator + rest.partition("/")[0]


def slowing_sources(policies: Sequence[Policy], page_url: str) -> tuple[BlockedSource, ...]:
    """The hosts that Stripe recommends for speed and the policies forbid; nothing breaks without them."""
    return tuple(
        BlockedSource(directive, url, directive)
        for directive, url in RECOMMENDED
        if not allows(tuple(map(_with_hosts_alone, policies)), url, directive, page_url=page_url)
    )


def nonces(policies: Sequence[Policy]) -> frozenset[str]:
    """The nonces that the policies name."""
    return frozenset().union(*(_nonces(sources) for policy in policies for sources in policy.directives.values()))


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
    left_open = [set(found) | (_SCRIPTS if "scripts-free" in found else set()) for found in each]
    common = set.intersection(*left_open)
    common -= _SCRIPTS if "scripts-free" in common else set()
    named = {identity: weakness for found in reversed(each) for identity, weakness in found.items()}
    return tuple(weakness for identity, weakness in named.items() if identity in common)


_SCRIPTS = {"inline", "eval", "anywhere", "hosts", "clear"}
"""What a policy that says nothing on scripts leaves open."""


def _weaknesses(policy: Policy) -> list[Weakness]:
    found = []
    decisive = [policy.governing(name) for name in ("script-src-elem", "script-src-attr", "script-src")]
    if any(governing is None for governing in decisive):
        found.append(Weakness("scripts-free", "medium", "neither script-src nor default-src restricts scripts"))
    for name, sources in dict.fromkeys(governing for governing in decisive if governing):
        found += _script_weaknesses(name, tuple(source.lower() for source in sources))
    objects = policy.governing("object-src")
    if objects is None or not {source.lower() for source in objects[1]} <= {"'none'"}:
        found.append(Weakness("objects", "low", "plug-ins are not forbidden: object-src 'none' is missing"))
    if "base-uri" not in policy.directives:
        found.append(Weakness("base", "low", "a <base> element can redirect scripts: base-uri is missing"))
    found += [Weakness(identity, "low", text) for identity, text in lapses_in(policy.directives)]
    if "form-action" not in policy.directives:
        found.append(Weakness("forms", "info", "forms may be sent anywhere: form-action is missing"))
    return found


_LEAST_NONCE = 16
"""Characters of base64 that hold somewhat less than the 128 bits that CSP3 (7.1) asks for; 22 would hold all."""
_BROAD = frozenset(("*", "*:*", "http:", "https:", "data:", "blob:", "http://*", "https://*", "https://*:*"))


def _script_weaknesses(directive: str, sources: tuple[str, ...]) -> list[Weakness]:
    has_proof = any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)
    is_dynamic = _is_dynamic(sources)
    found = []
    if "'unsafe-inline'" in sources and not has_proof and not is_dynamic:
        found.append(Weakness("inline", "medium", f"{directive} allows 'unsafe-inline'"))
    if "'unsafe-eval'" in sources:
        found.append(Weakness("eval", "low", f"{directive} allows 'unsafe-eval'"))
    broad = [source for source in sources if source in _BROAD]
    if broad and not is_dynamic:
        found.append(Weakness("anywhere", "medium", f"{directive} allows scripts from anywhere: {' '.join(broad)}"))
    hosts = anybodys_hosts(sources)
    if hosts and not is_dynamic:
        text = f"{directive} allows hosts that serve anybody's scripts: {' '.join(hosts)}"
        found.append(Weakness("hosts", "medium", text))
    if any(source.startswith("http://") for source in sources) and not is_dynamic:
        found.append(Weakness("clear", "low", f"{directive} allows scripts over plain HTTP"))
    if any(len(source) < len("'nonce-'") + _LEAST_NONCE for source in sources if source.startswith("'nonce-")):
        found.append(Weakness("nonce-short", "low", f"{directive} has a nonce of less than {_LEAST_NONCE} characters"))
    return found
