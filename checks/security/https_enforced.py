"""TLS, and what is left of plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web

LEAST_DAYS = 14
"""Certificates that renew themselves do so 30 days before their end; what has half of that left does not."""


class Problem(NamedTuple):
    """Something that is wrong; ``id`` is stable, ``answer`` shows it where an answer does."""

    id: str
    severity: Severity
    title: str
    detail: str
    answer: Answer | None = None


class HttpsEnforced(Check):
    """Payments go over TLS, and over nothing else.

    What it checks:
        Over TLS: that the certificate is trusted for the declared name and has two weeks left, that TLS 1.0 and 1.1 are
        refused, that answers of page and API carry HSTS of a year, that the page loads no script or frame in the clear.
        Over plain HTTP, where that address is declared too: the page must redirect to https or not be served; the API
        must not redirect silently, since a request that is repeated over TLS has been sent in the clear before; and
        where it is not on this machine, the API must not answer.

    Why it matters:
        Who sits between the customer and a page in the clear writes the page: Stripe.js and the card form are then
        theirs. Stripe and PCI DSS ask for TLS 1.2 or newer on payment pages.

    How to fix:
        Redirect pages (GET) from http to https with 301 or 308, answer API requests over http with 403 or not at all,
        send ``Strict-Transport-Security: max-age=31536000; includeSubDomains`` on every answer over TLS, and offer TLS
        1.2 and 1.3 only. docs/fixes/headers.md has it for each framework.
    """

    id = "https-enforced"
    task = "4.2"
    severity = Severity.HIGH
    needs = ("https",)
    effect = Effect.READ
    references = (
        "PCI DSS 4.2.1",
        "ASVS 12.1.1",
        "ASVS 12.2.1",
        "ASVS 3.4.1",
        "ASVS 4.1.2",
        "docs.stripe.com/security/guide",
    )
    max_requests = 20

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at both addresses."""
        tls = await trials.tls_of(ctx)
        has_page, secured = ctx.target.has("page"), await trials.api_answers(ctx, is_https=True)
        visit = await trials.visit(ctx) if has_page and not tls.distrust else None
        if visit and visit.is_https:
            secured["the page"] = visit.answer
        problems = [*assess_tls(tls), *assess_page(visit), *assess_hsts(secured)]
        if ctx.spec.url.startswith("http:"):
            page, api = await trials.page_in_the_clear(ctx), await trials.api_answers(ctx, is_https=False)
            problems += assess_clear(page, api, is_local=trials.is_local(ctx.spec.url))
        else:
            ctx.note("no address in plain HTTP is declared, so what it would answer was not looked at")
        if not has_page:
            ctx.note("no page is declared (target.routes.page), so only the API was looked at")
        for problem in problems:
            seen = ctx.evidence(problem.detail, problem.answer)
            yield ctx.finding(problem.title, problem.detail, seen, severity=problem.severity, discriminator=problem.id)


def assess_tls(tls: trials.Tls) -> Iterator[Problem]:
    """The certificate and the versions."""
    if tls.distrust:
        yield Problem("certificate", Severity.HIGH, "The certificate is not trusted", tls.distrust)
    if tls.days_left is not None and tls.days_left < LEAST_DAYS:
        detail = f"It ends in {max(0, int(tls.days_left))} days; nothing seems to renew it."
        yield Problem("expiry", Severity.MEDIUM, "The certificate is about to end", detail)
    if tls.old_versions:
        detail = f"{' and '.join(tls.old_versions)} are taken; browsers and PCI DSS take 1.2 and 1.3 only."
        yield Problem("old-tls", Severity.MEDIUM, "Old versions of TLS are taken", detail)


def assess_page(visit: trials.Visit | None) -> Iterator[Problem]:
    """What a page over TLS loads in the clear."""
    if visit and visit.is_https and visit.page.loads_in_the_clear:
        detail = f"The page loads {', '.join(visit.page.loads_in_the_clear[:5])}; browsers block that."
        yield Problem("mixed", Severity.MEDIUM, "The page loads scripts or frames in the clear", detail, visit.answer)


def assess_hsts(answers: Mapping[str, Answer]) -> Iterator[Problem]:
    """Strict-Transport-Security on answers over TLS; one problem for all."""
    judged = {label: web.hsts_problem(one.headers_of("strict-transport-security")) for label, one in answers.items()}
    wrong = {label: problem for label, problem in judged.items() if problem}
    if wrong:
        label, worst = max(wrong.items(), key=lambda one: Severity(one[1].severity).rank)
        detail = f"{worst.header} {worst.text}: {', '.join(wrong)}."
        yield Problem("hsts", Severity(worst.severity), "Answers over TLS do not ask for TLS", detail, answers[label])


def assess_clear(page: Answer | None, api: Mapping[str, Answer], *, is_local: bool) -> Iterator[Problem]:
    """What is answered in plain HTTP; ``is_local`` where nobody can listen, as behind a proxy on the same machine."""
    api = {label: answer for label, answer in api.items() if label != trials.NOT_FOUND}
    if page and page.is_success:
        detail = "The page is served over plain HTTP; redirect it to https, or do not serve it."
        yield Problem("page", Severity.HIGH, "The payment page is served in the clear", detail, page)
    elif page and page.is_redirect and not trials.leads_to_tls(page):
        detail = f"Over plain HTTP the page redirects to {page.header('location')}, in the clear again."
        yield Problem("page", Severity.HIGH, "The payment page stays in the clear", detail, page)
    redirected = {label: one for label, one in api.items() if one.is_redirect and trials.leads_to_tls(one)}
    if redirected:
        detail = f"What redirects over plain HTTP: {', '.join(redirected)}. Refuse instead, so that somebody notices."
        yield Problem("api-redirect", Severity.LOW, "The API redirects to TLS", detail, *list(redirected.values())[:1])
    served = {label: answer for label, answer in api.items() if answer.is_success}
    if served and not is_local:
        detail = f"Served over plain HTTP: {', '.join(served)}."
        yield Problem("api", Severity.MEDIUM, "The API is served in the clear", detail, *list(served.values())[:1])
