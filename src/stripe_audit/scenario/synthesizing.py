"""Webhook events of any type, at any API version, with members of one's own: for ``stripe-audit trigger``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.observers.interface import eventually
from stripe_audit.scenario.fixtures import References
from stripe_audit.scenario.importing import run_fixture
from stripe_audit.scenario.recipes import recipe
from stripe_audit.stripe_backend.emulated import EmulatedStripe
from stripe_audit.webhooks.samples import kind_of, sample_object
from stripe_audit.webhooks.synthetic import with_paths

__all__ = ["make_event"]

_SOON_S = 5.0
"""How long an event of a recipe may take; refunds and debits end a little later than their calls."""


async def make_event(
    stripe: EmulatedStripe,
    event_type: str,
    *,
    api_version: str | None = None,
    values: Mapping[str, Any] | None = None,
    references: References,
) -> dict[str, Any]:
    """An event; ``values`` are dotted paths in it. Raises LookupError for an unknown type, ValueError for a path.

    What has a recipe really happened to the objects of this Stripe; all else is about a sample of its kind.
    """
    kind = await asyncio.to_thread(kind_of, event_type)
    file = recipe(event_type)
    if file is not None:
        await run_fixture(stripe, file, references)
        about = (await _happened(stripe, event_type))["data"]
    else:
        about = {"object": await asyncio.to_thread(sample_object, kind, event_type)}
    overrides = {"api_version": api_version} if api_version else {}
    if "previous_attributes" in about:
        overrides["previous_attributes"] = about["previous_attributes"]
    made = await stripe.synthesize(event_type, about["object"], **overrides)
    shown = await stripe.get(f"/v1/events/{made['id']}")  # in the shape of its API version
    return with_paths(shown, values or {})


async def _happened(stripe: EmulatedStripe, event_type: str) -> dict[str, Any]:
    async def read() -> list[dict[str, Any]]:
        listed = await stripe.control("GET", "events")
        return [event for event in listed["events"] if event["type"] == event_type]

    found, _ = await eventually(read, bool, within=_SOON_S)
    if not found:
        raise LookupError(f"no {event_type} came of its recipe")
    return found[-1]
