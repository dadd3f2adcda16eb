"""Stripe.js in a page: whether a script is a copy of it, and which script fetches it from Stripe. Pure.

Stripe.js must come from js.stripe.com each time (docs.stripe.com/security/guide): a copy misses its updates and moves
the page into another scope of PCI DSS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from stripe_audit.web.html import Page

__all__ = ["embeds_checkout", "fetches_stripe_js", "holds_stripe_js", "is_loader", "products_of"]

_MARKS = (
    "__privateStripeFrame",
    "__privateStripeController",
    "__privateStripeMetricsController",
    "__PrivateStripeElement",
    "elements-inner-",
)
"""Names that Stripe.js gives to the frames and elements that it makes, as they are seen in pages with it. An app that
tidies such frames up knows one or two."""
_EMBEDDED = re.compile(r"\b(?:initEmbeddedCheckout|initCheckout|EmbeddedCheckoutProvider)\b")


def holds_stripe_js(text: str, *, is_named_like_it: bool = False) -> bool:
    """Whether a script's text holds Stripe.js itself; less proof is needed where the file is named like it."""
    return sum(mark in text for mark in _MARKS) >= (1 if is_named_like_it else 3)


def fetches_stripe_js(text: str) -> bool:
    """Whether a script names the address of Stripe.js, as Stripe's loader on npm does."""
    return "https://js.stripe.com" in text


def is_loader(url: str) -> bool:
    """Whether an address is that of Stripe's loader on a mirror of npm: it fetches Stripe.js from Stripe."""
    return "/@stripe/stripe-js" in url


_CONNECT = re.compile(r"\bloadConnectAndInitialize\b|connect-js\.stripe\.com|@stripe/connect-js\b")
_LINK = re.compile(r"""\.create\(\s*["'`]linkAuthentication["'`]|\bLinkAuthenticationElement\b""")
_ALL_ELEMENTS = ("linkAuthentication", "cardNumber", "expressCheckout")
"""What react-stripe-js brings into every bundle, whichever of its components the page uses."""


def products_of(page: Page, texts: Iterable[str]) -> tuple[str, ...]:
    """Which of Stripe's products a page uses, by their names in STRIPE_NEEDS; Elements in any case.

    In a script that holds the whole of react-stripe-js only a call tells of Link, and nothing of Checkout.
    """
    everything = [*(script.text for script in page.scripts), *(script.src or "" for script in page.scripts), *texts]
    return ("elements", *(name for name, is_used in _USES if any(is_used(text) for text in everything)))


def _has_all_elements(text: str) -> bool:
    return all(name in text for name in _ALL_ELEMENTS)


def _uses_link(text: str) -> bool:
    return any(match[0][0] == "." or not _has_all_elements(text) for match in _LINK.finditer(text))


def _embeds(text: str) -> bool:
    return bool(_EMBEDDED.search(text)) and not _has_all_elements(text)


_USES: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("checkout", _embeds),
    ("connect", _CONNECT.search),
    ("link", _uses_link),
)


def embeds_checkout(page: Page, texts: Iterable[str]) -> bool:
    """Whether a page embeds Stripe's Checkout, which loads more than Stripe.js does."""
    return any(map(_embeds, (*(script.text for script in page.scripts), *texts)))
