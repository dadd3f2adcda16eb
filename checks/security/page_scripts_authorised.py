"""The scripts of the payment page, against the list of those that are meant to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials, web


class PageScriptsAuthorised(Check):
    """Every script on the payment page is on the project's list, with a reason.

    What it checks:
        Opens the declared page and compares its scripts (elements that run, and scripts that are preloaded) with
        ``target.page_scripts``: an address, a path of the target's own, or the hash of an inline script, each with the
        reason why the page needs it. A script that is not on the list is a finding; one that is on the list and not on
        the page is noted, and the whole inventory too, with hashes of inline scripts to copy. What scripts load
        later, a browser sees: page-works-in-browser.

    Why it matters:
        Card data is stolen by scripts that came onto the page with a tag manager, a chat or a broken mirror. PCI DSS
        asks for an inventory of the page's scripts with a written reason for each (6.4.3), and to be told of changes
        (11.6.1). For SAQ A (since January 2025) both are no longer asked for as such; instead the merchant confirms
        that the site is not open to attacks by scripts, where it embeds Stripe's form; a list like this one, held by
        every run, is how to confirm that. Whoever only redirects to Checkout need not.

    How to fix:
        Remove the script, or add it to ``target.page_scripts`` with the reason and let somebody approve the change.
        Keep statistics and chats off the payment page. docs/fixes/payment-page.md has more.
    """

    id = "page-scripts-authorised"
    task = "4.4"
    severity = Severity.MEDIUM
    needs = ("route:page", "page_scripts")
    effect = Effect.READ
    uses = Uses()
    references = ("PCI DSS 6.4.3", "PCI DSS 11.6.1", "PCI DSS SAQ A r1", "ASVS 3.6.1", "CWE-829")
    max_requests = 6

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Open the page and compare."""
        visit = await trials.visit(ctx)
        inventory = web.inventory_of(visit.page, ctx.project.page_scripts)
        if not inventory.known and not inventory.unknown:
            ctx.inconclusive("there is no script on the page", supply="target.routes.page: where customers pay")
        for source, reason in inventory.known:
            ctx.note(f"{source}: {reason}")
        if inventory.absent:
            ctx.note(f"on the list and not on the page: {', '.join(inventory.absent)}")
        for source in inventory.unknown:
            seen = ctx.evidence("the page's scripts", visit.answer, data={"unknown": inventory.unknown})
            label = ctx.target.route("page").label
            detail = f"{source} runs on the payment page and is not in target.page_scripts."
            told = ("A script runs that nobody has allowed", detail, seen)
            yield ctx.finding(*told, route=label, discriminator=source)
