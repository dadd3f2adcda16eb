"""What is written wrongly in a policy, and hosts on which anybody may put a script. Pure.

Browsers pass over what they do not understand, so that a slip of the pen leaves something open without a word. The
hosts are among those that Google's csp-evaluator lists as ways around a policy (allowlist_bypasses, 1.1.8), chosen
for what they are: mirrors of all packages, and storage where anybody has an account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase, translate

__all__ = ["anybodys_hosts", "lapses_in"]

_KEYWORDS = frozenset(
    (
        "self",
        "none",
        "unsafe-inline",
        "unsafe-eval",
        "strict-dynamic",
        "unsafe-hashes",
        "wasm-unsafe-eval",
        "report-sample",
    )
)
_FETCHING = (
    *("child-src", "connect-src", "default-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src"),
    *("object-src", "script-src", "script-src-attr", "script-src-elem", "style-src", "style-src-attr"),
    *("style-src-elem", "worker-src"),
)
_DIRECTIVES = frozenset(
    (
        *(*_FETCHING, "base-uri", "form-action", "frame-ancestors", "report-to", "report-uri", "sandbox"),
        *("upgrade-insecure-requests", "require-trusted-types-for", "trusted-types"),
    )
)
_ANYBODYS = (
    *("cdn.jsdelivr.net", "cdnjs.cloudflare.com", "ajax.googleapis.com", "storage.googleapis.com"),
    *("raw.githubusercontent.com", "*.cloudfront.net", "*.amazonaws.com", "*.appspot.com", "*.github.io"),
)
_ONE_OF_THEM = re.compile("|".join(translate(one) for one in _ANYBODYS))


def lapses_in(directives: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Slips of the pen: a stable id, and what is wrong."""
    for name, sources in directives.items():
        lowered = [source.lower() for source in sources]
        if eaten := [source for source in lowered if source in _DIRECTIVES]:
            yield "semicolon", f"a semicolon is missing in {name} before {', '.join(eaten)}, which is not in force"
        bare = [
            source for source in lowered if source in _KEYWORDS or source.startswith(("nonce-", "sha256-", "sha512-"))
        ]
        if bare and name in (*_FETCHING, "base-uri", "form-action", "frame-ancestors"):
            yield "quotes", f"quotation marks are missing in {name} around {', '.join(bare)}, which are taken for hosts"
        if "'none'" in lowered and len(lowered) > 1:
            yield "none", f"'none' stands beside other sources in {name}, and counts for nothing"


def anybodys_hosts(sources: Sequence[str]) -> list[str]:
    """Hosts of a directive that serve what anybody has put there, as a whole; with a path they are one's own."""
    return [source for source in sources if _is_anybodys(*source.split("://", 1)[-1].partition("/")[::2])]


def _is_anybodys(host: str, path: str) -> bool:
    name = host.split(":")[0]
    if path or "." not in name:
        return False
    return bool(_ONE_OF_THEM.match(name)) or (
        name.startswith("*.") and any(fnmatchcase(one, name) for one in _ANYBODYS)
    )
