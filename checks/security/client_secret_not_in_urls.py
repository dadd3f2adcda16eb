"""Client secrets in addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, trials, web


class ClientSecretNotInUrls(Check):
    """No client secret travels in an address.

    What it checks:
        Makes a payment and looks into everything that leads the customer on: the answers of the routes that create it
        and try it again, where they redirect, and the payment page when it is opened for this order. None of them may
        hold an address of the target's with a client secret in its path or query. Addresses of Stripe's own, and what
        follows a ``#``, are left out: the first are meant so, the second stays in the browser.

    Why it matters:
        Addresses are written down everywhere: in the logs of proxies and servers, in the history, in the referrer that
        other sites get, in statistics. Stripe asks not to log a client secret or put it into addresses; whoever has it
        can see the payment and act on it.

    How to fix:
        Hand it out in the body of the answer to a POST, keep it in memory, and give the page nothing but the order's
        reference. docs/fixes/api-access.md has an example.
    """

    id = "client-secret-not-in-urls"
    task = "4.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/api/payment_intents/object", "ASVS 14.2.1", "CWE-598", "CWE-200")
    max_requests = 6
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make a payment and look at where it leads."""
        payment = await trials.proven_payment(ctx)
        values = {**payment.values, "order": payment.order}
        answers = {ctx.target.route("create_payment").label: payment.answer}
        pages = trials.page_ways(ctx) if ctx.target.has("page") else ()
        for role, is_https in (("pay_retry", False), *(("page", way) for way in pages)):
            if ctx.target.has(role):
                try:
                    label = ctx.target.route(role).label + (" over TLS" if is_https else "")
                    answers[label] = await ctx.target.call(role, values, is_https=is_https)
                except TargetError:
                    continue
        for label, answer in answers.items():
            for url in found_in(answer):
                seen = ctx.evidence(f"an address in the answer of {label}", answer)
                detail = f"{label} leads the customer to {url}=…, with the client secret in the address."
                title = "A client secret is in an address"
                yield ctx.finding(title, detail, seen, route=label, discriminator=web.path_of(url))


def found_in(answer: Answer) -> list[str]:
    """Addresses with a client secret in an answer's body and in where it redirects."""
    return web.secret_urls_in(" ".join([answer.text, answer.header("location") or ""]))
