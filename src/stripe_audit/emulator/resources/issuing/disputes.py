"""A cardholder's disputes of what was spent (docs.stripe.com/api/issuing/disputes).

As with payments, ``winning_evidence`` and ``losing_evidence`` as the explanation decide a test's outcome.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.issuing.transactions import KIND as TRANSACTION
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

KIND = "issuing.dispute"
_OUTCOMES = {"winning_evidence": "won", "losing_evidence": "lost"}
_EVIDENCE = PARAMS[f"{KIND}_create"]["p"]["evidence"]["p"]


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if not params.get("transaction"):
        raise invalid("Missing required param: transaction.", "transaction", "parameter_missing")
    transaction = world.find(TRANSACTION, params["transaction"], "transaction")
    if transaction["dispute"] is not None:
        raise invalid(f"Transaction {transaction['id']} is already disputed.", "transaction")
    most = -transaction["amount"]
    amount = params.get("amount", most)
    if not 1 <= amount <= most:
        raise invalid("The disputed amount must be positive and at most what was spent.", "amount")
    dispute = blank(
        KIND,
        id=world.ids.new("idp"),
        object=KIND,
        amount=amount,
        balance_transactions=[],
        created=world.clock.seconds(),
        currency=transaction["currency"],
        evidence=_evidence({"reason": "other"}, params.get("evidence")),
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        status="unsubmitted",
        transaction=transaction["id"],
    )
    world.store.add(dispute)
    transaction["dispute"] = dispute["id"]
    world.emit("issuing_dispute.created", dispute, call)
    return dispute


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND, equal_to(call, "status", "transaction"))


def update(call: Call) -> Obj:
    dispute = _unsubmitted(call)
    before = snapshot(dispute["evidence"])
    previous = change(dispute, call.params, ("amount",))
    dispute["evidence"] = _evidence(dispute["evidence"], call.params.get("evidence"))
    if dispute["evidence"] != before:
        previous["evidence"] = {name: value for name, value in before.items() if dispute["evidence"][name] != value}
    if previous:
        call.world.emit("issuing_dispute.updated", dispute, call, previous=previous)
    return dispute


def submit(call: Call) -> Obj:
    dispute, world = _unsubmitted(call), call.world
    evidence = dispute["evidence"]
    details = evidence[evidence["reason"]]
    if not details:
        raise invalid("Evidence for the dispute's reason is missing.", f"evidence[{evidence['reason']}]")
    change(dispute, call.params, ())
    dispute["status"] = "submitted"
    world.emit("issuing_dispute.submitted", dispute, call, previous={"status": "unsubmitted"})
    outcome = _OUTCOMES.get(details.get("explanation") or "")
    if outcome:
        world.clock.later(world.config.refund_delay, _close, world, dispute, outcome)
    return dispute


def _close(world: World, dispute: Obj, outcome: str) -> None:
    dispute["status"] = outcome
    world.emit("issuing_dispute.closed", dispute, previous={"status": "submitted"})
    if outcome == "won":
        world.emit("issuing_dispute.funds_reinstated", dispute)


def _unsubmitted(call: Call) -> Obj:
    dispute = call.world.find(KIND, call.ids[0])
    if dispute["status"] != "unsubmitted":
        raise invalid(f"Dispute {dispute['id']} cannot be changed any more: it has a status of {dispute['status']}.")
    return dispute


def _evidence(known: Obj, given: dict[str, Any] | None) -> Obj:
    return {**dict.fromkeys(_EVIDENCE), **known, **(given or {})}


ROUTES = (
    Route("POST", "/v1/issuing/disputes", create, f"{KIND}_create", about=KIND),
    Route("GET", "/v1/issuing/disputes", listed, f"{KIND}_list", about=KIND),
    Route("GET", "/v1/issuing/disputes/{id}", retrieve, about=KIND),
    Route("POST", "/v1/issuing/disputes/{id}", update, f"{KIND}_update", about=KIND),
    Route("POST", "/v1/issuing/disputes/{id}/submit", submit, f"{KIND}_submit", about=KIND),
)
