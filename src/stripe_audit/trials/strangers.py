"""Asking for a customer's payment as somebody else: without the login, the cookies or the headers of the customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect
from stripe_audit.payments import Payment
from stripe_audit.trials.together import together

__all__ = ["Seen", "ask_as_stranger", "intent_paths", "list_paths"]

_COLLECTIONS = (
    *("orders", "payments", "payment-intents", "payment_intents", "transactions", "charges", "checkouts"),
    *("customers", "invoices", "subscriptions", "admin/orders", "admin/payments"),
)
"""How APIs name what they keep of payments."""
_SINGLES = ("payment-intents", "payment_intents", "payment-intent", "payments", "intents", "payment-status")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a stranger was answered at a path."""

    path: str
    answer: Answer


def _folders(ctx: Context, *roles: str) -> list[str]:
    """Where the API of the declared routes lies: each path up to its first placeholder, and the folder above."""
    found: list[str] = []
    for role in roles:
        if ctx.target.has(role):
            fixed = ctx.target.route(role).path.split("{")[0].split("?")[0].rstrip("/")
            found += [fixed, fixed.rpartition("/")[0]]
    return [path for path in dict.fromkeys(found) if path]


def list_paths(ctx: Context) -> list[str]:
    """Where a target may list what it keeps: beside and above its declared routes."""
    folders = _folders(ctx, "order", "create_payment", "customer")
    return list(dict.fromkeys([*folders, *(f"{folder}/{name}" for folder in folders for name in _COLLECTIONS)]))[:60]


def intent_paths(ctx: Context, payment: Payment) -> list[str]:
    """Where a target may show a payment to whoever names its PaymentIntent, which is no secret."""
    intent = quote(payment.intent, safe="")
    folders = _folders(ctx, "create_payment", "order")
    paths = [f"{folder}/{intent}" for folder in folders]
    paths += [f"{folder}/{name}/{intent}" for folder in folders for name in _SINGLES]
    paths += [f"{folder}?payment_intent={intent}" for folder in folders]
    return list(dict.fromkeys(paths))[:40]


async def ask_as_stranger(
    ctx: Context, paths: Iterable[str], *, headers: Mapping[str, str] | None = None
) -> list[Seen]:
    """GET each path as nobody in particular; what is answered with 2xx."""

    async def get(path: str) -> Seen | None:
        try:
            answer = await ctx.request("GET", path, effect=Effect.READ, headers=headers)
        except TargetError:
            return None
        return Seen(path, answer) if answer.is_success else None

    return [seen for seen in await together(map(get, paths)) if seen]
