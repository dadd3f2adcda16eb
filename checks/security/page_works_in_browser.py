"""The payment page in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, web


class Problem(NamedTuple):
    """Something that the browser has told; ``id`` is stable."""

    id: str
    severity: Severity
    title: str
    detail: str


class PageWorksInBrowser(Check):
    """In a real browser the payment page reaches Stripe, runs its own scripts, and asks nobody else.

    What it checks:
        Makes an order and opens its page in Chromium, headless and with a profile of its own. Stripe's hosts are
        answered by a stand-in that does what Stripe.js does as far as policies are concerned: it opens the frames and
        calls the API. Other hosts than the target's are refused and told. What the page's policies forbid is the
        browser's own report, not a guess from what failed. Stripe.js must be asked for and be given a key.

    Why it matters:
        What scripts load later, what a policy forbids of one's own, and a page that breaks before it gets to Stripe are
        seen in a browser only. Customers see a button that does nothing, or no form at all.

    How to fix:
        Move inline scripts and styles to files or give them the policy's nonce; allow what Stripe needs
        (docs/fixes/csp.md); take foreign scripts off the page, or add them to ``target.page_scripts`` with a reason.
    """

    id = "page-works-in-browser"
    task = "4.2"
    severity = Severity.MEDIUM
    needs = ("route:page", "chromium")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/security/guide", "PCI DSS 6.4.3", "PCI DSS 11.6.1", "ASVS 3.4.3", "w3.org/TR/CSP3")
    timeout = 60.0
    max_requests = 40
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page and read what the browser tells."""
        loaded = await trials.browse_page(ctx)
        asked = sorted({host_of(one.url) for one in loaded.requests if one.whose == "foreign"})
        ctx.note(f"{len(loaded.requests)} addresses were asked for; refused hosts: {', '.join(asked) or 'none'}")
        allowed = [one.source for one in ctx.project.page_scripts]
        problems = assess(loaded, allowed)
        for problem in problems:
            data = {"violations": [f"{one.directive} {one.blocked}" for one in loaded.violations][:20]}
            seen = ctx.evidence("what the browser told", data={**data, "errors": loaded.errors[:5]})
            label = ctx.target.route("page").label
            told = (problem.title, problem.detail, seen)
            yield ctx.finding(*told, severity=problem.severity, route=label, discriminator=problem.id)
        if loaded.errors:
            ctx.note(f"errors of the page's scripts: {'; '.join(loaded.errors[:3])}")
        if not problems and not loaded.is_loaded:
            ctx.inconclusive("the page was not loaded in time", supply="target.routes.page")
        if not problems and not any(said.startswith("key") for said in loaded.said):
            ctx.inconclusive("the page never gave Stripe.js a key", supply="target.routes.page: where customers pay")


def host_of(url: str) -> str:
    """The host of an address, as far as there is one."""
    try:
        return urlsplit(url).hostname or url[:80]
    except ValueError:
        return url[:80]


def assess(loaded: web.Loaded, allowed: Sequence[str]) -> list[Problem]:
    """What is wrong, from what the browser told; ``allowed`` are the sources of scripts that the project accepts."""
    problems = []
    enforced = [one for one in loaded.violations if not one.is_report_only]
    blocked = sorted({f"{one.directive} {one.blocked}" for one in enforced if "stripe.com" in host_of(one.blocked)})
    if blocked:
        detail = f"The page's policy forbids {'; '.join(blocked)}."
        problems.append(Problem("stripe", Severity.HIGH, "The browser blocks Stripe on the page", detail))
    others = sorted({f"{one.directive} {one.blocked}" for one in enforced if "stripe.com" not in host_of(one.blocked)})
    if others:
        detail = f"The page asks for what its own policy forbids: {'; '.join(others[:8])}."
        problems.append(Problem("own", Severity.MEDIUM, "The page's policy forbids what the page does", detail))
    foreign = [one for one in loaded.requests if one.whose == "foreign" and one.kind in ("Script", "Document")]
    unknown = sorted({host_of(one.url) for one in foreign if not web.is_allowed(one.url, allowed)})
    if unknown:
        detail = f"The page loads scripts or frames from {', '.join(unknown)}."
        problems.append(Problem("foreign", Severity.MEDIUM, "The payment page runs what others serve", detail))
    return problems
