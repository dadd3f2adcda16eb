"""What is for developers and open to everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web


class DebugPagesClosed(Check):
    """No debug page, console, profiler or repository is open to visitors.

    What it checks:
        Asks for some two dozen addresses at which frameworks and servers have pages for developers: consoles, debug
        bars, profilers, environment listings, ``.git``, and the API's own documentation. Each is known by its own
        words, not by being answered. An address that does not exist must not be answered by a framework's debug page.
        Open documentation of the API is low, and on this machine, where developers are at home, it is a note.

    Why it matters:
        A console runs code, a profiler shows requests with their secrets, an environment listing has the keys, and
        ``.git`` has the whole source with its history. Scanners ask each host for these addresses within hours.

    How to fix:
        Switch the debug mode off (``NODE_ENV=production``, ``DEBUG = False``, ``APP_DEBUG=false``, no ``debug=True``),
        put documentation and metrics behind a login or on another port, and serve one folder of public files only.
        docs/fixes/api-access.md has it for each framework.
    """

    id = "debug-pages-closed"
    task = "4.1"
    severity = Severity.MEDIUM
    effect = Effect.READ
    references = ("ASVS 13.4.1", "ASVS 13.4.2", "ASVS 13.4.5", "OWASP API9:2023", "PCI DSS 2.2.4", "CWE-489", "CWE-215")
    max_requests = 40

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Ask for each."""
        is_local = trials.is_local(ctx.spec.url)
        reads = await trials.api_answers(ctx)
        answered = await trials.ask_as_stranger(ctx, [page.path for page in web.DEBUG_PAGES])
        by_path = {seen.path: seen.answer for seen in answered}
        for page, answer in open_pages(by_path):
            told = f"GET {page.path} is answered: {page.title}"
            if is_local and page.severity == Severity.LOW:
                ctx.note(told)
                continue
            severity, seen = Severity(page.severity), ctx.evidence(told, answer)
            detail = f"{told}. Everybody who reaches the target can read it."
            yield ctx.finding(page.title, detail, seen, severity=severity, route=page.path, discriminator=page.id)
        missing = reads.get(trials.NOT_FOUND)
        if missing is not None and (whose := web.debug_trace_in(missing.text)):
            seen = ctx.evidence("an address that does not exist", missing)
            detail = f"An address that does not exist is answered with the debug page of {whose}."
            yield ctx.finding("The debug mode is on", detail, seen, severity=Severity.HIGH, discriminator="mode")
        if not trials.has_read(reads):
            ctx.inconclusive("no route of the API could be read", supply="target.routes.catalogue or health")


def open_pages(answers: Mapping[str, Answer]) -> list[tuple[web.DebugPage, Answer]]:
    """The pages whose own words are in the answer at their address."""
    found = [(page, answers[page.path]) for page in web.DEBUG_PAGES if page.path in answers]
    return [(page, answer) for page, answer in found if page.words.search(answer.text[: 256 * 1024])]
