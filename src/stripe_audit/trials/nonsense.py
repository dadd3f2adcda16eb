"""Requests that make no sense, for every declared route of the customer's: bogus ids, wrong types, missing fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect

__all__ = ["Answered", "is_alive", "send_nonsense"]

_IDS: Mapping[str, Any] = {
    "an id of nothing but a dot": ".",
    "an id that is null": "null",
    "an id below zero": "-1",
    "an id that climbs out of its folder": "../../../../etc/passwd",
    "an id with a NUL character": "stripe-audit\0",
    "an id with a quote": "' OR '1'='1",
    "an id of 3,000 characters": "a" * 3000,
    "an id of another alphabet": "заказ-☕-\U0001f600",
    "an id that objects have by themselves": "__proto__",
}
_DEEP = b'{"email":' * 20_000 + b"1" + b"}" * 20_000
_BODIES: Mapping[str, tuple[bytes, str]] = {
    "a body that is a number": (b"5", "application/json"),
    "a body that is a list": (b"[]", "application/json"),
    "a body without its fields": (b"{}", "application/json"),
    "numbers in place of texts": (
        json.dumps(dict.fromkeys(("email", "name", "id", "order"), 7)).encode(),
        "application/json",
    ),
    "objects in place of texts": (
        json.dumps({name: {"$ne": ""} for name in ("email", "name", "id", "order")}).encode(),
        "application/json",
    ),
    "a member that objects have by themselves": (b'{"__proto__":{"admin":true},"constructor":1}', "application/json"),
    "JSON that is nested 20,000 deep": (_DEEP, "application/json"),
    "bytes that are no text": (b"\xff\xfe\x00{", "application/json"),
    "a form in place of JSON": (b"email=a%40b&email=c", "application/x-www-form-urlencoded"),
    "a content type that does not exist": (b"{}", "audit/none; charset=none"),
}
_BY_ID = ("order", "pay_retry", "page")
_BY_BODY = ("customer", "create_payment", "pay_retry")


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one request: its route, what was wrong with it, the answer; or None and why there is none."""

    route: str
    title: str
    answer: Answer | None
    trouble: str = ""


async def send_nonsense(ctx: Context) -> list[Answered]:
    """Send each, one after the other for each route, so that what a request does to the server shows at the next."""
    found = []
    for role, title, request in _requests(ctx):
        label = ctx.target.route(role).label
        for is_last in (False, True):
            try:
                answer = await ctx.target.call(role, effect=Effect.PROBE, **request)
                found.append(Answered(label, title, answer))
                break
            except TargetError as error:
                if is_last or not await is_alive(ctx):
                    found.append(Answered(label, title, None, str(error)))
                    break
        if found[-1].answer is None and not await is_alive(ctx):
            break
    return found


def _requests(ctx: Context) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for role in _BY_ID:
        if ctx.target.has(role) and "{order}" in ctx.target.route(role).path:
            for title, value in _IDS.items():
                yield role, title, {"values": {"order": value}}
    for role in _BY_BODY:
        if ctx.target.has(role) and ctx.target.route(role).method in ("POST", "PUT", "PATCH"):
            for title, (body, kind) in _BODIES.items():
                values = {"order": f"{ctx.tag}-nonsense"}
                yield role, title, {"values": values, "body": body, "headers": {"content-type": kind}}


async def is_alive(ctx: Context) -> bool:
    """Whether the server answers anything, and its process (where the audit launched it) is there."""
    if ctx.launched is not None and not ctx.launched.is_running:
        return False
    try:
        await ctx.request("GET", f"/{ctx.tag}-is-not-here")
    except TargetError:
        return False
    return True
