"""Security headers of the page and of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web


class Sample(NamedTuple):
    """An answer, by the name of what it is; ``is_page`` for what customers look at, with Stripe's ``products``."""

    label: str
    answer: Answer
    is_page: bool
    products: tuple[str, ...] = ()


class SecurityHeadersSet(Check):
    """The payment page and the API carry the headers that keep browsers from being used against customers.

    What it checks:
        Looks at the declared page (over TLS where that is declared), at answers of the API and at an answer to an
        address that does not exist. Everything must say ``X-Content-Type-Options: nosniff``; the page must also forbid
        framing by other sites and send a Referrer-Policy, and must not isolate itself with
        Cross-Origin-Embedder-Policy, which Stripe's frames do not support. A page with Connect's components must not
        sever their windows (Cross-Origin-Opener-Policy). No answer should tell versions of what it is made with. What
        the Content-Security-Policy allows, HSTS, cookies and caching have checks of their own.

    Why it matters:
        A payment page in another site's frame has its buttons clicked by customers who see something else. Answers
        whose type is guessed can be run as scripts. Addresses of payment pages carry orders and secrets, which the
        referrer hands to others.

    How to fix:
        Set the headers in one place for every answer, errors too: ``X-Content-Type-Options: nosniff``,
        ``X-Frame-Options: DENY`` with ``frame-ancestors 'none'``, ``Referrer-Policy: strict-origin-when-cross-origin``,
        ``Cross-Origin-Opener-Policy: same-origin-allow-popups`` (none at all on pages with Connect's components).
        docs/fixes/headers.md has it for each framework.
    """

    id = "security-headers-set"
    task = "4.2"
    severity = Severity.MEDIUM
    effect = Effect.READ
    references = (
        "ASVS 3.4.4",
        "ASVS 3.4.5",
        "ASVS 3.4.6",
        "ASVS 3.4.8",
        "docs.stripe.com/security/guide",
        "docs.stripe.com/connect/get-started-connect-embedded-components",
        "ASVS 13.4.6",
        "CWE-1021",
        "CWE-693",
        "CWE-200",
    )
    max_requests = 36

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at the page and at the API."""
        samples = [Sample(label, answer, False) for label, answer in (await trials.api_answers(ctx)).items()]
        if ctx.target.has("page"):
            visit = await trials.visit(ctx, with_scripts=True)
            products = web.products_of(visit.page, visit.texts)
            samples.insert(0, Sample(ctx.target.route("page").label, visit.answer, True, products))
        for header, wrong in assess(samples).items():
            worst = max((Severity(problem.severity) for _, problem in wrong), key=lambda severity: severity.rank)
            told = [f"{sample.label}: {header} {problem.text}" for sample, problem in wrong]
            if worst is Severity.INFO:
                ctx.note("; ".join(told))
                continue
            seen = [ctx.evidence(text, sample.answer) for text, (sample, _) in zip(told, wrong, strict=True)]
            whose = "of the payment page " if wrong[0][0].is_page and header != "Server" else ""
            title = "Answers tell versions" if header == "Server" else f"{header} {whose}is missing or wrong"
            yield ctx.finding(title, f"{'; '.join(told)}.", *seen, severity=worst, discriminator=header)
        if not ctx.target.has("page"):
            ctx.inconclusive("no page is declared, only the API was looked at", supply="target.routes.page")


def assess(samples: Sequence[Sample]) -> dict[str, list[tuple[Sample, web.HeaderProblem]]]:
    """What is wrong, by header."""
    found: dict[str, list[tuple[Sample, web.HeaderProblem]]] = {}
    for sample in samples:
        for problem in web.header_problems(sample.answer.headers_of, is_page=sample.is_page, products=sample.products):
            found.setdefault(problem.header, []).append((sample, problem))
    return found
