"""Ending a 3DS challenge, of a payment or of a set-up."""

from __future__ import annotations

from stripe_audit.emulator.resources import intent_machine, setup_machine
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["authenticate", "challenged"]

_MACHINES = {"payment_intent": intent_machine.authenticate, "setup_intent": setup_machine.authenticate}


def challenged(world: World, identity: str) -> Obj | None:
    """The PaymentIntent or SetupIntent of this id, or None."""
    found = world.store.by_id.get(identity)
    return found if found is not None and found["object"] in _MACHINES else None


def authenticate(world: World, intent: Obj, *, succeeds: bool) -> Obj:
    """The customer passes or fails. Raises ApiError 400 if no challenge is open."""
    return _MACHINES[intent["object"]](world, intent, succeeds=succeeds)
