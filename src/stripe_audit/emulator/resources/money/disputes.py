"""Disputes: read, answered with evidence, or accepted (docs.stripe.com/api/disputes)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.resources.money.dispute_machine import OPEN, close, consider
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

LONGEST_EVIDENCE = 150_000
"""docs.stripe.com/api/disputes/update."""


def retrieve(call: Call) -> Obj:
    return call.world.find("dispute", call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, "dispute", equal_to(call, "charge", "payment_intent"))


def update(call: Call) -> Obj:
    """Evidence is submitted with the call unless ``submit`` is false; metadata may be changed at any time."""
    dispute, params = call.world.find("dispute", call.ids[0]), call.params
    is_submitted = params.get("submit", "evidence" in params)
    if ("evidence" in params or is_submitted) and dispute["status"] not in OPEN:
        raise invalid(
            f"Evidence can no longer be changed or submitted: dispute {dispute['id']} has a status of "
            f"{dispute['status']}."
        )
    _check_length(params.get("evidence") or {})
    previous = change(dispute, params, ("intended_submission_method",))
    evidence = {name: value for name, value in (params.get("evidence") or {}).items() if name != "enhanced_evidence"}
    changed = {
        name: dispute["evidence"][name] for name, value in evidence.items() if dispute["evidence"][name] != value
    }
    details, status = snapshot(dispute["evidence_details"]), dispute["status"]
    dispute["evidence"].update(evidence)
    dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"].values())
    if is_submitted:
        consider(call.world, dispute)
        previous["status"] = status
    if changed:
        previous["evidence"] = changed
    moved = {name: value for name, value in details.items() if dispute["evidence_details"][name] != value}
    if moved:
        previous["evidence_details"] = moved
    if previous:
        call.world.emit("charge.dispute.updated", dispute, call, previous=previous)
    return dispute


def accept(call: Call) -> Obj:
    dispute = call.world.find("dispute", call.ids[0])
    if dispute["status"] not in OPEN:
        raise invalid(f"This dispute is already closed: {dispute['id']} has a status of {dispute['status']}.")
    close(call.world, call, dispute, "lost")
    return dispute


def _check_length(evidence: dict[str, Any]) -> None:
    if sum(len(value) for value in evidence.values() if isinstance(value, str)) > LONGEST_EVIDENCE:
        raise invalid(
            f"The combined character count of all evidence fields is limited to {LONGEST_EVIDENCE}.", "evidence"
        )


ROUTES = (
    Route("GET", "/v1/disputes", listed, "dispute_list"),
    Route("GET", "/v1/disputes/{id}", retrieve),
    Route("POST", "/v1/disputes/{id}", update, "dispute_update"),
    Route("POST", "/v1/disputes/{id}/close", accept, "dispute_close", about="dispute"),
)
