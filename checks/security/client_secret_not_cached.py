"""Answers with a client secret, and caches."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, trials, web


class ClientSecretNotCached(Check):
    """Answers that carry a client secret are kept by no cache.

    What it checks:
        Makes a payment, and reads ``Cache-Control`` of every answer that holds its client secret: the one that creates
        it, the one that tries it again, the payment page opened for this order. ``no-store`` is right; ``public`` and
        ``s-maxage`` hand one customer's secret to the next. An answer to a POST that says nothing is kept by nobody
        (RFC 9111) and is noted; a page that is got by GET has to say something.

    Why it matters:
        A content network or a shared proxy that keeps the answer gives one customer's payment to another: a wrong
        amount, somebody else's order, a stranger's card. On a shared computer the browser's cache keeps it.

    How to fix:
        ``Cache-Control: no-store`` on every answer of the API that is for one customer, and on the payment page; leave
        these paths out of the content network's rules. docs/fixes/headers.md has it for each framework.
    """

    id = "client-secret-not-cached"
    task = "4.2"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "RFC 9111",
        "ASVS 14.2.2",
        "ASVS 14.3.2",
        "docs.stripe.com/api/payment_intents/object",
        "CWE-525",
        "CWE-524",
    )
    max_requests = 4
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make a payment, and read what is said of keeping it."""
        payment = await trials.proven_payment(ctx)
        route = ctx.target.route("create_payment")
        answers: list[tuple[str, str, Answer]] = [(route.label, route.method, payment.answer)]
        for role in ("pay_retry", "page"):
            if ctx.target.has(role):
                again, values = ctx.target.route(role), {**payment.values, "order": payment.order}
                try:
                    over_tls = role == "page" and bool(ctx.spec.https_url)
                    answer = await ctx.target.call(role, values, is_https=over_tls)
                except TargetError:
                    continue
                if "_secret_" in answer.text:
                    answers.append((again.label, again.method, answer))
        for label, method, answer in answers:
            problem = web.caching_problem(answer.headers_of("cache-control"), method=method)
            if problem:
                severity, reason = problem
                detail = f"The answer of {label} holds a client secret, and {reason}."
                seen = ctx.evidence(reason, answer)
                told = ("An answer with a client secret may be kept", detail, seen)
                yield ctx.finding(*told, severity=Severity(severity), route=label, discriminator="cache")
            elif not answer.header("cache-control"):
                ctx.note(f"{label} sends no Cache-Control; no-store says what is meant")
