"""Which scripts may run on the payment page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, trials, web

REPORT_ONLY = "content-security-policy-report-only"


class CspRestrictsScripts(Check):
    """An enforced Content-Security-Policy keeps foreign scripts off the payment page.

    What it checks:
        Opens the declared page twice and reads every enforced policy, in headers and meta elements. Together they must
        restrict scripts: no ``'unsafe-inline'`` without a nonce or hash, no source that is anywhere (``*``, ``https:``,
        ``data:``), ``object-src 'none'`` and a ``base-uri``; and a nonce must be another one each time. A report-only
        policy enforces nothing.

    Why it matters:
        A script that gets onto the payment page can show a card form of its own, and customers type into it. PCI DSS
        asks for control over the page's scripts, and SAQ A for a site that is not open to such attacks.

    How to fix:
        ``script-src 'self' https://js.stripe.com https://*.js.stripe.com`` (or a fresh nonce with
        ``'strict-dynamic'``), ``object-src 'none'``, ``base-uri 'none'``; move inline scripts to files.
        docs/fixes/csp.md has it for each framework.
    """

    id = "csp-restricts-scripts"
    task = "4.2"
    severity = Severity.MEDIUM
    needs = ("route:page",)
    effect = Effect.READ
    references = ("PCI DSS 6.4.3", "PCI DSS 11.6.1", "ASVS 3.4.3", "docs.stripe.com/security/guide", "CWE-79")
    max_requests = 8

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page twice and judge its policies."""
        visits = [await trials.visit(ctx), await trials.visit(ctx)]
        first, second = (enforced(visit) for visit in visits)
        answer, label = visits[0].answer, ctx.target.route("page").label
        reported = answer.headers_of(REPORT_ONLY)
        data = {"enforced": answer.headers_of("content-security-policy"), "meta": visits[0].page.policies}
        for weakness in assess(first, second):
            if weakness.severity == Severity.INFO:
                ctx.note(weakness.text)
                continue
            only = "; the policy that is sent is report-only" if reported and weakness.id == "absent" else ""
            seen = ctx.evidence("the page's policies", answer, data={**data, "report-only": reported})
            yield ctx.finding(
                f"The payment page's policy is {'missing' if weakness.id == 'absent' else 'weak'}",
                f"On the page {weakness.text}{only}.",
                seen,
                severity=Severity(weakness.severity),
                route=label,
                discriminator=weakness.id,
            )


def enforced(visit: trials.Visit) -> tuple[web.Policy, ...]:
    """The policies that a browser enforces on a page."""
    return web.parse_policies(visit.answer.headers_of("content-security-policy"), visit.page.policies)


def assess(first: Sequence[web.Policy], second: Sequence[web.Policy]) -> list[web.Weakness]:
    """What the policies leave open; told also by comparing two visits."""
    found = list(web.weaknesses(first))
    if web.nonces(first) & web.nonces(second):
        text = "the policy's nonce is the same at every visit, so that an injected script can carry it too"
        found.append(web.Weakness("nonce", "medium", text))
    return found
