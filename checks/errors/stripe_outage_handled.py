"""What the target does while Stripe fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, Uses, trials, web

INTERNALS = ("ECONNRESET", "ECONNREFUSED", "HTTPConnectionPool", "ConnectionError", "StripeAPIError", "socket hang up")
"""What libraries say to developers of a connection that broke, or of an error of Stripe's."""


class Wrong(NamedTuple):
    """A flaw that an outage showed; ``detail`` tells what was seen in it."""

    id: str
    severity: Severity
    title: str
    detail: str


class StripeOutageHandled(Check):
    """While Stripe fails, customers get a clear answer at once, and can pay as soon as it is well again.

    What it checks:
        Makes the target's own call fail while it creates a payment: Stripe answers 500 or 429, resets the connection,
        sends broken JSON, or is slow. The target must answer something else than 2xx, and show no trace, no secret and
        no error text of Stripe's or of a library. Its order must not count as paid, its process must go on, and with
        Stripe slow, requests that do not need it must be answered meanwhile. Afterwards the same order must be
        payable. What is answered 4xx is a note. How long a customer waits is for stripe-silence-bounded to say.

    Why it matters:
        Stripe has outages, and every network has. A 2xx with no payment in it shows the customer an empty form or a
        thank-you; a blocked server takes the whole shop down with the payments; a trace hands out keys and paths.

    How to fix:
        Catch the SDK's error at the route: answer 503 with ``Retry-After`` and a sentence, and log type and
        ``Request-Id``. Set a timeout of a few seconds and one or two retries, with an idempotency key of the order's.
        Call Stripe with the async client, or in a thread. Per framework: docs/fixes/error-handling.md.
    """

    id = "stripe-outage-handled"
    task = "5.1"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "faults"))
    references = ("docs.stripe.com/error-handling", "docs.stripe.com/rate-limits", "ASVS 16.5.2", "CWE-209", "CWE-755")
    max_requests = 80
    max_objects = 13

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Try every outage; one finding for each flaw, whichever outages showed it."""
        tried = await trials.try_outages(ctx)
        survived = [seen for seen in tried if seen.hits]
        if not survived:
            ctx.inconclusive("none of the target's calls to Stripe could be made to fail")
        for seen in survived:
            if seen.answer and 400 <= seen.answer.status < 500 and seen.answer.status != 429:
                ctx.note(f"when {seen.outage.title}, the answer is {seen.answer.status}, as if the customer had erred")
        route = ctx.target.route("create_payment").label
        if ctx.launched is not None and not ctx.launched.is_running:
            detail = f"The process has ended with code {ctx.launched.exit_code} since the first call to Stripe failed."
            yield ctx.finding("A failure at Stripe ends the server", detail, route=route, discriminator="ended")
        flaws: dict[str, list[tuple[Wrong, trials.Survived]]] = {}
        for seen in survived:
            for wrong in assess(seen):
                flaws.setdefault(wrong.id, []).append((wrong, seen))
        for identity, shown in flaws.items():
            evidence = [ctx.evidence(wrong.detail, evident(wrong, seen)) for wrong, seen in shown]
            detail = " ".join(wrong.detail for wrong, _ in shown)
            worst = max((wrong for wrong, _ in shown), key=lambda wrong: wrong.severity.rank)
            yield ctx.finding(
                worst.title, detail, *evidence, severity=worst.severity, route=route, discriminator=identity
            )


def evident(wrong: Wrong, seen: trials.Survived) -> Answer | None:
    """The answer that shows the flaw."""
    return seen.later if wrong.id in ("not-recovered", "order-stuck") else seen.answer


def assess(seen: trials.Survived) -> list[Wrong]:
    """What is wrong with how one outage went."""
    answer, when = seen.answer, f"When {seen.outage.title},"
    wrong = []
    if answer is None:
        title = "A failure at Stripe leaves the customer without an answer"
        wrong.append(Wrong("no-answer", Severity.HIGH, title, f"{when} there is no answer: {seen.why}."))
    elif answer.is_success and not seen.is_offered:
        detail = f"{when} the answer is {answer.status}, with no payment in it that Stripe knows."
        wrong.append(Wrong("answered-ok", Severity.HIGH, "A failure at Stripe is answered as a success", detail))
    if answer is not None:
        wrong += shown_in(answer.text, when)
    if seen.is_sold:
        detail = f"{when} no payment is made, and the order counts as paid or is handed over."
        wrong.append(Wrong("sold", Severity.CRITICAL, "An order is sold though Stripe cannot be asked", detail))
    if not seen.is_paid and seen.is_new_paid:
        detail = f"{when} the order cannot be paid afterwards ({seen.later_told}), while a new one can."
        wrong.append(Wrong("order-stuck", Severity.MEDIUM, "An outage ends an order for good", detail))
    elif not seen.is_paid:
        detail = f"{when} and is well again, no payment can be made ({seen.later_told})."
        wrong.append(Wrong("not-recovered", Severity.HIGH, "The target does not recover from an outage", detail))
    if seen.is_stalled:
        detail = f"{when} a request that needs no Stripe waits as well, for {seen.silence_s:.1f} s."
        wrong.append(Wrong("stalled", Severity.MEDIUM, "One slow call to Stripe stops the whole server", detail))
    return wrong


def shown_in(text: str, when: str) -> Sequence[Wrong]:
    """What the answer shows that is not meant for customers: the worst of it."""
    if web.secret_in(text):
        return [Wrong("secret", Severity.CRITICAL, "An outage shows a secret", f"{when} the answer holds a secret.")]
    if trace := web.stack_trace_in(text):
        detail = f"{when} the answer shows a stack trace of {trace}."
        return [Wrong("trace", Severity.MEDIUM, "An outage shows a stack trace", detail)]
    if told := next((words for words in (trials.STRIPE_SAYS, *INTERNALS) if words in text), None):
        detail = f"{when} the answer holds {'the text of its error' if told == trials.STRIPE_SAYS else repr(told)}."
        return [Wrong("internals", Severity.LOW, "An outage shows internals", detail)]
    return []
