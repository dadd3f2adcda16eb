"""Early fraud warnings, and payments to be looked at (docs.stripe.com/api/radar/early_fraud_warnings, …/reviews)."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "open_review", "warn"]


def warn(world: World, charge: Obj) -> None:
    """The card's issuer tells of fraud, before anyone disputes the payment."""
    warning = blank(
        "radar.early_fraud_warning",
        id=world.ids.new("issfr"),
        object="radar.early_fraud_warning",
        actionable=True,
        charge=charge["id"],
        created=world.clock.seconds(),
        fraud_type="misc",
        livemode=False,
        payment_intent=charge["payment_intent"],
    )
    world.store.add(warning, owner=charge["id"])
    world.emit("radar.early_fraud_warning.created", warning)


def open_review(world: World, charge: Obj) -> None:
    """A payment of elevated risk waits for someone's judgment."""
    review = blank(
        "review",
        id=world.ids.new("prv"),
        object="review",
        charge=charge["id"],
        created=world.clock.seconds(),
        livemode=False,
        open=True,
        opened_reason="rule",
        payment_intent=charge["payment_intent"],
        reason="rule",
    )
    world.store.add(review, owner=charge["id"])
    _refer(world, review, review["id"])
    world.emit("review.opened", review)


def retrieve_warning(call: Call) -> Obj:
    return call.world.find("radar.early_fraud_warning", call.ids[0])


def warnings(call: Call) -> Obj:
    return list_of(call, "radar.early_fraud_warning", equal_to(call, "charge", "payment_intent"))


def retrieve_review(call: Call) -> Obj:
    return call.world.find("review", call.ids[0])


def reviews(call: Call) -> Obj:
    return list_of(call, "review", lambda review: bool(review["open"]))


def approve(call: Call) -> Obj:
    review = call.world.find("review", call.ids[0])
    if not review["open"]:
        raise invalid(f"Review {review['id']} is already closed: its reason is {review['reason']}.")
    _close(call.world, call, review, "approved")
    return review


def _close(world: World, call: Call | None, review: Obj, reason: str) -> None:
    previous = {"closed_reason": None, "open": True, "reason": review["reason"]}
    review.update(open=False, closed_reason=reason, reason=reason)
    _refer(world, review, None)
    world.emit("review.closed", review, call, previous=previous)


def _refer(world: World, review: Obj, identity: str | None) -> None:
    """The payment names its review while that is open."""
    for owner in (review["charge"], review["payment_intent"]):
        payment = world.store.by_id.get(owner or "")
        if payment is not None:
            payment["review"] = identity


@after("charge.refunded", "charge.dispute.created")
def _settled(world: World, obj: Obj, call: Call | None) -> None:
    """Nothing is left to do about a payment that is disputed, or was given back."""
    is_dispute = obj["object"] == "dispute"
    if not is_dispute and not obj["refunded"]:
        return
    charge = obj["charge"] if is_dispute else obj["id"]
    for warning in world.store.members("radar.early_fraud_warning", charge):
        if warning["actionable"]:
            warning["actionable"] = False
            world.emit("radar.early_fraud_warning.updated", warning, call, previous={"actionable": True})
    for review in world.store.members("review", charge):
        if review["open"]:
            _close(world, call, review, "disputed" if is_dispute else "refunded")


ROUTES = (
    Route(
        "GET",
        "/v1/radar/early_fraud_warnings",
        warnings,
        "radar.early_fraud_warning_list",
        about="radar.early_fraud_warning",
    ),
    Route("GET", "/v1/radar/early_fraud_warnings/{id}", retrieve_warning, about="radar.early_fraud_warning"),
    Route("GET", "/v1/reviews", reviews, "review_list"),
    Route("GET", "/v1/reviews/{id}", retrieve_review),
    Route("POST", "/v1/reviews/{id}/approve", approve, "review_approve", about="review"),
)
