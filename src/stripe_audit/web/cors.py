"""CORS: which origins a target lets read its answers. Source: ASVS 5.0, 3.4.2; fetch.spec.whatwg.org."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["CorsProblem", "assess_cors", "distinct", "grants_anything", "origins_to_try"]


@dataclass(frozen=True, slots=True)
class CorsProblem:
    """An origin that should not be allowed and is. ``severity`` is a name of our severities; ``kind`` is stable."""

    kind: str
    origin: str
    severity: str
    text: str


def origins_to_try(frontend_url: str | None) -> dict[str, str]:
    """Origins that a sound target does not allow, by the trick that each one is."""
    frontend = urlsplit(frontend_url or "https://shop.example.com")
    host = frontend.hostname or "shop.example.com"
    tried = {"foreign": "https://attacker.example", "null": "null", "suffix": f"https://{host}.attacker.example"}
    if frontend_url:
        place = frontend.netloc.rpartition("@")[2]
        tried["prefix"] = f"{frontend.scheme}://attacker{place}"
        tried["character"] = f"{frontend.scheme}://{place.replace('.', 'x', 1)}"
        if frontend.scheme == "https":
            tried["http"] = f"http://{place}"
    return tried


def assess_cors(kind: str, origin: str, allowed: str | None, credentials: str | None) -> CorsProblem | None:
    """Judge one answer: the two Access-Control headers that decide."""
    with_credentials = (credentials or "").strip().lower() == "true"
    if allowed is None or allowed.strip() not in ("*", origin):
        return None
    if allowed.strip() == "*":
        return None if not with_credentials else CorsProblem(kind, origin, "low", "* together with credentials")
    severity = "high" if with_credentials else "medium"
    told = " with credentials" if with_credentials else ""
    return CorsProblem(kind, origin, severity, f"the origin {origin} is allowed{told}")


def grants_anything(
    methods: str | None, headers: str | None, credentials: str | None, *, asked: tuple[str, str]
) -> bool:
    """Whether a preflight lets a page use a method and a header that nobody asks for; ``*`` is none with credentials.

    ``asked`` are that method and that header (fetch.spec.whatwg.org, 4.8).
    """
    is_wild = (credentials or "").strip().lower() != "true"
    named = [{word.strip().lower() for word in (value or "").split(",")} for value in (methods, headers)]
    return all(word.lower() in words or (is_wild and "*" in words) for word, words in zip(asked, named, strict=True))


def distinct(problems: Sequence[CorsProblem]) -> tuple[CorsProblem, ...]:
    """One problem where the target simply reflects every origin, else each."""
    kinds = {problem.kind for problem in problems}
    if "foreign" in kinds:
        return tuple(problem for problem in problems if problem.kind == "foreign")
    return tuple(problems)
