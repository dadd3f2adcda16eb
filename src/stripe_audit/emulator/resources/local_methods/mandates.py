"""Mandates: the customer's permission to debit an account (docs.stripe.com/api/mandates)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.resources.local_methods.kinds import KINDS
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "active", "check_given", "end", "give"]

_NONE_FOUND = (
    "This {spoken} requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer "
    "and try again, providing acceptance data in the mandate_data parameter."
)


def active(world: World, method: Obj) -> Obj | None:
    """The mandate under which the payment method can be debited; None if there is none."""
    known = world.store.members("mandate", method["id"])
    return next((one for one in reversed(known) if one["status"] == "active"), None)


def check_given(call: Call, method: Obj, params: dict[str, Any], spoken: str) -> None:
    """Raise ApiError 400 where a server confirms with a debit and nobody has accepted a mandate.

    In the customer's browser Stripe's own forms collect it.
    """
    kind = KINDS.get(method["type"])
    is_needed = kind is not None and kind.has_mandate and call.caller != "customer"
    if is_needed and not params.get("mandate_data") and active(call.world, method) is None:
        raise ApiError(_NONE_FOUND.format(spoken=spoken), code="payment_intent_mandate_invalid", param="mandate_data")


def give(world: World, method: Obj, intent: Obj, data: dict[str, Any] | None) -> Obj | None:
    """The mandate for this payment method: the active one, or a new one. None for kinds that have none."""
    kind = method["type"]
    if kind not in KINDS or not KINDS[kind].has_mandate:
        return None
    known = active(world, method)
    if known is not None:
        return known
    is_multiple = intent["object"] == "setup_intent" or bool(intent["setup_future_usage"])
    mandate = blank(
        "mandate",
        id=world.ids.new("mandate"),
        object="mandate",
        customer_acceptance=_acceptance(world, data),
        livemode=False,
        multi_use={"amount": None, "currency": None} if is_multiple else None,
        payment_method=method["id"],
        payment_method_details={"type": kind, kind: _details(world, kind)},
        single_use=None if is_multiple else {"amount": intent["amount"], "currency": intent["currency"]},
        status="active",
        type="multi_use" if is_multiple else "single_use",
    )
    return world.store.add(mandate, owner=method["id"])


def end(world: World, method: Obj) -> None:
    """The bank has revoked it, or the account is gone."""
    mandate = active(world, method)
    if mandate is not None:
        mandate["status"] = "inactive"
        world.emit("mandate.updated", mandate, previous={"status": "active"})


def _acceptance(world: World, data: dict[str, Any] | None) -> dict[str, Any]:
    given = (data or {}).get("customer_acceptance") or {}
    kind = given.get("type") or "online"
    accepted: dict[str, Any] = {"accepted_at": given.get("accepted_at") or world.clock.seconds(), "type": kind}
    if kind == "offline":
        return {**accepted, "offline": {}, "online": None}
    online = given.get("online") or {}
    seen = {name: online.get(name) for name in ("ip_address", "user_agent")}
    return {**accepted, "offline": None, "online": seen}


def _details(world: World, kind: str) -> dict[str, Any]:
    url = f"{world.url}/mandates"
    if kind == "sepa_debit":
        return {"reference": world.ids.text(16).upper(), "url": url}
    if kind == "bacs_debit":
        return {
            "display_name": None,
            "network_status": "accepted",
            "reference": world.ids.text(10).upper(),
            "revocation_reason": None,
            "service_user_number": None,
            "url": url,
        }
    if kind == "acss_debit":
        return {
            "default_for": None,
            "interval_description": None,
            "payment_schedule": "sporadic",
            "transaction_type": "personal",
        }
    if kind == "us_bank_account":
        return {"collection_method": None}
    return {"url": url} if kind == "au_becs_debit" else {}


def retrieve(call: Call) -> Obj:
    return call.world.find("mandate", call.ids[0])


ROUTES = (Route("GET", "/v1/mandates/{id}", retrieve),)
