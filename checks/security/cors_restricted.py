"""Which other origins may use the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, trials, web

ALLOW, CREDENTIALS, HEADERS, METHODS = (
    f"access-control-allow-{name}" for name in ("origin", "credentials", "headers", "methods")
)
ALWAYS_ALLOWED = ("GET", "HEAD", "POST")
"""Methods that no preflight needs to name (fetch.spec.whatwg.org, CORS-safelisted methods)."""


class CorsRestricted(Check):
    """Pages of other origins cannot read the API's answers, and the declared frontend can.

    What it checks:
        Asks the API's routes, and sends preflights to those that create payments and customers, as pages of other
        origins would: a foreign one, ``null``, and names that begin or end like the frontend's. None of them may be
        allowed, least of all with credentials; ``*`` without credentials is fine. Where a preflight is granted, it is
        asked once more, for a method and a header that nobody has, and what it says to that is told. Where a frontend
        of another origin is declared, its own preflight must let it send JSON by the route's method.

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
    max_requests = 72

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Cross from each origin."""
        tried = web.origins_to_try(ctx.spec.frontend_url)
        crossings = {kind: await trials.cross_from(ctx, origin) for kind, origin in tried.items()}
        found = [one for kind, crossing in crossings.items() for one in assess(kind, crossing)]
        for kind in dict.fromkeys(problem.kind for problem in web.distinct([problem for _, problem in found])):
            allowed = {label: problem for label, problem in found if problem.kind == kind}
            worst = max(allowed.values(), key=lambda problem: Severity(problem.severity).rank)
            seen = [ctx.evidence(f"{at}: {one.text}", crossings[kind].answers[at]) for at, one in allowed.items()]
            anything = [label for label, answer in crossings[kind].further.items() if is_anything(answer)]
            detail = f"{worst.text[0].upper()}{worst.text[1:]}, at: {', '.join(allowed)}."
            detail += f" With any method and header: {', '.join(anything)}." if anything else ""
            is_read = any(not label.startswith("preflight") for label in allowed)
            title = f"Pages of other origins may {'read the API' if is_read else 'send what they like to the API'}"
            severity = Severity(worst.severity)
            yield ctx.finding(title, detail, *seen, severity=severity, discriminator=kind)
        if not found and not trials.has_read(crossings["foreign"].reads):
            ctx.inconclusive(
                "no route of the API could be read, so a refusal to other origins proves nothing",
                supply="target.routes.catalogue or health",
            )
        if ctx.target.has("create_payment") and trials.is_foreign(ctx, ctx.spec.frontend_url):
            own = await trials.cross_from(ctx, ctx.spec.frontend_url or "")
            methods = {route.label: route.method for route in ctx.spec.routes.values()}
            for label, answer in own.preflights.items():
                if trouble := assess_frontend(own.origin, answer, methods[label]):
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


def is_anything(answer: Answer) -> bool:
    """Whether a preflight grants what nobody has asked for."""
    told = (answer.header(METHODS), answer.header(HEADERS), answer.header(CREDENTIALS))
    return web.grants_anything(*told, asked=(trials.ODD_METHOD, trials.ODD_HEADER))


def assess_frontend(origin: str, preflight: Answer, method: str = "POST") -> str:
    """Why a browser would not let the declared frontend send JSON; empty where it would, or where there is no CORS."""
    allowed, named = preflight.header(ALLOW), (preflight.header(HEADERS) or "").lower()
    if allowed is None:
        knows_cors = "origin" in (preflight.header("vary") or "").lower()
        return "its origin is not allowed" if knows_cors and preflight.status != 404 else ""
    if allowed.strip() not in ("*", origin):
        return f"only {allowed} is allowed"
    if not preflight.is_success:
        return f"answered {preflight.status}, which counts as a refusal"
    methods = {word.strip().upper() for word in (preflight.header(METHODS) or "").split(",")}
    if method.upper() not in ALWAYS_ALLOWED and not {method.upper(), "*"} & methods:
        return f"the method {method} is not allowed"
    is_named = named.strip() == "*" or "content-type" in [name.strip() for name in named.split(",")]
    return "" if is_named else "the header Content-Type is not allowed, so no JSON can be sent"
