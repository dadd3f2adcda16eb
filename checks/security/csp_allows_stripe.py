"""Stripe under the page's Content-Security-Policy."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, trials, web


class CspAllowsStripe(Check):
    """The page's Content-Security-Policy lets Stripe load what it needs.

    What it checks:
        Opens the declared page, finds out how it fetches Stripe.js (an element, or a script of its own) and whether it
        embeds Checkout, Connect's components or Link, and applies every enforced policy, in headers and meta elements,
        as a browser does: to Stripe's script, its frames (also the one for 3D Secure) and its API, and to the page's
        own inline scripts that use Stripe, by their nonces and hashes. A page without a policy blocks nothing; that is
        noted, and a finding of csp-restricts-scripts.

    Why it matters:
        What the policy blocks is missing without a word: no card field, no 3D Secure, no payment. It often shows only
        with cards that need 3D Secure, or after a policy was tightened.

    How to fix:
        Allow ``script-src`` and ``frame-src https://js.stripe.com https://*.js.stripe.com``, ``frame-src
        https://hooks.stripe.com`` and ``connect-src https://api.stripe.com``; for embedded Checkout
        ``https://checkout.stripe.com`` in all three, for Connect's components ``https://connect-js.stripe.com``, for
        Link ``https://link.com https://*.link.com``. docs/fixes/csp.md has all of it, for each framework.
    """

    id = "csp-allows-stripe"
    task = "4.2"
    severity = Severity.HIGH
    needs = ("route:page",)
    effect = Effect.READ
    references = ("docs.stripe.com/security/guide#content-security-policy", "w3.org/TR/CSP3")
    max_requests = 30

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page and apply its policies to what Stripe loads."""
        visit = await trials.visit(ctx, with_scripts=True)
        policies = web.parse_policies(visit.answer.headers_of("content-security-policy"), visit.page.policies)
        if not policies:
            ctx.note("the page has no enforced Content-Security-Policy, so nothing of Stripe's is blocked")
            return
        if not visit.loads_stripe_js:
            ctx.inconclusive(
                "nothing on the page fetches Stripe.js, so what its policy would block is not needed there",
                supply="target.routes.page: the page on which customers pay",
            )
        label = ctx.target.route("page").label
        if silent := stopped(visit, visit.answer.headers_of("content-security-policy")):
            start = " ".join(silent[0].split())[:80]
            seen = ctx.evidence("an inline script of the page", visit.answer, data={"begins": start})
            detail = (
                f"{len(silent)} inline scripts use Stripe, and have neither a nonce nor a hash that the policy names."
            )
            title = "The page's policy stops its own script that uses Stripe"
            yield ctx.finding(title, detail, seen, route=label, discriminator="inline")
        if blocked := assess(visit, policies):
            told = [f"{one.directive} {one.url} (decided by {one.governed_by})" for one in blocked]
            text = "; ".join(policy for policy in visit.answer.headers_of("content-security-policy"))
            seen = ctx.evidence("the page's policy", visit.answer, data={"header": text, "meta": visit.page.policies})
            yield ctx.finding(
                "The page's policy blocks Stripe",
                f"Blocked: {'; '.join(told)}.",
                seen,
                route=label,
                discriminator="csp",
            )
        for one in web.slowing_sources(policies, visit.answer.url):
            ctx.note(f"Stripe recommends https://*.js.stripe.com in {one.directive}: without it the page loads slower")


USES_STRIPE = re.compile(r"\bStripe\(|\bloadStripe\(|https://js\.stripe\.com|\bloadConnectAndInitialize\(")


def stopped(visit: trials.Visit, headers: Sequence[str]) -> list[str]:
    """The page's inline scripts that use Stripe and that a browser does not run.

    By the headers alone: a policy in a meta element governs what comes after it.
    """
    policies = web.parse_policies(headers)
    inline = [script for script in visit.page.scripts if script.src is None and script.is_run]
    used = [script for script in inline if USES_STRIPE.search(script.text)]
    return [script.text for script in used if not web.runs_inline(policies, script.text, nonce=script.nonce)]


def assess(visit: trials.Visit, policies: tuple[web.Policy, ...]) -> tuple[web.BlockedSource, ...]:
    """What the page needs of Stripe and does not get."""
    element = next(iter(visit.page.stripe_scripts), None)
    source, nonce = (element.src, element.nonce) if element else (None, None)
    found = web.blocked_stripe_sources(policies, "elements", visit.answer.url, script_url=source, nonce=nonce)
    for product in web.products_of(visit.page, visit.texts)[1:]:
        found += web.blocked_stripe_sources(policies, product, visit.answer.url)
    return tuple(dict.fromkeys(found))
