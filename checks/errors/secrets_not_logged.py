"""Secrets in the target's log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

SCHEME = re.compile(r"\b(?:Bearer|Basic)(?:\s+|%20|\+)", re.IGNORECASE)
REFUSED_SIGNATURE = {"Stripe-Signature": "t=1,v1=00"}


class Kind(NamedTuple):
    """A kind of secret, by what is left of it once it is masked; ``written`` must also match the line as it stands."""

    name: str
    severity: Severity
    masked: re.Pattern[str]
    written: re.Pattern[str] = re.compile("")


KINDS = (
    Kind("a secret key", Severity.CRITICAL, re.compile(r"\b[sr]k_(?:test|live|prod|org)_…")),
    Kind("a card number", Severity.CRITICAL, re.compile(r"(?<!\d)\d{6}…\d{4}(?!\d)")),
    Kind("a webhook signing secret", Severity.HIGH, re.compile(r"whsec_…")),
    Kind(
        "an Authorization header",
        Severity.HIGH,
        re.compile(r"\b(?:Bearer|Basic)(?:\s+|%20|\+)\S*?…", re.IGNORECASE),
        re.compile(r"\b(?:Bearer|Basic)(?:\s+|%20|\+)(?=\S*\d)\S{16,}", re.IGNORECASE),
    ),
    Kind("a password in a URL", Severity.HIGH, re.compile(r"://[^\s/:@]*:…@")),
    Kind("a client secret", Severity.MEDIUM, re.compile(r"_secret_…")),
    Kind("a token", Severity.MEDIUM, re.compile(r"\beyJ…")),
)


class SecretsNotLogged(Check):
    """No secret is written to the log when payments succeed, fail, or are told of wrongly.

    What it checks:
        Takes a payment that succeeds and one that is declined, with their webhook events, sends an event with a wrong
        signature and a body that is no JSON, and reads the lines that were logged since. Looked for are the run's own
        secrets, as they are, and by their form: secret keys, signing secrets, client secrets, card numbers, bearer
        tokens, passwords in URLs. What the target masks itself is no finding. It runs alone, so that the
        lines are those of its own requests.

    Why it matters:
        Logs are copied to services and laptops, and kept for years. A secret key in one moves money; a client secret
        shows a customer's payment to whoever reads it, and can complete it.

    How to fix:
        Log ids, never whole requests, answers or Stripe objects: ``client_secret`` is a member of the PaymentIntent.
        Where objects must be logged, use the logger's redaction for ``*.client_secret``, ``authorization``,
        ``stripe-signature``. Roll a key that was written.
    """

    id = "secrets-not-logged"
    task = "5.2"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:logs")
    effect = Effect.WRITE
    uses = Uses(shared=("stripe", "deliveries"), alone=("target",))
    references = ("docs.stripe.com/keys-best-practices", "PCI DSS 3.3.1", "PCI DSS 10.3.1", "ASVS 16.2.5", "CWE-532")
    max_requests = 20
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make the target log what it has to log, then look for secrets in it."""
        mark = ctx.logs.mark()
        paid, declined = await asyncio.gather(trials.travel(ctx, "paid"), trials.travel(ctx, "declined"))
        await ctx.target.call("create_payment", paid.values, body=b'{"order": ', effect=Effect.PROBE)
        for route in ctx.spec.webhooks:
            await ctx.deliver(route, b"{}", headers=REFUSED_SIGNATURE, effect=Effect.PROBE)
        await trials.settled(ctx, [paid.intent, declined.intent])
        names = {paid.order, paid.intent, declined.order, declined.intent}
        about = await ctx.log_lines(mark, lambda line: trials.is_named(line.text, names), least=2)
        lines = ctx.logs.since(mark)
        if not lines:
            ctx.inconclusive("nothing was logged of two payments: the log is elsewhere", supply="observers.logs")
        ctx.note(f"{len(lines)} lines were read, {len(about)} of them about the payments")
        kinds = [kinds_in(line.text, ctx.safe) for line in lines]
        for kind in KINDS:
            if found := [line for line, its_kinds in zip(lines, kinds, strict=True) if kind.name in its_kinds]:
                seen = [ctx.evidence("in the log, masked here", data={"line": one.text[:500]}) for one in found[:3]]
                detail = f"{len(found)} of {len(lines)} lines since the first payment hold {kind.name} as it is."
                title = f"The log holds {kind.name}"
                yield ctx.finding(title, detail, *seen, severity=kind.severity, discriminator=kind.name)


def kinds_in(line: str, safe: Callable[[str], str]) -> set[str]:
    """The kinds of secrets in a line. ``safe`` masks them: what has more masks then than before held a secret."""
    found = set()
    for kind in KINDS:
        text = line if kind.written.pattern else SCHEME.sub(" ", line)  # a masked header hides what it is made of
        has_masked = len(kind.masked.findall(safe(text))) > len(kind.masked.findall(text))
        if has_masked and kind.written.search(text):
            found.add(kind.name)
    return found
