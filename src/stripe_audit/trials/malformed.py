"""Requests for a payment that no target should take: what is missing, of the wrong type, out of range, or hostile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_audit.context import Context
from stripe_audit.models import Effect
from stripe_audit.trials.alterations import Alteration, Altered, Change, request_altered, value_in_place
from stripe_audit.trials.submissions import takes

__all__ = ["malformed_requests", "send_malformed"]

_OVERSIZED = 2 * 1024 * 1024
_HUGE = 10**20
"""More than 64 bits hold, and more than Stripe charges (docs.stripe.com/currencies)."""
_SQL, _HTML = "' OR '1'='1' --", "<script>alert(1)</script>"
_WORDS: Mapping[str, Mapping[str, tuple[str, Any]]] = {
    "item": {
        "missing": ("without an article", None),
        "unknown": ("for an article that does not exist", "stripe-audit-no-such-article"),
        "object": ("with an object in place of the article", {"$ne": ""}),
        "list": ("with a list in place of the article", ["stripe-audit", 1]),
        "sql": ("with SQL in place of the article", _SQL),
        "html": ("with HTML in place of the article", _HTML),
        "nul": ("with a NUL character in the article", "stripe-audit\0"),
        "oversized": ("with two megabytes in place of the article", "x" * _OVERSIZED),
    },
    "quantity": {
        "word": ("with a word in place of the quantity", "many"),
        "object": ("with an object in place of the quantity", {"$gt": 0}),
        "zero": ("for a quantity of 0", 0),
        "negative": ("for a negative quantity", -1),
        "fraction": ("for a quantity of 1.5", 1.5),
        "huge": ("for a quantity of 10^20", _HUGE),
    },
    "amount": {
        "word": ("with a word in place of the amount", "much"),
        "zero": ("for an amount of 0", 0),
        "negative": ("for a negative amount", -1000),
        "huge": ("for an amount of 10^20", _HUGE),
    },
    "currency": {
        "unknown": ("in a currency that does not exist", "zzz"),
        "object": ("with an object in place of the currency", {"$ne": ""}),
        "sql": ("with SQL in place of the currency", _SQL),
    },
    "email": {
        "object": ("with an object in place of the e-mail address", {"$ne": ""}),
        "sql": ("with SQL in place of the e-mail address", _SQL),
        "html": ("with HTML in place of the e-mail address", _HTML),
    },
    "order": {
        "object": ("with an object in place of the order", {"$ne": ""}),
        "sql": ("with SQL in place of the order", _SQL),
    },
}
"""By the word of the body template that they concern; each with the end of the sentence "a request …"."""


def _whole(body: Any) -> Alteration:
    return lambda template, values: (dict(values), body)


async def send_malformed(ctx: Context) -> list[Altered]:
    """Send those that fit the declared request. What got no answer or 5xx is sent once more, and that answer counts."""
    altered = await request_altered(ctx, malformed_requests(ctx), effect=Effect.PROBE)
    shaky = [one.change for one in altered if not one.made and (one.answer is None or one.answer.status >= 500)]
    again = {one.change.id: one for one in await request_altered(ctx, shaky, effect=Effect.PROBE)} if shaky else {}
    return [again.get(one.change.id, one) for one in altered]


def malformed_requests(ctx: Context) -> list[Change]:
    """Those that fit the declared request. Empty where it carries nothing that could be malformed."""
    return [*_words(ctx), *_bodies(ctx)]


def _words(ctx: Context) -> Iterator[Change]:
    for word, cases in _WORDS.items():
        if takes(ctx, "create_payment", word):
            for case, (title, value) in cases.items():
                yield Change(f"{word}-{case}", title, word, value_in_place(word, value))


def _bodies(ctx: Context) -> Iterator[Change]:
    """Bodies that are no request at all, where the declared one is JSON."""
    route = ctx.target.route("create_payment")
    kinds = [value for name, value in route.headers.items() if name.lower() == "content-type"]
    if isinstance(route.body, Mapping) and route.body and "json" in (*kinds, "json")[0]:
        yield Change("body-broken", "that is not valid JSON", "", _whole(b'{"item": '))
        yield Change("body-null", "that is null in JSON", "", _whole(b"null"))
        yield Change("body-list", "that is a list in JSON", "", _whole(b"[]"))
        yield Change("body-empty", "without a body", "", _whole(b""))
