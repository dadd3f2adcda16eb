"""The security headers of the payment page, against those that were approved."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, web

FEW = 8
"""Words of a value that is read faster than what has changed in it."""


class PageHeadersAsRecorded(Check):
    """The security headers of the payment page are those that were approved.

    What it checks:
        Opens the declared page and compares the headers that change what a browser does with it (its policies, HSTS,
        framing, referrers, permissions, isolation, CORS, reporting) with ``target.page_headers``: names and values, in
        which ``*`` stands for anything, as where a nonce is another one each time. A header that has changed, that is
        gone, or that nobody has approved is a finding. Whether the headers are any good is judged by other checks.

    Why it matters:
        A policy with one host more is how stolen card numbers leave a page, and every check of what a policy must have
        still passes. PCI DSS 11.6.1 asks to be told of changes to the security-impacting HTTP headers of payment pages
        as received by the browser, at least weekly, beside changes to their scripts.

    How to fix:
        Find out who changed the header: a release, a proxy, a CDN, or somebody else. Take it back, or let somebody
        approve the new value in ``target.page_headers``; the finding shows it. More: docs/fixes/payment-page.md.
    """

    id = "page-headers-as-recorded"
    task = "4.4"
    severity = Severity.MEDIUM
    needs = ("route:page", "page_headers")
    effect = Effect.READ
    uses = Uses()
    references = ("PCI DSS 11.6.1", "PCI DSS SAQ A r1", "ASVS 3.4.3", "CWE-693")
    max_requests = 6

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page and compare."""
        visit = await trials.visit(ctx)
        approved = ctx.project.page_headers
        found = web.deviations(visit.answer.headers_of, approved, is_secure=visit.is_https)
        now = web.recorded(visit.answer.headers_of)
        for one in found:
            seen = ctx.evidence("the page's headers as they are", visit.answer, data=now)
            told = (f"{one.header} of the payment page {told_of(one)}", detail_of(one), seen)
            yield ctx.finding(*told, route=ctx.target.route("page").label, discriminator=one.header)
        if not found:
            ctx.note(f"as approved: {', '.join(sorted(now))}")


def told_of(one: web.Deviation) -> str:
    """What has become of a header."""
    if one.approved is None:
        return "was never approved"
    return "is gone" if one.sent is None else "has changed"


def detail_of(one: web.Deviation) -> str:
    """Both values; of a long one that has changed, what was added and taken away."""
    if one.approved is None or one.sent is None:
        return f"Approved: {one.approved or 'none'}. Sent: {one.sent or 'none'}."
    before, now = one.approved.split(), one.sent.split()
    added, gone = [word for word in now if word not in before], [word for word in before if word not in now]
    if len(now) < FEW or not (added or gone):
        return f"Approved: {one.approved}. Sent: {one.sent}."
    return f"Added: {' '.join(added) or 'nothing'}. Gone: {' '.join(gone) or 'nothing'}."
