"""Calls to Stripe that belong to its past."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from stripe_audit import Call, Check, Context, Effect, Finding, Severity, Uses, trials

PAST: Sequence[tuple[str, str, str, Severity]] = (
    (r"POST /v1/charges(/[^/]+/capture)?", "the Charges API", "PaymentIntents", Severity.MEDIUM),
    (r"POST /v1/sources.*|POST /v1/customers/[^/]+/sources.*", "the Sources API", "PaymentMethods", Severity.MEDIUM),
    (r"POST /v1/tokens", "Tokens", "PaymentMethods, made in the browser", Severity.LOW),
)
"""What the SDK's documentation calls deprecated (``_charge_service.py``, ``_source.py`` in stripe-python 16.1.0)."""
REMOVED = re.compile(r"POST /v1/(?:payment_intents|setup_intents|checkout/sessions)(?:/[^/]+/confirm)?")
REMOVED_IN = "2026-09-30.endive"
"""Since when ``payment_method_types`` is no parameter of these any more."""


class Used(NamedTuple):
    """Something of the past that calls use, what to use in its place, and how bad it is."""

    what: str
    instead: str
    severity: Severity
    calls: tuple[Call, ...]


class DeprecatedCallsUnused(Check):
    """The target makes no calls that Stripe has deprecated.

    What it checks:
        Makes a payment and lets Stripe tell the target of it. Then reads every call that the target has made in this
        run: to Charges, Sources and Tokens, which Stripe calls deprecated, and with ``payment_method_types``, which
        Endive (September 2026) has removed from PaymentIntents, SetupIntents and Checkout Sessions. For calls that are
        pinned to an older version the latter is a note: it will fail with the next upgrade.

    Why it matters:
        Charges know no 3D Secure, so that European banks decline them, and what is deprecated gets no new payment
        methods. A removed parameter is an error on the day when the SDK is updated.

    How to fix:
        Create PaymentIntents (or Checkout Sessions), collect PaymentMethods in the browser, leave out
        ``payment_method_types`` or replace it by ``allowed_payment_method_types``, and choose the methods in the
        Dashboard.
    """

    id = "deprecated-calls-unused"
    task = "4.3"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        *("docs.stripe.com/payments/payment-intents/migration/charges", "docs.stripe.com/upgrades"),
        *("docs.stripe.com/api/charges/create", "docs.stripe.com/sources", "PCI DSS 6.3.3"),
    )
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Make the target call Stripe, and read what it called."""
        payment = await ctx.payments.paid()
        await trials.settled(ctx, [payment.intent])
        calls = await ctx.stripe.journal(caller="target")
        if not calls:
            ctx.inconclusive("the target made no call at the audit's Stripe", supply="target.launch.env")
        for used in assess(calls):
            detail = f"The target calls {used.what}; use {used.instead}."
            evidence = [
                ctx.evidence(call.line, data={"Stripe-Version": call.stripe_version}) for call in used.calls[:3]
            ]
            yield ctx.finding(
                f"A deprecated part of Stripe's API is used: {used.what}",
                detail,
                *evidence,
                severity=used.severity,
                discriminator=used.what,
            )
        if any(is_removed_later(call) for call in calls):
            ctx.note(f"payment_method_types is sent, which {REMOVED_IN} has removed: leave it out before you upgrade")


def assess(calls: Sequence[Call]) -> Iterator[Used]:
    """What of the past the calls use, each once."""
    for pattern, what, instead, severity in PAST:
        found = tuple(call for call in calls if re.fullmatch(pattern, f"{call.method} {call.path}"))
        if found:
            yield Used(what, instead, severity, found)
    removed = tuple(call for call in calls if sends_types(call) and (call.stripe_version or "") >= REMOVED_IN)
    if removed:
        yield Used("payment_method_types", "allowed_payment_method_types, or nothing", Severity.HIGH, removed)


def sends_types(call: Call) -> bool:
    """Whether a call carries the parameter that was removed."""
    is_one = REMOVED.fullmatch(f"{call.method} {call.path}") is not None
    return is_one and "payment_method_types" in call.params


def is_removed_later(call: Call) -> bool:
    """Whether it carries the parameter, and is pinned to a version that still has it."""
    return sends_types(call) and (call.stripe_version or "") < REMOVED_IN
