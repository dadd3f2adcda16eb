"""Secrets where every visitor can read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, keys, trials, web

OTHERS = {
    keys.KeyKind.CLIENT_SECRET: ("A payment's client secret is shown to everybody", Severity.HIGH),
    keys.KeyKind.PUBLISHABLE: ("A test deployment has a live publishable key", Severity.HIGH),
    keys.KeyKind.EPHEMERAL: ("An ephemeral key is shown to everybody", Severity.HIGH),
}
"""What is bad by where it is; every other kind is a secret anywhere."""


class Source(NamedTuple):
    """Something that a visitor can fetch; ``is_shared`` where every visitor gets the same."""

    label: str
    answer: Answer
    is_shared: bool = True


class Problem(NamedTuple):
    """A kind of thing that lies open: what is where, and the answer that shows it."""

    severity: Severity
    title: str
    places: list[tuple[str, Answer]]


class SecretsNotInFrontend(Check):
    """Nothing that a visitor can fetch holds a secret of Stripe's.

    What it checks:
        Reads the declared page, the scripts that the target serves for it and their source maps, what the API tells
        everybody, and asks for env files (``/.env`` and the like). None of it may hold a secret or restricted key,
        a signing secret or, where all visitors get the same, a client secret of a payment; and a test deployment must
        not have a live publishable key, nor a live one a test key alone. Values are told apart by their shape, shown
        masked, and never kept.

    Why it matters:
        With a secret key anyone refunds, pays out and reads customers; with a signing secret anyone forges webhook
        events. Keys in scripts are found within hours. A live publishable key in a test shop charges real cards.

    How to fix:
        Revoke the key in the Dashboard first, then remove it. Secrets belong in the server's environment; bundlers put
        into scripts what begins with ``NEXT_PUBLIC_``, ``VITE_`` or ``REACT_APP_``. Do not serve the project's folder,
        and no source maps of server code.
    """

    id = "secrets-not-in-frontend"
    task = "4.4"
    severity = Severity.CRITICAL
    needs = ("route:page",)
    effect = Effect.READ
    references = ("docs.stripe.com/keys-best-practices", "PCI DSS 8.6.2", "ASVS 13.3.1", "ASVS 13.4.1", "CWE-798")
    max_requests = 70

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Fetch what a visitor can fetch, and read it."""
        visit = await trials.visit(ctx, with_scripts=True)
        maps, files = await trials.source_maps(ctx, visit.scripts), await trials.env_files(ctx)
        shared = {**visit.scripts, **maps, **await trials.api_answers(ctx), **files}
        sources = [Source("the page", visit.answer, is_shared=False), *(Source(*one) for one in shared.items())]
        is_test = ctx.environment == "test" or ctx.launched is not None
        problems = assess(sources, is_test=is_test)
        if files:
            named = [(f"{path} sets {names(answer)}", answer) for path, answer in files.items()]
            problems["env"] = Problem(Severity.HIGH, "An env file can be fetched", named)
        if ctx.environment == "live" and only_test_keys([visit.answer.text, *visit.texts]):
            places = [("the page has a publishable key of test mode, and none of live mode", visit.answer)]
            problems["test-key"] = Problem(Severity.HIGH, "The page of a live shop takes no money", places)
        for kind, problem in problems.items():
            seen = [ctx.evidence(text, answer) for text, answer in problem.places]
            detail = f"{'; '.join(text for text, _ in problem.places)}."
            yield ctx.finding(problem.title, detail, *seen, severity=problem.severity, discriminator=kind)
        if maps:
            ctx.note(f"source maps are served: {len(maps)}")
        if unread := [*visit.missing, *(source.label for source in sources if source.answer.truncated)]:
            ctx.inconclusive(f"could not be read in full: {', '.join(unread[:5])}", supply="target.url")


def assess(sources: list[Source], *, is_test: bool) -> dict[str, Problem]:
    """What lies open, by kind."""
    problems: dict[str, Problem] = {}
    for source in sources:
        for found in web.exposed_in(source.answer.text):
            is_own = found.kind is keys.KeyKind.CLIENT_SECRET and not source.is_shared
            if is_own or (found.kind is keys.KeyKind.PUBLISHABLE and not is_test):
                continue
            title, severity = OTHERS.get(found.kind, (f"A {found.name} is shown to everybody", Severity.CRITICAL))
            problem = problems.setdefault(found.kind, Problem(severity, title, []))
            problem.places.append((f"{found.masked} in {source.label}", source.answer))
    return problems


def only_test_keys(texts: list[str]) -> bool:
    """Whether all publishable keys in what the page is made of are of test mode."""
    return frozenset().union(*map(web.publishable_modes, texts)) == {keys.KeyMode.TEST}


def names(answer: Answer) -> str:
    """The first variables of an env file."""
    return ", ".join(web.env_variables(answer.text)[:8])
