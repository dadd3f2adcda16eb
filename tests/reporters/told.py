"""The golden report with what only the HTML report shows: a story with a fault and a duplicate, and times of checks."""

from __future__ import annotations

import dataclasses

from tests.reporters.golden import EXCHANGES, GOLDEN, STARTED

from stripe_audit.models import Exchange, Message, Party


def exchange(number: int, source: Party, destination: Party, url: str, after: float, **members) -> Exchange:
    return Exchange(
        f"x{number}",
        source,
        destination,
        members.pop("method", "POST"),
        url,
        Message((), members.pop("sent", "")),
        Message((), "{}"),
        members.pop("status", 200),
        None,
        STARTED + after,
        members.pop("took", 1.0),
        **members,
    )


APP, STRIPE = "http://127.0.0.1:4000", "http://127.0.0.1:12111"
STORY = (
    exchange(20, Party.CUSTOMER, Party.APP, f"{APP}/api/create-payment-intent", 0.10, took=90.0),
    exchange(21, Party.APP, Party.STRIPE, f"{STRIPE}/v1/payment_intents", 0.12, took=50.0, fault="slow"),
    exchange(22, Party.CUSTOMER, Party.STRIPE, f"{STRIPE}/v1/payment_intents/pi_1/confirm", 0.3),
    exchange(
        23, Party.WEBHOOK, Party.APP, f"{APP}/api/webhooks/stripe", 0.4, sent='{"type": "payment_intent.succeeded"}'
    ),
    exchange(24, Party.WEBHOOK, Party.APP, f"{APP}/api/webhooks/stripe", 0.5, duplicate=True),
    exchange(25, Party.AUDIT, Party.APP, f"{APP}/api/orders/1", 1.2, method="GET"),
)
FORGED, PRICED = (GOLDEN.results[n].findings[0] for n in (5, 10))
TOLD = dataclasses.replace(
    GOLDEN,
    exchanges=(*EXCHANGES, *STORY),
    stories={
        FORGED.fingerprint: ("x20", "x21", "x22", "x1", "x23", "x24", "x25"),
        "one-time-payment-completes": ("x20", "x21", "x22", "x23", "x25"),
    },
    results=tuple(
        dataclasses.replace(result, started_at=STARTED + number) if result.duration_s else result
        for number, result in enumerate(GOLDEN.results)
    ),
)
