"""Whether an answer may be kept by caches. Pure. Source: RFC 9111, 3 and 5.2.2; OWASP ASVS 5.0, 14.2.2, 14.3.2."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["caching_problem"]

_DIRECTIVE = re.compile(r"([a-z-]+)(?:\s*=\s*\"?([^\",]*)\"?)?", re.IGNORECASE)


def caching_problem(values: Sequence[str], *, method: str) -> tuple[str, str] | None:
    """Why an answer that is for one customer may be kept: the severity's name and the reason; or None.

    Nothing keeps the answer to a POST that does not say how long it is fresh (RFC 9111, 3), so that silence is no harm.
    """
    told = ", ".join(values)
    directives = {match[1].lower(): (match[2] or "").strip() for match in _DIRECTIVE.finditer(told)}
    if "no-store" in directives:
        return None
    lasting = any(directives.get(name, "0").strip() not in ("", "0") for name in ("max-age", "s-maxage"))
    if "public" in directives or ("s-maxage" in directives and lasting):
        return "high", f"Cache-Control: {told} lets every cache on the way keep it"
    if "private" in directives or "no-cache" in directives:
        return ("low", f"Cache-Control: {told} lets the browser keep it") if lasting else None
    if lasting:
        return "medium", f"Cache-Control: {told} lets caches keep it"
    if method in ("GET", "HEAD"):
        return "low", "there is no Cache-Control, so that browsers and proxies may keep it for a while"
    return None
