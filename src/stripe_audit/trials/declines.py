"""What a customer hears after a declined payment: the order, the answer to a second try, the page, the mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stripe_audit.context import Context
from stripe_audit.observers.interface import Mail, OrderState
from stripe_audit.payments import Payment
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.mails import mails_if_seen
from stripe_audit.trials.stripe_calls import intent_of

__all__ = ["Heard", "heard_after"]


class Heard(NamedTuple):
    """What a customer heard after a decline.

    ``reason`` is Stripe's decline code, ``is_told`` whether the order or a mail says that the payment failed, and
    ``surfaces`` what there is to read: route or mail, and its text. ``for_owner`` is what Stripe tells the account's
    owner of the decline (``outcome.seller_message``).
    """

    reason: str
    is_told: bool
    surfaces: Mapping[str, str]
    for_owner: str = ""


async def heard_after(ctx: Context, card: str) -> Heard:
    """A payment whose card is declined, and what its customer can read once the target knows."""
    payment = await ctx.payments.new()
    answer = await ctx.payments.confirm(payment, card)
    if answer.error is None or answer.state != "requires_payment_method":
        ctx.inconclusive(f"the payment with {card} is {answer.state} at Stripe, not declined")
    await settled(ctx, [payment.intent])
    _, is_told = await ctx.orders.eventually(
        payment, lambda order: order.state in (OrderState.FAILED, OrderState.CANCELED)
    )
    mails = await mails_if_seen(ctx, payment.email, within=0.5) or []
    surfaces = await read(ctx, payment) | ({"mail": text_of(mails)} if mails else {})
    charge = (await intent_of(ctx, payment)).get("latest_charge") or {}
    for_owner = str((charge.get("outcome") or {}).get("seller_message") or "") if isinstance(charge, Mapping) else ""
    reason = str(answer.error.get("decline_code") or answer.error.get("code"))
    return Heard(reason, is_told or bool(mails), surfaces, for_owner)


async def read(ctx: Context, payment: Payment) -> dict[str, str]:
    """What the declared routes show of an order to its customer."""
    values = {**payment.values, "order": payment.order, "payment_intent": payment.intent}
    shown = {}
    for role in ("order", "pay_retry", "page"):
        if ctx.target.has(role):
            is_https = role == "page" and ctx.spec.https_url is not None
            shown[role] = (await ctx.target.call(role, values, is_https=is_https)).text
    return {role: text for role, text in shown.items() if text}


def text_of(mails: Sequence[Mail]) -> str:
    """All that the mails say."""
    return "\n".join(f"{mail.subject}\n{mail.body}" for mail in mails)
