"""The other half of what happened: the target's own calls to Stripe, and the webhook events that Stripe delivered.

The audit does not take part in these, so they are recorded at the end of a run, from the embedded Stripe's journal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_audit.audit.stage import Stage
from stripe_audit.errors import StripeError
from stripe_audit.models import Party
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

__all__ = ["record_stripe_side"]


def record_stripe_side(stage: Stage) -> tuple[str, ...]:
    """Record them all and return their ids, in order of time. Nothing where Stripe is not embedded or has gone."""
    if not isinstance(stage.stripe, EmbeddedStripe):
        return ()
    try:
        calls = stage.stripe.control("GET", "journal?caller=target")["calls"]
        deliveries = stage.stripe.control("GET", "deliveries")["deliveries"]
    except StripeError:
        return ()
    base = stage.stripe.address.url
    sought = re.compile(rf"\b{re.escape(stage.tag)}-([a-z0-9-]+)-\d{{3,}}\b")
    owners: dict[str, str] = {}
    told = [*(_call(one, base) for one in calls), *(one for each in deliveries for one in _attempts(each))]
    recorded = []
    for entry in sorted(told, key=lambda one: float(one["started_at"])):
        about = entry.pop("about")
        owner = match[1] if (match := sought.search(entry["request_body"].decode("utf-8", "replace"))) else None
        if about and owner:
            owners.setdefault(about, owner)
        recorded.append(stage.recorder.record(**entry, check=owner or owners.get(about or "")))
    return tuple(recorded)


def _call(entry: Mapping[str, Any], base: str) -> dict[str, Any]:
    headers = {"Idempotency-Key": entry.get("idempotency_key"), "Stripe-Version": entry.get("stripe_version")}
    answer = {"error": entry["error"]} if entry["error"] else {"id": entry["object"]}
    return {
        "source": Party.APP,
        "destination": Party.STRIPE,
        "method": entry["method"],
        "url": base + entry["path"],
        "request_headers": [(name, str(value)) for name, value in headers.items() if value],
        "request_body": json.dumps(entry["params"]).encode() if entry["params"] else b"",
        "status": entry["status"] or None,
        "response_headers": [("Idempotent-Replayed", "true")] if entry["replayed"] else [],
        "response_body": json.dumps(answer).encode(),
        "error": None if entry["status"] else "no answer reached the app",
        "duration_ms": entry["duration_ms"],
        "started_at": entry["at"],
        "fault": entry["fault"],
        "duplicate": bool(entry["replayed"]),
        "about": entry["object"],
    }


def _attempts(delivery: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One entry for each attempt; after the first that was taken, each one more is a duplicate."""
    is_taken = False
    body = {"id": delivery["event"], "type": delivery["type"], "data": {"object": {"id": delivery["object"]}}}
    for attempt in delivery["attempts"]:
        yield {
            "source": Party.WEBHOOK,
            "destination": Party.APP,
            "method": "POST",
            "url": delivery["url"],
            "request_headers": [],
            "request_body": json.dumps(body).encode(),
            "status": attempt["status"],
            "error": attempt["error"],
            "duration_ms": attempt["duration_ms"],
            "started_at": attempt["at"],
            "duplicate": is_taken,
            "about": delivery["object"],
        }
        is_taken = is_taken or (attempt["status"] is not None and 200 <= attempt["status"] < 300)
