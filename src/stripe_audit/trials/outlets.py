"""The ways by which a target tells people of a payment: mails, notifications. Their answers can be kept back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.observers.interface import eventually
from stripe_audit.payments import Payment

__all__ = ["Outlet", "outlets_used"]

_NOBODY = "nobody@stripe-audit.invalid"
_WAITED_S = 1.0


class _Sink(Protocol):
    def hold(self, text: str, /) -> None: ...
    def is_waiting(self, text: str, /) -> bool: ...
    def let_go(self, text: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Outlet:
    """``word`` is what a message about a payment is known by; ``can_hold``, whether its answer can be kept back."""

    name: str
    sink: _Sink
    word: Callable[[Payment], str]
    count: Callable[[Payment], int]
    can_hold: bool


async def outlets_used(ctx: Context, payment: Payment) -> list[Outlet]:
    """Those by which the target has told of a payment: each has a second for it, where it is declared."""
    known = [*_mail(ctx), *_notifications(ctx)]

    async def used() -> list[Outlet]:
        return [outlet for outlet in known if outlet.count(payment)]

    names = {outlet.name for outlet in known}
    found, _ = await eventually(
        used, lambda some: {one.name for one in some} == names, within=min(ctx.patience, _WAITED_S)
    )
    return list({outlet.name: outlet for outlet in reversed(found)}.values())


def _mail(ctx: Context) -> list[Outlet]:
    try:
        sink = ctx.mail
    except Skip:
        return []
    try:
        sink.hold(_NOBODY)
        sink.let_go(_NOBODY)
        can_hold = True
    except Skip:  # somebody else's mail server
        can_hold = False
    return [
        Outlet(
            "mail", sink, lambda payment: payment.email, lambda payment: len(sink.messages(to=payment.email)), can_hold
        )
    ]


def _notifications(ctx: Context) -> list[Outlet]:
    """One for each word by which they may name a payment; the first that is met counts."""
    try:
        sink = ctx.notifications
    except Skip:
        return []

    def known_by(word: Callable[[Payment], str]) -> Outlet:
        return Outlet(
            "notification", sink, word, lambda payment: len(sink.messages(naming=[word(payment)])), can_hold=True
        )

    words: list[Callable[[Payment], str]] = [lambda one: one.order, lambda one: one.intent, lambda one: one.email]
    return [known_by(word) for word in words]
