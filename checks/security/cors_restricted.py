"""Which other origins may use the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web

ALLOW, CREDENTIALS, HEADERS = (f"access-control-allow-{name}" for name in ("origin", "credentials", "headers"))


class CorsRestricted(Check):
    """Pages of other origins cannot read the API's answers, and the declared frontend can.

    What it checks:
        Asks the API's routes, and sends preflights to those that create payments and customers, as pages of other
        origins would: a foreign one, ``null``, and names that begin or end like the frontend's. None of them may be
        allowed, least of all with credentials; ``*`` without credentials is fine. Where a frontend of another origin is
        declared, its own preflight must be answered so that it can post JSON.

    Why it matters:
        With credentials, any page that a customer opens acts as that customer and reads the answers: orders, client
        secrets, addresses. Rules made of prefixes and suffixes are passed by whoever buys the right domain.

    How to fix:
        Compare ``Origin`` with a list of exact values, and answer with that value and ``Vary: Origin``; never reflect
        it. Allow credentials only if cookies are needed. Webhook routes need no CORS at all.
    """

    id = "cors-restricted"
    task = "4.3"
    severity = Severity.MEDIUM
    effect = Effect.READ
    references = ("ASVS 3.4.2", "fetch.spec.whatwg.org/#http-cors-protocol", "OWASP API8:2023", "CWE-942")
    max_requests = 60

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Cross from each origin."""
        tried = web.origins_to_try(ctx.spec.frontend_url)
        crossings = {kind: await trials.cross_from(ctx, origin) for kind, origin in tried.items()}
        found = [one for kind, crossing in crossings.items() for one in assess(kind, crossing)]
        for kind in dict.fromkeys(problem.kind for problem in web.distinct([problem for _, problem in found])):
            allowed = {label: problem for label, problem in found if problem.kind == kind}
            worst = max(allowed.values(), key=lambda problem: Severity(problem.severity).rank)
            seen = [ctx.evidence(f"{at}: {one.text}", crossings[kind].answers[at]) for at, one in allowed.items()]
            detail = f"{worst.text[0].upper()}{worst.text[1:]}, at: {', '.join(allowed)}."
            title, severity = "Pages of other origins may read the API", Severity(worst.severity)
            yield ctx.finding(title, detail, *seen, severity=severity, discriminator=kind)
        if not found and not trials.has_read(crossings["foreign"].reads):
            ctx.inconclusive(
                "no route of the API could be read, so a refusal to other origins proves nothing",
                supply="target.routes.catalogue or health",
            )
        if ctx.target.has("create_payment") and trials.is_foreign(ctx, ctx.spec.frontend_url):
            own = await trials.cross_from(ctx, ctx.spec.frontend_url or "")
            for label, answer in own.preflights.items():
                if trouble := assess_frontend(own.origin, answer):
                    seen_own = ctx.evidence(f"{label}: {trouble}", answer)
                    detail = f"The preflight of the declared frontend {own.origin} for {label}: {trouble}."
                    title = "The declared frontend is refused"
                    yield ctx.finding(title, detail, seen_own, route=label, discriminator="frontend")
                elif not answer.header(ALLOW):
                    ctx.note(f"{label} knows no CORS: the frontend works only behind a proxy of its own origin")


def assess(kind: str, crossing: trials.Crossing) -> list[tuple[str, web.CorsProblem]]:
    """What a page of an origin may read, by label. To let everybody read without credentials is odd, and as ``*``."""
    found = []
    for label, answer in crossing.answers.items():
        problem = web.assess_cors(kind, crossing.origin, answer.header(ALLOW), answer.header(CREDENTIALS))
        if problem:
            is_open = kind == "foreign" and problem.severity == Severity.MEDIUM
            found.append((label, replace(problem, severity="low") if is_open else problem))
    return found


def assess_frontend(origin: str, preflight: Answer) -> str:
    """Why a browser would not let the declared frontend post JSON; empty where it would, or where there is no CORS."""
    allowed, named = preflight.header(ALLOW), (preflight.header(HEADERS) or "").lower()
    if allowed is None:
        knows_cors = "origin" in (preflight.header("vary") or "").lower()
        return "its origin is not allowed" if knows_cors and preflight.status != 404 else ""
    if allowed.strip() not in ("*", origin):
        return f"only {allowed} is allowed"
    if not preflight.is_success:
        return f"answered {preflight.status}, which counts as a refusal"
    is_named = named.strip() == "*" or "content-type" in [name.strip() for name in named.split(",")]
    return "" if is_named else "the header Content-Type is not allowed, so no JSON can be sent"
