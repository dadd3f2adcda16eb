"""Text that tries to act in a terminal, Markdown, HTML, a spreadsheet or a CI log, put everywhere in a report."""

from __future__ import annotations

import dataclasses

from tests.reporters.golden import GOLDEN, PLAN

from stripe_audit.models import CheckResult, Evidence, Exchange, Finding, Message, Outcome, Party, SourceLocation
from stripe_audit.redaction import Redactor, inert

SECRETS = {
    "a phrase that the settings declare": "Correct-Horse-7-Battery",
    "secret key": "sk_live_51HostileSecretKey00aB3dE6",
    "restricted key": "rk_test_51HostileRestricted0cD2e",
    "ephemeral key": "ek_test_HostileEphemeral00fG7hJ8",
    "organisation key": "sk_org_test_HostileOrganisation9k",
    "signing secret": "whsec_HostileSigning00lM4nP7qR2",
    "app secret": "absec_HostileApp00sT5uV8wX1yZ4",
    "client secret": "pi_3HostileIntent00aA_secret_HostileClient00bB6",
    "bearer": "Bearer HostileBearer00cC9dD2",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJob3N0aWxlIjoxfQ.HostileJwt00eE5fF8",
    "password in a URL": "postgres://shop:HostileUrl00gG1@db/shop",
    "card number": "4000056655665556",
}
"""One of each kind. What the pipeline stores has none of them; a format never gets to see them."""

CORPUS = (
    "[bold red]markup[/bold red] [/x] [link=http://evil.example]rich[/link] :boom:",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\ \x9b31m",
    "\u202egnp.exe\u202c zero\u200bwidth \u2066isolate\u2069 \ufeff \U000e0041",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> <!-- comment &amp; &#60;b&#62; <details>",
    "[link](http://evil.example) ![image](http://evil.example/x.png) [ref]: http://evil.example <http://evil.example>",
    "@everyone @octo/team user@evil.example #1 octo/repo#2 GH-3 !4 www.evil.example https://evil.example/?a=b_c",
    "::error::hacked",
    "line one\n::set-output name=x::y\n##[error]legacy\n##vso[task.complete]",
    "=1+1\t+1\t-1\t@SUM(A1)",
    "nul\x00 bell\x07 backspace\x08 delete\x7f carriage\rreturn \u2028 \u2029 \x85",
    "lone \ud800 surrogate \udfff",
    "x" * 1_000_000,
    "word " * 20_000,
    "| pipes | in \\| a | table |\n|---|---|\n| a | b |",
    "```\nfence\n````\n~~~\n`` ` ``",
    "# heading\n\n- item\n1. item\n> quote\n\n    code\n***\nsetext\n===\n---",
    "**bold** _emphasis_ ~~gone~~ $x^2$ `code` \\ [^1] /close",
    "`@mention``second`@third` `http://evil.example`",
    "{{ 7 * 7 }} {% raw %} {# comment #} ${7*7} %(x)s",
    "Zalgo Z\u0351\u036b\u0343a\u0329\u0320 wide \uff21\u4e2d\u6587 \U0001f4b3\u200d\U0001f9ea",
    "",
    " \n\t ",
    " ".join(SECRETS.values()),
    "; ".join(f'"{secret}"' for secret in SECRETS.values()),
)


def _results(texts):
    """Each text with each outcome; a very long one only as a failure, which holds it in every place."""
    every = [(5 * number + way, text) for number, text in enumerate(texts) for way in range(5)]
    for number, text in every:
        if len(text) > 10_000 and number % 5 != 1:
            continue
        one = CheckResult(
            check=f"hostile-{number}",
            task=f"{1 + number % 6}.{1 + number % 4}",
            title=text,
            outcome=list(Outcome)[number % 5],
            findings=(
                Finding(
                    title=text,
                    detail=text,
                    evidence=(
                        Evidence(text, "x1", {text: [text, {"n": 1.5}]}),
                        Evidence(text, text, None, SourceLocation(text, 3)),
                    ),
                    severity=None,
                    route=text,
                    discriminator=text,
                    fix=text,
                    source=SourceLocation(text),
                    check=f"hostile-{number}",
                ),
            )
            * (number % 5 == 1),
            reason=text,
            setting=text,
            notes=(text,),
            error=text,
            duration_s=1.0,
            exchanges=(text,),
        )
        yield one


def report_of(texts):
    """A report in which each text stands in every place that can hold one."""
    everything = " ".join(text[:200] for text in texts)
    results = tuple(_results(texts))
    template = GOLDEN.checks["webhook-signature-verified"]
    facts = {
        one.check: dataclasses.replace(
            template,
            id=one.check,
            task=one.task,
            title=one.title,
            what=one.title,
            why=one.title,
            fix=one.title,
            references=(one.title, f"CWE-{one.title}"),
        )
        for one in results
    }
    exchange = Exchange(
        id="x1",
        source=Party.AUDIT,
        destination=Party.APP,
        method=everything,
        url=everything,
        request=Message(((everything, everything),), everything, True),
        response=Message(((everything, everything),), everything),
        status=200,
        error=everything,
        started_at=1e300,
        duration_ms=1e300,
        route=everything,
        fault=everything,
    )
    return dataclasses.replace(
        GOLDEN,
        run=dataclasses.replace(GOLDEN.run, tag=everything, version=everything, folder=everything, started_at=1e300),
        target=dataclasses.replace(
            GOLDEN.target,
            name=everything,
            url=everything,
            environment=everything,
            stripe=everything,
            api_version=everything,
            proof=everything,
            allowed=everything,
            reached=False,
        ),
        checks=facts,
        results=results,
        exchanges=(exchange,),
        notes=texts,
        left_behind=texts,
    )


RAW = report_of(CORPUS)
_REDACTOR = Redactor([SECRETS["a phrase that the settings declare"]])
INERT = report_of(tuple(inert(_REDACTOR.redact(text), 4000) for text in CORPUS))
"""As the real pipeline stores it."""

PLAN_RAW = dataclasses.replace(
    PLAN,
    entries=tuple(
        dataclasses.replace(
            PLAN.entries[number % 7],
            check=dataclasses.replace(PLAN.entries[number % 7].check, id=f"hostile-{number}", title=text),
            reason=text if number % 7 > 2 else None,
            setting=text if number % 7 > 2 else None,
            routes=(text,),
        )
        for number, text in enumerate(CORPUS)
    ),
    permission=dataclasses.replace(PLAN.permission, reason=CORPUS[4], setting=CORPUS[5]),
)
