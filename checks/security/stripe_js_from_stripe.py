"""Where Stripe.js comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web


class Problem(NamedTuple):
    """Something that is wrong with a script of the page."""

    id: str
    severity: Severity
    title: str
    detail: str
    answer: Answer | None = None


class StripeJsFromStripe(Check):
    """Stripe.js is fetched from js.stripe.com, and from nowhere else.

    What it checks:
        Lists the scripts of the declared page, and looks into those that the target serves. Stripe.js must come from
        ``https://js.stripe.com``, by an element or through Stripe's loader; no script of the target's own may hold a
        copy (known by the names that Stripe.js gives to its frames), no script of that name may come from another host,
        and its element must not carry ``integrity``. The page's script hosts are noted, for the inventory that PCI DSS
        6.4.3 asks for.

    Why it matters:
        Stripe.js keeps card data out of your page, and it changes without notice: a copy stops working or misses a fix,
        and moves the page out of the scope for which SAQ A was meant. With ``integrity`` the page breaks at Stripe's
        next release.

    How to fix:
        ``<script src="https://js.stripe.com/clover/stripe.js">`` without ``integrity``, or ``loadStripe`` from
        ``@stripe/stripe-js``. Exclude it from bundling and from asset mirrors.
    """

    id = "stripe-js-from-stripe"
    task = "4.3"
    severity = Severity.HIGH
    needs = ("route:page",)
    effect = Effect.READ
    references = ("docs.stripe.com/security/guide", "PCI DSS 6.4.3", "ASVS 3.6.1")
    max_requests = 30

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page and look at its scripts."""
        visit = await trials.visit(ctx, with_scripts=True)
        hosts = sorted({script.host or "inline" for script in visit.page.scripts})
        ctx.note(f"scripts on the payment page: {', '.join(hosts) or 'none'}")
        problems = list(assess(visit))
        for problem in problems:
            seen = ctx.evidence(problem.detail, problem.answer or visit.answer)
            label = ctx.target.route("page").label
            told = (problem.title, problem.detail, seen)
            yield ctx.finding(*told, severity=problem.severity, route=label, discriminator=problem.id)
        if not problems and visit.missing:
            ctx.inconclusive(f"scripts of the page cannot be had: {', '.join(visit.missing[:5])}", supply="target.url")
        if not problems and not visit.loads_stripe_js:
            ctx.inconclusive(
                "nothing on the page fetches Stripe.js", supply="target.routes.page: the page on which customers pay"
            )


def assess(visit: trials.Visit) -> Iterator[Problem]:
    """What is wrong with the page's scripts."""
    named = [
        script.src for script in visit.page.imitated_stripe_scripts if script.src and not web.is_loader(script.src)
    ]
    for url, answer in visit.scripts.items():
        if web.holds_stripe_js(answer.text, is_named_like_it=url in named):
            yield Problem(
                "copy", Severity.HIGH, "The target serves a copy of Stripe.js", f"{url} holds Stripe.js.", answer
            )
    foreign = [url for url in named if url not in visit.scripts and url not in visit.missing]
    if foreign and not visit.page.stripe_scripts:
        detail = f"{', '.join(foreign)} is named like Stripe.js, and nothing comes from js.stripe.com."
        yield Problem("elsewhere", Severity.HIGH, "Stripe.js comes from another host", detail)
    lost = [url for url in named if url in visit.missing]
    if lost and not visit.loads_stripe_js:
        detail = f"{', '.join(lost)} is named like Stripe.js and is not there; nothing comes from js.stripe.com."
        yield Problem("lost", Severity.HIGH, "Stripe.js is asked of the target, which does not have it", detail)
    for script in visit.page.stripe_scripts:
        if script.integrity is not None:
            detail = f"{script.src} has an integrity attribute; the file changes at any time, and is then not run."
            yield Problem("integrity", Severity.MEDIUM, "Stripe.js is pinned to one content", detail)
        if script.src and script.src.lower().startswith("http:"):
            detail = f"{script.src} is fetched without TLS."
            yield Problem("clear", Severity.HIGH, "Stripe.js is fetched in the clear", detail)
