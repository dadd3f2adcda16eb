"""Card data on the target's own pages and in its API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, web

NUMBER = "4000056655665556"
"""A test number that Stripe documents (docs.stripe.com/testing); no other check sends it."""


class CardDataNeverHandled(Check):
    """Card data goes from the customer to Stripe, never through the target.

    What it checks:
        Looks for fields of card number, expiry and security code in the declared page, in its own frames and in the
        scripts that the target serves; Stripe's fields are in Stripe's frames and do not count. Then sends, once and in
        a request that a sound target refuses, a test number that Stripe documents: it must not come back in the answer,
        nor be passed on to Stripe.

    Why it matters:
        A page or server that touches card numbers has to meet all of PCI DSS (SAQ D) instead of a few pages of it (SAQ
        A); and what was once in an answer or a log is hard to get rid of.

    How to fix:
        Take cards with the Payment Element or Checkout, and send the server nothing but ids of Stripe's objects. Do not
        repeat the input in error answers; drop members that you do not know.
    """

    id = "card-data-never-handled"
    task = "4.4"
    severity = Severity.HIGH
    needs = ("route:page",)
    effect = Effect.PROBE
    uses = Uses()
    references = ("docs.stripe.com/security/guide", "PCI DSS 3.3.1", "PCI DSS 3.5.1", "ASVS 14.2.1")
    max_requests = 34

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at the page, then send a number that must not come back."""
        visit = await trials.visit(ctx, with_scripts=True)
        frames = await trials.fetched(ctx, visit.page.frames)
        pages = [visit.page, *(web.parse_page(answer.text, url) for url, answer in frames.items())]
        scripts = {url: answer.text for url, answer in visit.scripts.items()}
        label = ctx.target.route("page").label
        if places := assess_page(pages, scripts):
            seen = ctx.evidence(f"fields of the page's own: {', '.join(places)}", visit.answer)
            detail = f"Card data is typed into fields that are not Stripe's: {', '.join(places)}."
            yield ctx.finding("The page asks for card data itself", detail, seen, route=label, discriminator="form")
        sent = await trials.send_card_number(ctx, NUMBER)
        if sent is None:
            ctx.note("no request that is surely refused is declared, so no card number was sent to the API")
            return
        label, told = ctx.target.route("create_payment").label, f"a test number was sent to {sent.answer.url}"
        if sent.calls:
            seen = ctx.evidence(f"{told}; then {sent.calls[0].line}", sent.answer)
            title, detail = "Card numbers are passed on to Stripe", "The target sent the number that it got to Stripe."
            worst = Severity.CRITICAL
            yield ctx.finding(title, detail, seen, severity=worst, route=label, discriminator="passed-on")
        if is_echoed(sent.answer.text):
            seen = ctx.evidence(f"{told} and came back", sent.answer)
            detail = f"The answer ({sent.answer.status}) repeats the card number that the request held."
            yield ctx.finding("Card numbers come back in answers", detail, seen, route=label, discriminator="echo")
        if visit.missing:
            ctx.inconclusive(f"scripts of the page cannot be had: {', '.join(visit.missing[:5])}", supply="target.url")


def assess_page(pages: Sequence[web.Page], scripts: Mapping[str, str]) -> list[str]:
    """Fields for card data in pages, and scripts that write such fields, by name."""
    fields = [
        f"<{one.kind} {one.name or one.autocomplete}>" for page in pages for one in page.fields if one.takes_card_data
    ]
    written = [("an inline script", script.text) for page in pages for script in page.scripts]
    written += [(url, text) for url, text in scripts.items() if not web.holds_stripe_js(text)]
    return [*fields, *(name for name, text in written if web.makes_card_fields(text))]


def is_echoed(text: str) -> bool:
    """Whether the number is in a text, however it is grouped."""
    return NUMBER in re.sub(r"[ -]", "", text)
