"""Mails as one more effect to look at, where they can be seen."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.observers.interface import Mail

__all__ = ["mails_if_seen"]


async def mails_if_seen(ctx: Context, to: str, *, within: float | None = None) -> list[Mail] | None:
    """The mails to an address as soon as there is one, or at the deadline; None where no mail sink is declared.

    For checks to which mails are a part of the picture; those that are about mails need ``observer:mail``.
    """
    try:
        ctx.mail  # noqa: B018 - raises where none is declared
    except Skip:
        return None
    return await ctx.mails(to=to, within=within)
