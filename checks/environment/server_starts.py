"""The start of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses


class ServerStarts(Check):
    """The server starts and stays up.

    What it checks:
        Whether the launched process became ready in the time that the settings give it, and is still running now. How
        long it took is noted.

    Why it matters:
        A server that does not start takes no payment. One that dies later takes payments whose webhook events it
        never hears of.

    How to fix:
        Read its last output, in the evidence. Usually a module is not found, a variable is missing, a database is not
        there, or the port is taken. If it only needs longer, raise ``target.launch.ready_within``.
    """

    id = "server-starts"
    task = "1.1"
    severity = Severity.CRITICAL
    needs = ("launch",)
    effect = Effect.NONE
    uses = Uses(shared=("process",))
    references = ("12factor.net/processes",)
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look at the process."""
        launched, failure = ctx.launched, ctx.launch_failure
        if launched is None:
            ctx.skip("the target is not launched by this run", setting="target.launch")
        was_run = launched.is_running or launched.exit_code is not None
        wrong = assess(failure.message if failure else None, was_run=was_run, exit_code=launched.exit_code)
        if wrong:
            title, detail = wrong
            output = (failure.output if failure else "") or launched.output()[-3000:].strip()
            shown = f"its last output:\n{output}" if output else "it printed nothing"
            yield ctx.finding(title, detail, ctx.evidence(shown), discriminator=title)
        elif launched.ready_after_s is not None:
            ctx.note(f"ready after {launched.ready_after_s:.1f} s")


def assess(failure: str | None, *, was_run: bool, exit_code: int | None) -> tuple[str, str] | None:
    """Title and detail of what is wrong; ``failure`` is why the launch failed, if it did."""
    if failure is None:
        if exit_code is None:
            return None
        return "The server exited after it had started", f"It became ready, and exited later with code {exit_code}."
    if not was_run:
        return "The server cannot be started", f"{failure}."
    if exit_code is not None:
        return "The server exits while it starts", f"{failure}."
    return "The server does not become ready", f"It runs, but {failure}."
