"""What the target's log says of a request that fails for a reason of its own, and of every request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Skip, TargetError
from stripe_audit.observers.interface import LogLine
from stripe_audit.trials.logged import is_alarming
from stripe_audit.trials.outages import STRIPE_SAYS, learn_creation

__all__ = ["FailureLogged", "fail_without_database", "fail_without_stripe", "is_timed", "sounds_alarming"]

_ALARMING = re.compile(r"\b(?:err(?:or)?|warn(?:ing)?|exception|traceback|fail(?:ed|ure)?|fatal)\b", re.IGNORECASE)
_TIME_FIELD = re.compile(r"(?:^|_)(?:ms|duration|elapsed|took|latency|responsetime|time_?(?:taken|ms)|seconds)(?:_|$)")
_TIME_TEXT = re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|µs|us|msec|s|sec|seconds)\b")
_IDENTITIES = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "x-trace-id", "cf-ray")


@dataclass(frozen=True, slots=True)
class FailureLogged:
    """A request that could not be served: its answer (None for none), and the lines that were logged meanwhile.

    ``names`` are what the request can be known by: the order, and the id that the answer gives it.
    """

    id: str
    title: str
    answer: Answer | None
    lines: tuple[LogLine, ...]
    names: frozenset[str]


async def fail_without_stripe(ctx: Context) -> FailureLogged:
    """Ask for a payment that Stripe refuses to make. The lines are not told apart: use the target alone.

    Stripe refuses the call's form (400), as after a change of the account or of the app: no library repeats that.
    """
    creation = await learn_creation(ctx)
    refusal = {"kind": "status", "status": 400, "type": "invalid_request_error", "message": STRIPE_SAYS}
    async with await ctx.stripe.fault(refusal, method="POST", path=creation.path):
        return await _ask(ctx, "stripe", "Stripe refuses a call")


async def fail_without_database(ctx: Context) -> FailureLogged | None:
    """Ask for a payment while the database is gone, the target alone; None where it cannot be taken away."""
    try:
        database = ctx.database
    except Skip:
        return None
    async with database.away():
        return await _ask(ctx, "database", "The database is gone")


async def _ask(ctx: Context, identity: str, title: str) -> FailureLogged:
    values, mark = ctx.payments.fresh(), ctx.logs.mark()
    try:
        answer = await ctx.target.call("create_payment", values, timeout=ctx.answer_within)
    except TargetError:
        answer = None
    await ctx.log_lines(mark, sounds_alarming)
    await ctx.log_lines(mark, is_timed, within=0.1)
    given = {answer.header(name) for name in _IDENTITIES} if answer else set()
    names = frozenset({str(values["order"]), *(name for name in given if name)})
    return FailureLogged(identity, title, answer, tuple(ctx.logs.since(mark)), names)


def sounds_alarming(line: LogLine) -> bool:
    """Whether somebody should look at the line: by its level, or by its words where it has none."""
    return is_alarming(line) or (not line.level and bool(_ALARMING.search(line.text)))


def is_timed(line: LogLine) -> bool:
    """Whether a line says how long something took: a number in a field that is called so, or in words."""
    return _has_time(line.fields) if line.fields is not None else bool(_TIME_TEXT.search(line.text))


def _has_time(fields: Mapping[str, Any]) -> bool:
    for name, value in fields.items():
        spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and (_TIME_FIELD.search(spelt) or _TIME_FIELD.search(spelt.replace("_", ""))):
            return True
        if isinstance(value, str) and name != "time" and _TIME_TEXT.search(value):
            return True
        if isinstance(value, Mapping) and _has_time(value):
            return True
    return False
