"""Answers, altered requests and visits as the judging parts of the security checks get them."""

from __future__ import annotations

from typing import Any

from stripe_audit import trials
from stripe_audit.deployment.transport import Answer
from stripe_audit.web import parse_page
from tests.checks.modules import answered

PAGE = "https://shop.test/checkout"


def changed(identity: str, *made: tuple[int, str], status: int | None = 400, refused: Any = ()) -> trials.Altered:
    """What came of an altered request: the PaymentIntents that were made, those that Stripe refused, the answer."""
    word = identity.partition("-")[0] if identity.partition("-")[0] in WORDS else ""
    change = trials.Change(identity, identity, word, trials.value_in_place(word, None))
    asked = [trials.Asked(*terms, is_made=True) for terms in made]
    asked += [trials.Asked(*terms, is_made=False) for terms in refused]
    answer = None if status is None else answered(status)
    return trials.Altered(change, answer, tuple(asked), "" if answer else "the connection was reset")


WORDS = ("item", "quantity", "amount", "currency", "email", "order")


def visited(html: str, scripts: dict[str, str] | None = None, missing: tuple[str, ...] = (), **headers: str):
    """A visit of a page over TLS, with the scripts that the target serves."""
    answer: Answer = answered(200, html, "text/html", PAGE, **headers)
    own = {url: answered(200, text, "text/javascript", url) for url, text in (scripts or {}).items()}
    return trials.Visit(answer, parse_page(html, PAGE), True, own, missing)
