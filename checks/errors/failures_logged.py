"""What the log tells of a request that failed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, web

CAUSES = {
    "stripe": (trials.STRIPE_SAYS, "invalid_request", "InvalidRequest", "StripeError", "req_"),
    "database": ("sqlite", "SQLITE", "locked", "OperationalError", "ECONN", "connection", "Connection", "database"),
}
"""How the cause of a failure is known in a line, by what failed: an error's type, its text, or Stripe's Request-Id."""


class Wrong(NamedTuple):
    """A flaw in what was logged."""

    id: str
    severity: Severity
    title: str
    detail: str


class FailuresLogged(Check):
    """A request that fails leaves its cause in the log, and none of it in the answer.

    What it checks:
        Has Stripe refuse a call that the target makes for a payment, and where ``target.database`` is declared, takes
        the database away while a payment is asked for. Each failure must leave a line at warning or above with its
        cause (the error's type or text, or Stripe's Request-Id) that names the order or the id which the answer gives
        the request. A failure that nobody foresaw (500) must leave a stack trace in the log, and none in the answer.
        Some line must tell how long requests take. It runs alone, so that the lines are those of its own requests.

    Why it matters:
        Without the cause a failure is reproduced in production, with customers. Without the time nobody sees that
        payments have become slow until they have stopped.

    How to fix:
        One handler for all errors that logs the error object (type, message, stack, Stripe's ``requestId``) with the
        request's id, and answers a sentence with the same id. One line per request with route, status and duration:
        most frameworks have it, switched off. Per framework: docs/fixes/outages.md.
    """

    id = "failures-logged"
    task = "5.2"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe", "observer:logs")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "faults"))
    references = (
        "docs.stripe.com/error-handling",
        "ASVS 16.2.1",
        "ASVS 16.5.1",
        "PCI DSS 10.2.1",
        "CWE-778",
        "CWE-209",
    )
    timeout = 180  # a database that is taken away by commands takes its time
    max_requests = 3
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Fail in each way, then read what was logged."""
        trials.log_mark(ctx)
        failures = [await trials.fail_without_stripe(ctx), await trials.fail_without_database(ctx)]
        if failures[1] is None:
            ctx.note("the database was not taken away: target.database is not declared")
        route = ctx.target.route("create_payment").label
        for failure in filter(None, failures):
            if failure.answer and failure.answer.is_success:
                ctx.note(f"{failure.title}: it was answered {failure.answer.status} all the same")
                continue
            for wrong in assess(failure):
                lines = [line.text[:300] for line in failure.lines[:8]]
                seen = ctx.evidence(f"{failure.title}; what was logged", failure.answer, data={"lines": lines})
                yield ctx.finding(
                    wrong.title, wrong.detail, seen, severity=wrong.severity, route=route, discriminator=wrong.id
                )


def assess(failure: trials.FailureLogged) -> list[Wrong]:
    """What is wrong with the lines about a failure, and with its answer."""
    answer, text, wrong = failure.answer, "\n".join(line.text for line in failure.lines), []
    alarming = [line for line in failure.lines if trials.sounds_alarming(line)]
    status = answer.status if answer else "nothing"
    if answer and (trace := web.stack_trace_in(answer.text)):
        detail = f"{failure.title}, and the {status} answer shows a stack trace of {trace}."
        wrong.append(Wrong(f"{failure.id} shown", Severity.MEDIUM, "A failure shows its stack trace", detail))
    if not alarming:
        detail = (
            f"{failure.title}, the answer was {status}, and none of {len(failure.lines)} lines is a warning or error."
        )
        wrong.append(
            Wrong(f"{failure.id} unlogged", Severity.MEDIUM, "A failed request leaves no line in the log", detail)
        )
    elif not any(word in text for word in CAUSES[failure.id]) and not web.stack_trace_in(text):
        detail = f"{failure.title}, and the line about it has neither the error's type nor its text nor a Request-Id."
        wrong.append(Wrong(f"{failure.id} cause", Severity.LOW, "The log does not say why a request failed", detail))
    elif not any(trials.is_named(line.text, failure.names) for line in alarming):
        detail = f"{failure.title}; the line about it has neither the order nor an id that the answer has, too."
        wrong.append(Wrong(f"{failure.id} name", Severity.LOW, "The log does not say which request failed", detail))
    if answer and answer.status == 500 and alarming and not web.stack_trace_in(text):
        detail = f"{failure.title}, which ended in a 500, and no stack trace is in the log."
        wrong.append(Wrong(f"{failure.id} trace", Severity.LOW, "An unforeseen failure leaves no stack trace", detail))
    if failure.id == "stripe" and failure.lines and not any(map(trials.is_timed, failure.lines)):
        detail = f"None of {len(failure.lines)} lines about a request has a number of milliseconds or seconds."
        wrong.append(Wrong("untimed", Severity.LOW, "The log does not say how long requests take", detail))
    return wrong
