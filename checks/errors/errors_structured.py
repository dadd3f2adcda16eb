"""What the target answers to requests that are wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, web

SIZE_CAP = 64 * 1024
"""An error answer has a sentence to say; no page of a framework's own is as long as this."""


class Mistake(NamedTuple):
    """A request that a client may get wrong, and the answer to it; None where none came, ``why`` says why not."""

    id: str
    title: str
    route: str
    answer: Answer | None
    why: str = ""


class ErrorsStructured(Check):
    """A wrong request gets a bounded error answer: no crash, no stack trace, no debug page.

    What it checks:
        Sends requests of the kinds that clients get wrong: a body that is no JSON, one without its fields, a method
        that the route does not have, a path and an order that do not exist. Each must be answered, below 500, shortly,
        and without a stack trace or a secret. Any 4xx will do, and HTML for what is not found; what is answered 2xx is
        not judged here. A payment made before shows that the target works at all.

    Why it matters:
        A 500 pages somebody for a typing error, hides real failures among them, and makes clients try again. A trace
        tells an attacker about versions, paths and sometimes keys.

    How to fix:
        Parse and validate the body in one place and answer 400 with a code. Turn unknown paths, methods and ids into
        404 and 405. Install one handler for all that is left: log it with its trace, answer 500 with a request id.
        Switch the framework's debug mode off. Per framework: docs/fixes/error-handling.md.
    """

    id = "errors-structured"
    task = "5.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/error-handling", "ASVS 16.5.1", "CWE-209")
    max_requests = 8
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One payment as a control, then every mistake at once."""
        await ctx.payments.new()
        mistakes = await mistaken(ctx)
        if any(one.answer and one.answer.status == 429 for one in mistakes):
            ctx.inconclusive("the target answered 429", supply="a higher rate limit for the audit")
        if not any(one.answer is None or one.answer.status >= 400 for one in mistakes):
            ctx.inconclusive("nothing that was wrong got an error answer: everything is answered below 400")
        if taken := [one.title for one in mistakes if one.answer and one.answer.is_success]:
            ctx.note(f"answered 2xx: {', '.join(taken)}")
        for one in mistakes:
            if wrong := assess(one):
                severity, title, detail = wrong
                seen = ctx.evidence(f"{one.title}: {told(one)}", one.answer)
                yield ctx.finding(title, detail, seen, severity=severity, route=one.route, discriminator=one.id)


async def mistaken(ctx: Context) -> list[Mistake]:
    """Every mistake, made."""
    create, nowhere = ctx.target.route("create_payment"), f"/{ctx.tag}-no-such-path"
    method = "PUT" if create.method != "PUT" else "PATCH"
    probe, values = Effect.PROBE, ctx.payments.fresh()
    requests = [
        ("bad-json", "a body that is no JSON", create.label, ctx.target.call(create.role, values, body=b'{"order": ')),
        ("no-fields", "a body without its fields", create.label, ctx.target.call(create.role, values, body=b"{}")),
        ("method", f"{method} instead of {create.method}", create.label, ctx.target.call(create.role, method=method)),
        ("path", "a path that does not exist", "unknown path", ctx.request("GET", nowhere, effect=probe)),
    ]
    if ctx.target.has("order"):
        label, unknown = ctx.target.route("order").label, {"order": f"{ctx.tag}-no-such-order"}
        requests.append(("order", "an order that does not exist", label, ctx.target.call("order", unknown)))
    outcomes = await asyncio.gather(*(request for *_, request in requests), return_exceptions=True)
    mistakes = []
    for (identity, title, route, _), outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, TargetError):
            raise outcome
        answer = None if isinstance(outcome, TargetError) else outcome
        mistakes.append(Mistake(identity, title, route, answer, "" if answer else str(outcome)))
    return mistakes


def told(mistake: Mistake) -> str:
    """What came of it, in a few words."""
    return f"answered {mistake.answer.status}" if mistake.answer else f"no answer ({mistake.why})"


def assess(mistake: Mistake) -> tuple[Severity, str, str] | None:
    """What is wrong with the answer to a mistake: severity, title, detail."""
    answer, begun = mistake.answer, mistake.title[0].upper() + mistake.title[1:]
    if answer is None:
        return Severity.MEDIUM, f"{begun} gets no answer", f"The connection ended without an answer: {mistake.why}"
    if web.secret_in(answer.text):
        detail = f"The {answer.status} answer holds what has the form of a secret key or a signing secret."
        return Severity.CRITICAL, f"{begun} is answered with a secret", detail
    if trace := web.stack_trace_in(answer.text):
        return Severity.MEDIUM, f"{begun} is answered with a trace", f"The {answer.status} answer shows {trace}'s own."
    if answer.status >= 500:
        detail = f"It is the client's mistake, and the answer is {answer.status}, as if the server had failed."
        return Severity.MEDIUM, f"{begun} ends in a {answer.status}", detail
    if answer.status >= 400 and (answer.truncated or len(answer.body) > SIZE_CAP):
        detail = f"The {answer.status} answer is longer than {SIZE_CAP // 1024} KiB."
        return Severity.LOW, f"{begun} gets an answer without bounds", detail
    return None
