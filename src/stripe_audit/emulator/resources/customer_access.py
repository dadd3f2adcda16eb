"""What gives a customer's device access to their own objects for a while: ephemeral keys and customer sessions.

Source: docs.stripe.com/api/customer_sessions; the mobile libraries' guides to ephemeral keys. A call with an ephemeral
key may do what a mobile library does with it; in the journal it is the target's, whose key it is.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.permissions import RestrictedKey
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli.sessions import key_id
from stripe_audit.emulator.world import Call, World
from stripe_audit.keys import mask

__all__ = ["ROUTES"]

KEY_SECONDS, SESSION_SECONDS = 3600, 1800
_PERMITTED = frozenset({"customer_read", "payment_method_write", "setup_intent_read", "payment_intent_read"})
_COMPONENTS = PARAMS["customer_session_create"]["p"]["components"]["p"]
_FEATURES = {"payment_method_allow_redisplay_filters": ["always"], "payment_method_save_usage": None}
"""What a feature is unless it is chosen; all others are disabled, but for the number of methods that are shown."""
_SHOWN = 3
_OWNERS = {"customer": "customer", "issuing_card": "issuing.card"}
_OWNERS["verification_session"] = "identity.verification_session"


def create_key(call: Call) -> Obj:
    params, world = call.params, call.world
    named = [name for name in _OWNERS if params.get(name)]
    if len(named) != 1:
        raise invalid("You must specify one of: customer, issuing_card, verification_session.", "customer")
    world.find(_OWNERS[named[0]], params[named[0]], named[0])
    if named[0] == "issuing_card" and not params.get("nonce"):
        raise invalid("Missing required param: nonce.", "nonce", "parameter_missing")
    secret, now = f"ek_test_{world.ids.text(60)}", world.clock.seconds()
    world.restricted[key_id(secret)] = RestrictedKey(mask(secret), _PERMITTED)
    world.clock.later(KEY_SECONDS, _end_key, world, key_id(secret))
    key = blank(
        "ephemeral_key",
        id=f"ephkey_{world.ids.text(24)}",
        object="ephemeral_key",
        created=now,
        expires=now + KEY_SECONDS,
        livemode=False,
    )
    world.store.add(key)
    world.ephemeral[key["id"]] = key_id(secret)
    return {**key, "associated_objects": [{"id": params[named[0]], "type": named[0]}], "secret": secret}


def delete_key(call: Call) -> Obj:
    key, world = call.world.find("ephemeral_key", call.ids[0]), call.world
    _end_key(world, world.ephemeral.pop(key["id"], ""))
    world.store.remove(key)
    return {**key, "expires": world.clock.seconds()}


def _end_key(world: World, identity: str) -> None:
    world.restricted.pop(identity, None)


def create_session(call: Call) -> Obj:
    params, world = call.params, call.world
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = customers.living(call, params["customer"], "customer")
    given = {name: value for name, value in (params.get("components") or {}).items() if value}
    if not any(value.get("enabled") for value in given.values()):
        raise invalid("At least one component must be enabled.", "components")
    now = world.clock.seconds()
    return blank(
        "customer_session",
        object="customer_session",
        client_secret=f"cuss_secret_{world.ids.text(60)}",
        components={name: _component(name, given.get(name) or {}) for name in _COMPONENTS},
        created=now,
        customer=customer["id"],
        expires_at=now + SESSION_SECONDS,
        livemode=False,
    )


def _component(name: str, given: dict[str, Any]) -> dict[str, Any]:
    features = _COMPONENTS[name]["p"].get("features")
    if features is None:
        return {"enabled": False, **given}
    chosen = given.get("features")
    defaults = {one: _SHOWN if one.endswith("_limit") else _FEATURES.get(one, "disabled") for one in features["p"]}
    shown = {**defaults, **(chosen or {})} if given.get("enabled") else None
    return {"enabled": False, **given, "features": shown}


ROUTES = (
    Route("POST", "/v1/ephemeral_keys", create_key, "ephemeral_key_create"),
    Route("DELETE", "/v1/ephemeral_keys/{id}", delete_key),
    Route("POST", "/v1/customer_sessions", create_session, "customer_session_create"),
)
