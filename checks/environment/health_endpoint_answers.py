"""The health routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, web

ROLES = ("health", "webhook_health")
SLOW_MS = 2000.0


class HealthEndpointAnswers(Check):
    """The health routes answer, and say that all is well.

    What it checks:
        Asks the declared health routes. Each must answer 2xx with a body that does not say error, and a path beside it
        that does not exist must be answered otherwise: a web page for every path is no health route.

    Why it matters:
        Load balancers and monitors believe it. If it is broken, a working server is taken out of service; if it says
        200 whatever happens, a broken one stays in.

    How to fix:
        Answer 200 only if the parts that payments need (database, configuration) work, and 503 with their names
        otherwise; without a login.
    """

    id = "health-endpoint-answers"
    task = "1.2"
    severity = Severity.MEDIUM
    needs = ("route:health",)
    effect = Effect.READ
    uses = Uses(shared=("target",))
    references = ("rfc-editor.org/rfc/rfc9110#status.503",)
    max_requests = 4

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Ask each declared health route, and a path beside it."""
        unclear = None
        for role in filter(ctx.target.has, ROLES):
            route = ctx.target.route(role)
            try:
                answer, beside = await asyncio.gather(
                    ctx.target.call(role), ctx.request("GET", f"{route.path.partition('?')[0]}-{ctx.tag}")
                )
            except TargetError as error:
                told = ctx.evidence(error.message)
                yield ctx.finding("A health route does not answer", f"{error.message}.", told, route=route.label)
                continue
            if answer.is_redirect:
                unclear = (f"{route.path} redirects to {answer.header('location')}", "the address it leads to")
            elif answer.status in (401, 403, 429):
                unclear = (
                    f"{route.path} answered {answer.status}",
                    f"target.routes.{role}.login, or a higher rate limit",
                )
            elif wrong := assess(answer, beside):
                title, detail = wrong
                evidence = ctx.evidence(f"answered {answer.status}", answer)
                yield ctx.finding(title, f"{route.path} {detail}", evidence, route=route.label, discriminator=title)
            elif is_same(answer, beside):
                unclear = (
                    f"{route.path} answers like any other path",
                    f"a target.routes.{role} that is a health route",
                )
            elif answer.elapsed_ms > SLOW_MS:
                ctx.note(f"{route.path} took {answer.elapsed_ms / 1000:.1f} s")
        if unclear:
            ctx.inconclusive(unclear[0], supply=unclear[1])


def is_page(answer: Answer) -> bool:
    """Whether it is a web page."""
    return web.is_page(answer.header("content-type"), answer.text)


def is_same(answer: Answer, beside: Answer) -> bool:
    """Whether a path that does not exist is answered in the same way."""
    return beside.is_success and answer.is_success and is_page(answer) == is_page(beside)


def assess(answer: Answer, beside: Answer) -> tuple[str, str] | None:
    """Title and the rest of a sentence on what is wrong with a health route's answer."""
    if answer.status in (404, 405, 410):
        return "There is no health route", f"answered {answer.status}: nothing is there, or not for this method."
    if not answer.is_success:
        return "The health route does not say that all is well", f"answered {answer.status}."
    if is_page(answer) and is_same(answer, beside):
        return "A web page stands in for the health route", "answers with the page that every unknown path gets."
    if sick := web.complaints(answer.text):
        return (
            "The health route answers 2xx and says error",
            f"answered {answer.status} and says {', '.join(sick[:5])}.",
        )
    return None
