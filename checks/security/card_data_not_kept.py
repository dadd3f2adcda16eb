"""Card data in what the target keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

NUMBER = "5200828282828210"
"""A test number that Stripe documents (docs.stripe.com/testing); no other check sends it."""


class CardDataNotKept(Check):
    """No card number and no security code is kept: not in the log, and not in the database.

    What it checks:
        Sends, once and in a request that a sound target refuses, a test number that Stripe documents, with its security
        code. Then it makes an ordinary payment, so that the log is known to be written, and looks for both: in the log
        lines since, and in the files in which the target keeps its data, where they are known (the SQLite file of
        ``observers.order``, and ``{scratch}`` of a launched target). A number that is masked is fine.

    Why it matters:
        Customers type their number wherever they find a field, and frontends send more than they should. What is logged
        as it came lies in backups and with log services for years. A security code may not be kept at all once the
        payment is through.

    How to fix:
        Log names of fields, never whole bodies; use the logger's redaction (pino ``redact``, structlog processors,
        Rails' ``filter_parameters``, Laravel's ``dontFlash``). Validate first and store only named members. Delete what
        is there already, also from backups and log services.
    """

    id = "card-data-not-kept"
    task = "4.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "PCI DSS 3.3.1",
        "PCI DSS 3.5.1",
        "PCI DSS 10.3.1",
        "ASVS 14.2.1",
        "ASVS 16.2.5",
        "CWE-532",
        "CWE-312",
    )
    max_requests = 4
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Send it, and look."""
        kept = await trials.send_card_and_look(ctx, NUMBER)
        if kept is None:
            ctx.skip("no request that is surely refused is declared", setting="target.routes.create_payment.body")
        if kept.lines is None and kept.files is None:
            ctx.skip("neither a log nor a place of the target's data is declared", setting="observers.logs")
        if kept.lines == 0 and kept.files is None:
            ctx.inconclusive("nothing was logged of a payment: the log is elsewhere", supply="observers.logs")
        ctx.note(f"looked at {kept.lines or 0} log lines and {kept.files or 0} files")
        told = f"a test number was sent to {kept.sent.answer.url}"
        if kept.with_number:
            seen = [
                ctx.evidence("in the log, masked here", data={"line": one.text[:500]}) for one in kept.with_number[:3]
            ]
            detail = f"{len(kept.with_number)} log lines hold a card number as it was sent."
            yield ctx.finding("Card numbers are written to the log", detail, *seen, discriminator="log")
        if kept.with_code:
            lines = len(kept.with_code)
            seen_code = ctx.evidence(f"{told}; its code is in {lines} lines", kept.sent.answer)
            detail = f"{lines} log lines hold a card's security code."
            yield ctx.finding("Security codes are written to the log", detail, seen_code, discriminator="code")
        if kept.in_files:
            seen_file = ctx.evidence(f"{told}, and is in {', '.join(kept.in_files)}", kept.sent.answer)
            detail = f"The number stands, as it was sent, in {', '.join(kept.in_files)}."
            yield ctx.finding("Card numbers are kept in the database", detail, seen_file, discriminator="data")
