"""Mails as one more effect to look at, where they can be seen, and what customers are told in other ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.observers.interface import Mail
from stripe_audit.observers.notifications import Notification
from stripe_audit.trials.submissions import takes

__all__ = ["are_more", "dead_links", "hears_customers", "links_in", "mails_if_seen", "said_since", "sees_mail"]

_LINK = re.compile(r"https?://\S+|(?<![\w/.])/[A-Za-z][\w./?=&%~-]*")
_MOST_LINKS = 5


async def mails_if_seen(ctx: Context, to: str, *, within: float | None = None) -> list[Mail] | None:
    """The mails to an address as soon as there is one, or at the deadline; None where no mail sink is declared.

    For checks to which mails are a part of the picture; those that are about mails need ``observer:mail``.
    """
    return await ctx.mails(to=to, within=within) if sees_mail(ctx) else None


def sees_mail(ctx: Context) -> bool:
    """Whether mails can be seen."""
    try:
        return bool(ctx.mail)
    except Skip:
        return False


def hears_customers(ctx: Context, role: str) -> bool:
    """Whether everything that a route's customer is told can be seen: mails only where the request says to whom."""
    return takes(ctx, role, "email") if sees_mail(ctx) else ctx.customers_at is not None


def said_since(now: Sequence[Mail | Notification], before: Sequence[Mail | Notification]) -> list[Mail | Notification]:
    """What a customer was told between two looks (``ctx.told``), the older of which had all that came until then."""
    mails = sum(isinstance(one, Mail) for one in before)
    return [
        *[one for one in now if isinstance(one, Mail)][mails:],
        *[one for one in now if isinstance(one, Notification)][len(before) - mails :],
    ]


def are_more(before: Sequence[object], *, by: int = 1) -> Callable[[Sequence[object]], bool]:
    """Whether there are more than before, for ``ctx.hears``."""
    return lambda now: len(now) >= len(before) + by


def links_in(mail: Mail | Notification) -> list[str]:
    """Links in a mail or a notification, and what looks like a path of the shop's."""
    return [link.rstrip(".,;>)\"'") for link in _LINK.findall(mail.body)]


async def dead_links(ctx: Context, mails: Iterable[Mail | Notification]) -> list[str]:
    """The target's own links in mails, as paths, if there are some and none of them leads anywhere."""
    origins = {ctx.spec.url: False, **({ctx.spec.https_url: True} if ctx.spec.https_url else {})}
    paths: dict[str, bool] = {}
    for link in [link for mail in mails for link in links_in(mail)][:_MOST_LINKS]:
        origin = next((one for one in origins if link.startswith(f"{one}/")), "")
        if origin or link.startswith("/"):
            paths[link.removeprefix(origin)] = origins.get(origin, ctx.spec.https_url is not None)
    answers = {path: await ctx.request("GET", path, is_https=is_https) for path, is_https in paths.items()}
    dead = [path for path, answer in answers.items() if answer.status in (404, 410) or answer.status >= 500]
    return dead if len(dead) == len(answers) else []
