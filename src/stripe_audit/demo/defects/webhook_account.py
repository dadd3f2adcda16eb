"""Defects of phase 2 that lie in Stripe's account: how its webhook endpoints are registered, and for which events."""

from __future__ import annotations

from typing import Any

from stripe_audit.demo.defects.model import Defect

__all__ = ["DEFECTS"]

_MAIN = "/api/webhooks/stripe"
_LEAST_NEEDED = "/subscription-updated"
"""The end of the URL of the endpoint that no other check waits for."""


def _twice(client: Any, url: str) -> None:
    """Somebody registered the endpoint again; the shop has the secret of the first."""
    client.v1.webhook_endpoints.create({"url": url + _MAIN, "enabled_events": ["charge.dispute.closed"]})


def _changed(**changes: Any) -> Any:
    def change(client: Any, url: str) -> None:
        for endpoint in client.v1.webhook_endpoints.list({"limit": 100}).data:
            if endpoint.url.endswith(_LEAST_NEEDED):
                told = {**changes, "url": endpoint.url + changes["url"]} if "url" in changes else changes
                client.v1.webhook_endpoints.update(endpoint.id, told)

    return change


def _of_old_version(client: Any, url: str) -> None:
    """Registered years ago, and never moved to the SDK's version."""
    _changed(disabled=True)(client, url)
    events = ["customer.subscription.updated"]
    made = {"url": f"{url}{_MAIN}{_LEAST_NEEDED}", "enabled_events": events, "api_version": "2024-06-20"}
    client.v1.webhook_endpoints.create(made)


DEFECTS = (
    Defect(
        "endpoint-registered-twice",
        "The account has two endpoints that deliver the same events to the same URL",
        "webhook-endpoint-registered",
        account=_twice,
    ),
    Defect(
        "endpoint-disabled",
        "An endpoint was disabled after days of failures",
        "webhook-endpoint-registered",
        seen_in="fossasia/eventyay#4296",
        account=_changed(disabled=True),
    ),
    Defect(
        "endpoint-url-with-slash",
        "An endpoint is registered with a slash at its end",
        "webhook-endpoint-registered",
        account=_changed(url="/"),
    ),
    Defect(
        "endpoint-of-old-version",
        "An endpoint sends objects of an API version from before the SDK's",
        "webhook-endpoint-registered",
        seen_in="stripe/stripe-dotnet#2611",
        account=_of_old_version,
    ),
    Defect(
        "event-not-subscribed",
        "An endpoint is not subscribed to the event that its route is for",
        "webhook-events-subscribed",
        account=_changed(enabled_events=["customer.subscription.deleted"]),
    ),
)
