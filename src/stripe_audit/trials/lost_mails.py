"""Letting mails go astray while a webhook event is handled: the mail server does not answer, and then refuses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.observers.interface import Mail, eventually
from stripe_audit.stripe_backend.interface import Attempt
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.events import event_of
from stripe_audit.trials.failed_handling import HandlingFailed, is_taken, outcome_of

__all__ = ["MailLost", "lose_mail"]

_EVENT = "payment_intent.succeeded"
_FOR_AN_ANSWER_S = 1.0
"""So long the mail server says nothing: whoever acknowledges only after it has answered is known by that."""


@dataclass(frozen=True, slots=True)
class MailLost:
    """What became of an event while the mails to its customer could not be sent.

    ``is_met``: a mail was tried. ``has_waited``: the event was not acknowledged before the mail server answered.
    ``mails`` came afterwards, once they were accepted again.
    """

    is_met: bool
    has_waited: bool
    handling: HandlingFailed
    mails: tuple[Mail, ...]


async def lose_mail(ctx: Context) -> MailLost:
    """Pay an order, and keep the answer to its customer's mails back while the target is told; then refuse them once.

    A target's mails may queue behind the one that waits: whoever does this uses the target alone.
    """
    payment = await ctx.payments.paid(is_held=True)
    await settled(ctx, [payment.intent])
    before = len(ctx.mail.messages(to=payment.email))
    event = str((await event_of(ctx, payment, _EVENT))["id"])
    ctx.mail.hold(payment.email)
    try:
        releasing = asyncio.ensure_future(ctx.stripe.release(payment.intent, events=[event]))
        await asyncio.wait({releasing}, timeout=_FOR_AN_ANSWER_S)
        has_waited = not releasing.done()
        is_met = await _is_met(ctx, payment.email, releasing)
    finally:
        ctx.mail.let_go(payment.email)
    first = await releasing
    handling = await outcome_of(ctx, payment, event, first, hits=int(is_met))
    mails = await ctx.mails(to=payment.email, least=before + 1, within=ctx.patience if is_met else 0.01)
    if is_met and len(mails) > before:
        await settled(ctx, [payment.intent])
        mails = await ctx.mails(to=payment.email, least=before + 2, within=0.2)
    return MailLost(is_met, has_waited and is_met, handling, tuple(mails[before:]))


async def _is_met(ctx: Context, email: str, releasing: asyncio.Future[list[Attempt]]) -> bool:
    """Whether a mail waits. One that is sent from a queue may come a little later than the acknowledgement."""

    async def is_waiting() -> bool:
        return ctx.mail.is_waiting(email)

    is_refused = releasing.done() and not is_taken(releasing.result())
    return (await eventually(is_waiting, bool, within=0.05 if is_refused else ctx.patience))[0]
