"""Cross-origin isolation of a page against Stripe's frames and windows. Pure.

Stripe's frames do not support isolated pages (docs.stripe.com/security/guide). Connect's components authenticate the
account's owner in a window that must reach the page (docs.stripe.com/connect/get-started-connect-embedded-components,
"CSP and HTTP header requirements"): ``same-origin`` severs every such window from the page that has opened it
(html.spec.whatwg.org, 7.1.3). So it does to a bank's login in Financial Connections (its deployment checklist).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

__all__ = ["isolation_problems"]

_SEVERING = ("same-origin", "noopener-allow-popups")
_OPENER, _EMBEDDER = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"


def isolation_problems(
    headers_of: Callable[[str], tuple[str, ...]], products: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Header, severity and text of what keeps Stripe's frames and windows from working; report-only headers do not."""
    embedder = _policy(headers_of(_EMBEDDER.lower()))
    if embedder in ("require-corp", "credentialless"):
        yield _EMBEDDER, "medium", "isolates the page, which Stripe's frames do not support"
    opener = _policy(headers_of(_OPENER.lower()))
    if opener in _SEVERING and "connect" in products:
        text = f"{opener} severs the window in which Connect's components authenticate; send unsafe-none on this page"
        yield _OPENER, "medium", text
    elif opener in _SEVERING:
        text = f"{opener} severs windows, such as a bank's login; same-origin-allow-popups keeps them"
        yield _OPENER, "info", text
    elif opener == "same-origin-allow-popups" and "connect" in products:
        yield _OPENER, "info", f"{opener}: Stripe asks for unsafe-none on pages with Connect's components"


def _policy(values: tuple[str, ...]) -> str:
    """What browsers take of a structured header: one item. A list of several is no item, and is passed over."""
    if len(values) != 1 or "," in values[0]:
        return ""
    return values[0].split(";")[0].strip().lower()
