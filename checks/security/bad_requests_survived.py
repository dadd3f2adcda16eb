"""What requests that make no sense do to the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class BadRequestsSurvived(Check):
    """Requests that make no sense neither end the server nor break anything in it.

    What it checks:
        Sends, to the routes of orders, customers, payments and the page, some fifty requests as scanners send them: ids
        that climb out of their folder, with NUL and quotes, of 3,000 characters; bodies that are numbers, lists, other
        types than meant, no text at all, or nested 20,000 deep; content types that do not exist. Afterwards the server
        must be there and an ordinary payment must still be made; no answer may be of 5xx, and none may stay away. A
        launched target's process is watched besides.

    Why it matters:
        An exception in the wrong place ends a Node.js process, with every payment and webhook event that is on its way;
        whoever knows the request keeps the shop closed with one line. A 500 shows input that nobody looked at.

    How to fix:
        Check every id and body against a schema before use, and answer 400, 404 or 422. Catch what is thrown in
        asynchronous handlers (Express before 5 does not), limit the body's size and depth, and let a supervisor start
        the process again. docs/fixes/error-handling.md has it for each framework.
    """

    id = "bad-requests-survived"
    task = "4.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = ("ASVS 2.2.1", "ASVS 16.5.4", "OWASP API4:2023", "PCI DSS 6.2.4", "CWE-248", "CWE-20")
    max_requests = 200
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, the nonsense, an ordinary payment."""
        await trials.proven_payment(ctx)
        answered = await trials.send_nonsense(ctx)
        if not await trials.is_alive(ctx):
            last = answered[-1]
            detail = f"After a request to {last.route} with {last.title} nothing answers any more."
            seen = ctx.evidence(f"the last request: {last.trouble or 'it was answered'}", last.answer)
            title, worst = "A bad request ends the server", Severity.CRITICAL
            yield ctx.finding(title, detail, seen, severity=worst, route=last.route, discriminator="died")
            return
        for route, wrong in troubles(answered).items():
            evidence = [ctx.evidence(f"{one.title}: {told(one)}", one.answer) for one in wrong[:5]]
            detail = f"{route} takes badly: {'; '.join(f'{one.title} ({told(one)})' for one in wrong)}."
            title = "Requests that make no sense break the server's code"
            yield ctx.finding(title, detail, *evidence, route=route, discriminator="broken")
        await trials.proven_payment(ctx)
        if answered and all(one.answer is not None and one.answer.is_success for one in answered):
            ctx.inconclusive("everything is answered with 2xx, so that nothing shows what was taken")


def told(one: trials.Answered) -> str:
    """What came of a request, in a word."""
    return str(one.answer.status) if one.answer else "no answer"


def troubles(answered: Sequence[trials.Answered]) -> dict[str, list[trials.Answered]]:
    """The requests that were answered with 5xx or not at all, by their route. Some servers cut off what is too long."""
    found: dict[str, list[trials.Answered]] = {}
    for one in answered:
        is_cut = one.answer is None and ("deep" in one.title or "3,000" in one.title)
        is_refused = one.answer is not None and one.answer.status in (501, 505)
        if not is_cut and not is_refused and (one.answer is None or one.answer.status >= 500):
            found.setdefault(one.route, []).append(one)
    return found
