"""The cookies that the page and the API set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, Uses, trials, web


class CookiesProtected(Check):
    """Cookies that say who a customer is cannot be read by scripts, in the clear, or by other sites' requests.

    What it checks:
        Reads every ``Set-Cookie`` of the declared page (over TLS where that is declared), of the API's readable routes,
        of an address that does not exist and, where payments can be made, of the answer that makes one. A cookie that
        by its name stands for a customer must be ``HttpOnly``, ``Secure`` over TLS, and have a ``SameSite``;
        any cookie must be one that browsers keep (``__Host-`` and ``SameSite=None`` ask for ``Secure``). Tokens against
        CSRF are meant for scripts. Where nothing sets a cookie there is nothing to judge.

    Why it matters:
        With the cookie of a session one is the customer: sees orders, pays with stored cards. A script that got onto
        the page reads what is not ``HttpOnly``; who listens in reads what is sent in the clear.

    How to fix:
        ``Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax``. docs/fixes/headers.md has the
        settings for each framework. ``SameSite=Strict`` loses the customer who comes back from a bank's page.
    """

    id = "cookies-protected"
    task = "4.1"
    severity = Severity.MEDIUM
    needs = ("route:page",)
    effect = Effect.WRITE
    uses = Uses()
    references = ("ASVS 3.3.1", "ASVS 3.3.2", "ASVS 3.3.4", "RFC 6265bis", "CWE-614", "CWE-1004", "CWE-1275")
    max_requests = 14
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Collect answers of every kind, and read their cookies."""
        answers = {ctx.target.route("page").label: (await trials.visit(ctx)).answer, **await trials.api_answers(ctx)}
        if ctx.target.has("create_payment") and ctx.spec.items:
            answers[ctx.target.route("create_payment").label] = (await ctx.payments.new()).answer
        count = sum(len(answer.headers_of("set-cookie")) for answer in answers.values())
        if not count:
            ctx.skip("neither the page nor the API sets a cookie")
        ctx.note(f"{count} cookies were set")
        for identity, wrong in assess(answers).items():
            worst = max((Severity(problem.severity) for _, problem in wrong), key=lambda severity: severity.rank)
            told = list(dict.fromkeys(f"{problem.cookie} {problem.text} ({label})" for label, problem in wrong))
            if worst is Severity.INFO:
                ctx.note("; ".join(told))
                continue
            seen = [ctx.evidence(text, answers[label]) for text, (label, _) in zip(told, wrong, strict=False)]
            title, detail = f"A cookie is not protected: {identity}", f"{'; '.join(told)}."
            yield ctx.finding(title, detail, *seen, severity=worst, discriminator=identity)


def assess(answers: Mapping[str, Answer]) -> dict[str, list[tuple[str, web.CookieProblem]]]:
    """What is wrong, by kind of problem, with the labels of the answers."""
    found: dict[str, list[tuple[str, web.CookieProblem]]] = {}
    for label, answer in answers.items():
        for problem in web.cookie_problems(answer.headers_of("set-cookie"), is_secure=answer.url.startswith("https:")):
            found.setdefault(problem.id, []).append((label, problem))
    return found
