"""Confirmation tokens: what the customer chose in the browser, for the server to confirm an intent with.

Source: docs.stripe.com/payments/finalize-payments-on-the-server, docs.stripe.com/api/confirmation_tokens.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.resources import payment_methods
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "note", "unfold"]

KIND = "confirmation_token"
LASTING_SECONDS = 12 * 3600
"""docs.stripe.com/api/confirmation_tokens/object: "expires 12 hours after creation"."""
_CHOSEN = ("return_url", "setup_future_usage", "shipping")


def create(call: Call) -> Obj:
    """From the browser, or in a test from the server: with a test payment method, or with data."""
    params, world = call.params, call.world
    named, data = params.get("payment_method"), params.get("payment_method_data")
    if bool(named) == bool(data):
        raise invalid("You must specify one of: payment_method, payment_method_data.", "payment_method_data")
    method = (
        payment_methods.usable(call, named, "payment_method")
        if named
        else payment_methods.from_data(call, data or {}, "payment_method_data")
    )
    now = world.clock.seconds()
    token = blank(
        KIND,
        id=world.ids.new("ctoken"),
        object=KIND,
        created=now,
        expires_at=now + LASTING_SECONDS,
        livemode=False,
        payment_method_options=params.get("payment_method_options"),
        payment_method_preview=_preview(method),
        use_stripe_sdk=True,
        **{name: params[name] for name in _CHOSEN if params.get(name)},
    )
    world.checkout.method_of[token["id"]] = method["id"]
    return world.store.add(token)


def _preview(method: Obj) -> dict[str, Any]:
    kind = method["type"]
    shared = {name: snapshot(method.get(name)) for name in ("allow_redisplay", "billing_details", "customer")}
    return {**shared, "customer_account": None, "type": kind, kind: snapshot(method.get(kind))}


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def unfold(call: Call) -> str | None:
    """Put what the token of a confirmation holds in the place of the token; what the call says itself goes first.

    Returns the token's id, if there is one. Raises ApiError 400 for a token that cannot be used (any more).
    """
    identity: str | None = call.params.get("confirmation_token")
    if not identity:
        return None
    world = call.world
    token = world.store.get(KIND, identity)
    if token is None:
        raise missing_resource("confirmation_token", identity[:200], "confirmation_token", status=400)
    for name in ("payment_method", "payment_method_data"):
        if call.params.get(name):
            raise invalid(
                f"You may only specify one of these parameters: confirmation_token, {name}.",
                "confirmation_token",
                "parameters_exclusive",
            )
    if token["payment_intent"] or token["setup_intent"]:
        raise invalid("This ConfirmationToken was already used to confirm an intent.", "confirmation_token")
    if token["expires_at"] <= world.clock.seconds():
        raise invalid("This ConfirmationToken has expired.", "confirmation_token")
    chosen = {name: token[name] for name in _CHOSEN if token[name] is not None}
    given = {name: value for name, value in call.params.items() if name != "confirmation_token"}
    call.params = {**chosen, **given, "payment_method": world.checkout.method_of[identity]}
    return identity


def note(call: Call, token: str | None, intent: Obj) -> None:
    """The token has been used for this intent, whatever comes of it."""
    if token is not None:
        found = call.world.store.by_id[token]
        found[intent["object"]], found["expires_at"] = intent["id"], None


ROUTES = (
    Route("POST", f"/v1/{KIND}s", create, f"test_helpers.{KIND}_create", is_public=True, about=KIND),
    Route("POST", f"/v1/test_helpers/{KIND}s", create, f"test_helpers.{KIND}_create", about=KIND),
    Route("GET", f"/v1/{KIND}s/{{id}}", retrieve, about=KIND),
)
