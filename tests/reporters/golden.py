"""The one report that every reporter is shown: every outcome and severity, exchanges, notes, an error beside findings.

Nothing in it depends on the machine, the time or the catalogue.
"""

from __future__ import annotations

import dataclasses

from stripe_audit.models import (
    CheckResult,
    Effect,
    Evidence,
    Exchange,
    Finding,
    Message,
    Outcome,
    Party,
    Severity,
    SourceLocation,
)
from stripe_audit.plan import Plan, PlanEntry
from stripe_audit.report import CheckFacts, Policy, Report, RunFacts, TargetFacts
from stripe_audit.safety import Permission

STARTED = 1_795_000_000.0


def facts(identity, task, title, severity=Severity.MEDIUM, effect="write", references=(), fix=None):
    return CheckFacts(
        identity,
        task,
        title,
        severity,
        effect,
        what=f"Looks whether {title[0].lower()}{title[1:]}.",
        why="Whoever knows the URL can mark orders as paid.\n\nIt has happened.",
        fix=fix or "Verify the ``Stripe-Signature`` header over the raw body, and answer 400 when it fails.",
        references=references,
    )


CHECKS = (
    facts("server-starts", "1.1", "The server starts", Severity.CRITICAL, "read"),
    facts("health-endpoint-answers", "1.2", "The health endpoint answers", effect="read"),
    facts("webhook-endpoint-reachable", "1.3", "The webhook endpoint is reachable", effect="read"),
    facts("env-keys-present", "1.4", "Stripe's variables are set", effect="none", references=("ASVS 13.3.1",)),
    facts("webhook-genuine-event-accepted", "2.1", "Genuine webhook events are accepted"),
    facts(
        "webhook-signature-verified",
        "2.2",
        "Forged webhook events are rejected",
        Severity.CRITICAL,
        references=("docs.stripe.com/webhooks#verify-events", "PCI DSS 6.2.4", "ASVS 4.1.5", "CWE-347"),
    ),
    facts(
        "webhook-replay-rejected",
        "2.2",
        "Replayed webhook events are rejected",
        references=("CWE-294", "PCI DSS 6.2.4"),
    ),
    facts("webhook-events-handled", "2.3", "Each declared webhook event has its effect"),
    facts("payment-amount-in-minor-units", "3.1", "Amounts reach Stripe in minor units", Severity.HIGH),
    facts("payment-recorded", "3.4", "Payments are recorded", Severity.HIGH),
    facts(
        "payment-amount-not-trusted",
        "4.1",
        "The customer cannot choose the price",
        Severity.HIGH,
        references=("CWE-602",),
    ),
    facts(
        "security-headers-set",
        "4.2",
        "Security headers are set",
        effect="read",
        references=("ASVS 3.4.1", "PCI DSS 6.4.3"),
    ),
    facts("api-version-current", "4.3", "The API version is current", Severity.LOW, "read"),
    facts("decline-reported-safely", "5.1", "Declines are reported safely", Severity.LOW),
    facts("customer-notified", "5.3", "The customer is notified", references=("PCI DSS 10.2.1",)),
    facts("failed-payment-alerted", "5.3", "Failed payments raise an alert"),
    facts("one-time-payment-completes", "6.1", "A payment completes from end to end", Severity.CRITICAL),
    facts(
        "webhook-duplicates-harmless",
        "6.2",
        "A repeated webhook event changes nothing",
        Severity.HIGH,
        fix="Keep the ids of handled events:\n\n- insert `event.id` in the same transaction;\n- answer 200 to repeats.",
    ),
)
_BY_ID = {one.id: one for one in CHECKS}

EXCHANGES = (
    Exchange(
        id="x1",
        source=Party.WEBHOOK,
        destination=Party.APP,
        method="POST",
        url="http://127.0.0.1:4000/api/webhooks/stripe",
        request=Message(
            (("Content-Type", "application/json"), ("Stripe-Signature", "t=1795000001,v1=0123abcd…")),
            '{\n  "id": "evt_1",\n  "type": "payment_intent.succeeded"\n}',
        ),
        response=Message((("Content-Type", "application/json"),), '{"received":true}'),
        status=200,
        error=None,
        started_at=STARTED + 1,
        duration_ms=12.3,
        check="webhook-signature-verified",
        route="webhook",
    ),
    Exchange(
        id="x2",
        source=Party.CUSTOMER,
        destination=Party.APP,
        method="POST",
        url="http://127.0.0.1:4000/api/create-payment-intent",
        request=Message((), '{"item":"mug","amount":1}'),
        response=None,
        status=None,
        error="no answer within 5 s",
        started_at=STARTED + 2,
        duration_ms=5000.0,
        check="payment-amount-not-trusted",
        route="create_payment",
        fault="timeout",
        duplicate=True,
    ),
    Exchange(
        id="x3",
        source=Party.APP,
        destination=Party.STRIPE,
        method="POST",
        url="http://127.0.0.1:12111/v1/payment_intents",
        request=Message((), "amount=1&currency=eur"),
        response=Message((), '{"id": "pi_1", "object": "payment_intent", "description": "' + "long " * 100, True),
        status=200,
        error=None,
        started_at=STARTED + 3,
        duration_ms=3.0,
        check="payment-amount-not-trusted",
    ),
    Exchange(
        id="x4",
        source=Party.AUDIT,
        destination=Party.APP,
        method="GET",
        url="http://127.0.0.1:4000/",
        request=Message(),
        response=Message(),
        status=204,
        error=None,
        started_at=STARTED + 4,
        duration_ms=0.7,
        check="security-headers-set",
    ),
)


def result(identity, outcome, **members):
    one = _BY_ID[identity]
    return CheckResult(one.id, one.task, one.title, outcome, **{"duration_s": 0.12, **members})


def finding(check, severity, title, *evidence, **members):
    return Finding(
        title=title,
        detail=members.pop("detail", f"{title}, as the evidence shows."),
        evidence=evidence,
        severity=severity,
        check=check,
        **members,
    )


RESULTS = (
    result("server-starts", Outcome.PASSED, duration_s=1.5, exchanges=("x4",)),
    result("health-endpoint-answers", Outcome.PASSED, exchanges=("x4", "x5")),
    result("webhook-endpoint-reachable", Outcome.ERRORED, error="ConnectError: connection refused (target.py:12)"),
    result("env-keys-present", Outcome.PASSED, duration_s=0.0, notes=("29 variables loaded",)),
    result("webhook-genuine-event-accepted", Outcome.PASSED, exchanges=("x6", "x7")),
    result(
        "webhook-signature-verified",
        Outcome.FAILED,
        findings=(
            finding(
                "webhook-signature-verified",
                Severity.CRITICAL,
                "A forged event changed an order",
                Evidence(
                    "no signature: answered 200, and the order changed", "x1", {"before": "unpaid", "after": "paid"}
                ),
                Evidence("another secret: answered 200", "x99"),
                route="webhook /api/webhooks/stripe",
                source=SourceLocation("src/webhooks.ts", 41),
                detail="/api/webhooks/stripe took events that Stripe did not sign: unsigned, other-secret.",
            ),
            finding(
                "webhook-signature-verified",
                Severity.INFO,
                "The refusal is a 401",
                Evidence("answered 401 where most answer 400"),
                route="webhook /api/webhooks/stripe",
                discriminator="status",
                fix="Nothing needs to change.",
            ),
        ),
        error="TimeoutError: not finished after 20 s",
        exchanges=("x1", "x8"),
        duration_s=20.0,
    ),
    result(
        "webhook-replay-rejected",
        Outcome.SKIPPED,
        reason="needs webhook-signature-verified, which failed",
        duration_s=0.0,
    ),
    result(
        "webhook-events-handled",
        Outcome.INCONCLUSIVE,
        reason="the endpoint answers 2xx, and no effect was seen",
        setting="observers.order",
    ),
    result("payment-amount-in-minor-units", Outcome.PASSED),
    result(
        "payment-recorded",
        Outcome.SKIPPED,
        reason="observers.order is not declared",
        setting="observers.order",
        duration_s=0.0,
    ),
    result(
        "payment-amount-not-trusted",
        Outcome.FAILED,
        findings=(
            finding(
                "payment-amount-not-trusted",
                Severity.HIGH,
                "The customer chose the price",
                Evidence("asked for a mug at 0.01", "x2"),
                Evidence("Stripe was asked for 1 cent", "x3", {"catalogue": 1500, "asked": 1}),
                route="create_payment /api/create-payment-intent",
            ),
        ),
        exchanges=("x2", "x3"),
    ),
    result(
        "security-headers-set",
        Outcome.FAILED,
        findings=(
            finding(
                "security-headers-set", Severity.MEDIUM, "No X-Content-Type-Options", Evidence("answered 204", "x4")
            ),
        ),
        exchanges=("x4",),
    ),
    result(
        "api-version-current",
        Outcome.FAILED,
        findings=(finding("api-version-current", Severity.LOW, "The API version is two releases old"),),
    ),
    result("decline-reported-safely", Outcome.PASSED),
    result(
        "customer-notified",
        Outcome.SKIPPED,
        reason="observers.mail is not declared",
        setting="observers.mail",
        duration_s=0.0,
    ),
    result(
        "failed-payment-alerted",
        Outcome.SKIPPED,
        reason="observers.mail is not declared",
        setting="observers.mail",
        duration_s=0.0,
    ),
    result("one-time-payment-completes", Outcome.PASSED, notes=("paid after 0.4 s",)),
    result(
        "webhook-duplicates-harmless",
        Outcome.FAILED,
        findings=(
            finding(
                "webhook-duplicates-harmless",
                Severity.HIGH,
                "A repeated event fulfilled the order twice",
                Evidence("fulfilled twice", data={"fulfilled": 2}),
                discriminator="payment_intent.succeeded",
            ),
        ),
    ),
)

GOLDEN = Report(
    run=RunFacts("run_0123abcd", "0.1.0", STARTED, STARTED + 75.25, seed=7, folder=".stripe-audit/runs/0123abcd"),
    target=TargetFacts(
        name="demo shop",
        url="http://127.0.0.1:4000",
        environment="test",
        launched=True,
        stripe="emulator",
        api_version="2026-10-28.preview",
        proof="launched by the audit with its own test keys, and seen to use them",
        allowed="load",
    ),
    policy=Policy(),
    checks=_BY_ID,
    results=RESULTS,
    exchanges=EXCHANGES,
    notes=("the target's clock is 3 s ahead",),
    left_behind=("customer cus_1",),
    project="services/shop",
    places={
        "": SourceLocation("stripe-audit.yaml", 3),
        "env_files": SourceLocation("stripe-audit.yaml", 9),
        "webhook /api/webhooks/stripe": SourceLocation("stripe-audit.yaml", 24),
        "create_payment /api/create-payment-intent": SourceLocation("stripe-audit.yaml", 31),
    },
    handlers={"create_payment /api/create-payment-intent": SourceLocation("src/payments.ts", 12)},
)

INTERRUPTED = dataclasses.replace(
    GOLDEN,
    run=dataclasses.replace(GOLDEN.run, interrupted=True, seed=None, folder=None, finished_at=STARTED + 3.5),
    results=tuple(
        one
        if one.task.startswith("1.")
        else dataclasses.replace(
            one,
            outcome=Outcome.SKIPPED,
            findings=(),
            notes=(),
            error=None,
            setting=None,
            exchanges=(),
            duration_s=0.0,
            reason="interrupted before it began",
        )
        for one in RESULTS
    ),
    exchanges=(),
    notes=(),
    left_behind=(),
)

EMPTY = dataclasses.replace(INTERRUPTED, checks={}, results=())

SOUND = dataclasses.replace(
    GOLDEN,
    results=tuple(CheckResult(one.id, one.task, one.title, Outcome.PASSED, duration_s=0.1) for one in CHECKS),
    exchanges=(),
    notes=(),
    left_behind=(),
)


def entry(one, reason=None, setting=None, *, routes=(), requests=20, objects=0, is_added=False):
    return PlanEntry(one, reason is None, reason, setting, routes, requests, objects, is_added)


PLAN = Plan(
    (
        entry(_BY_ID["server-starts"], requests=1),
        entry(_BY_ID["env-keys-present"], requests=0, is_added=True),
        entry(_BY_ID["webhook-signature-verified"], routes=("webhook", "order"), requests=80, objects=20),
        entry(
            _BY_ID["payment-recorded"], "observers.order is not declared", "observers.order", routes=("create_payment",)
        ),
        entry(_BY_ID["customer-notified"], "observers.mail is not declared", "observers.mail"),
        entry(_BY_ID["failed-payment-alerted"], "observers.mail is not declared", "observers.mail"),
        entry(_BY_ID["webhook-replay-rejected"], "needs payment-recorded, which will not run"),
    ),
    Permission(
        Effect.PROBE, "nothing proves that this target runs in test mode, so it counts as live", "target.launch"
    ),
)
