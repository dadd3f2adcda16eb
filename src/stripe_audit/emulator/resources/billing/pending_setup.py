"""The SetupIntent of a subscription that has nothing to pay yet: it collects what later periods are paid with.

Source: docs.stripe.com/api/subscriptions/object#subscription_object-pending_setup_intent.
"""

from __future__ import annotations

from dataclasses import replace

from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources import setup_intents
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ask"]


def ask(call: Call, subscription: Obj) -> None:
    """Make the SetupIntent, and wait for it."""
    wanted = {"customer": subscription["customer"], "usage": "off_session"}
    intent = setup_intents.create(replace(call, params=wanted))
    subscription["pending_setup_intent"] = intent["id"]
    call.world.billing.subscription_of[intent["id"]] = subscription["id"]


@after("setup_intent.succeeded")
def note_setup(world: World, intent: Obj, call: Call | None) -> None:
    """The payment method is there; it becomes the subscription's default where its settings say so."""
    subscription = world.store.get("subscription", world.billing.subscription_of.get(intent["id"], ""))
    if subscription is None or subscription["pending_setup_intent"] != intent["id"]:
        return
    with changing(world, call, subscription, "customer.subscription.updated"):
        subscription["pending_setup_intent"] = None
        if (subscription["payment_settings"] or {}).get("save_default_payment_method") == "on_subscription":
            subscription["default_payment_method"] = intent["payment_method"]
