"""A target without settings: its routes by the source at hand, by its OpenAPI document, by well-known paths.

Everything is asked with GET, at the address that the user gave, without following redirects. What is found is an
assumption, and is told as one; a document that the target serves can name paths of the target's, and no other address.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.audit.preflight.lines import fetched, safe, status_of
from stripe_audit.survey import Survey, survey
from stripe_audit.survey.openapi import routes_of_document
from stripe_audit.survey.roles import RoleRoute, roles_of
from stripe_audit.survey.routes import SourceRoute
from stripe_audit.survey.wares import ware_of

__all__ = ["Discovery", "discover", "discover_in_source"]

_DOCUMENTS = ("/openapi.json", "/swagger.json", "/documentation/json", "/api-docs", "/v3/api-docs", "/api/openapi.json")
_WELL_KNOWN = {
    "GET": ("/api/health", "/health", "/healthz", "/api/webhooks/health"),
    "POST": (
        *(
            "/api/webhooks/stripe",
            "/webhooks/stripe",
            "/api/stripe/webhook",
            "/stripe/webhook",
            "/api/webhook",
            "/webhook",
        ),
        *("/api/create-payment-intent", "/create-payment-intent"),
    ),
}
_MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Discovery:
    """Routes and items for the settings, and how each was found, in words. ``is_from_source``: a route is."""

    routes: dict[str, Any]
    assumed: tuple[str, ...]
    items: tuple[dict[str, str], ...] = ()
    is_from_source: bool = False


def discover(url: str, root: Path) -> Discovery:
    """Look at the source below ``root`` and at the target. Sends about twenty GETs, each within a second and a half."""
    url = url.rstrip("/")
    found = survey(root)
    return _chosen([*found.routes, *_documented(url), *_well_known(url)], found)


def discover_in_source(root: Path) -> Discovery:
    """Look at the source below ``root`` only, for a target that does not run yet."""
    found = survey(root)
    return _chosen(found.routes, found)


def _chosen(routes: Iterable[SourceRoute], surveyed: Survey) -> Discovery:
    chosen = roles_of(list(routes))
    held: dict[str, Any] = {one.role: _setting(one) for one in chosen if one.role != "webhook"}
    webhooks = [one for one in chosen if one.role == "webhook"]
    if webhooks:
        held["webhook"] = [
            {"name": f"webhook-{number}", "path": one.route.path, "events": list(surveyed.events)}
            for number, one in enumerate(webhooks, 1)
        ]
    told = [f"{one.role} is {one.method} {one.path} ({one.route.place})" for one in chosen]
    items: tuple[dict[str, str], ...] = ()
    payment = next((one for one in chosen if one.role == "create_payment"), None)
    if payment and (ware := ware_of(payment)):
        items = ({"id": "anything", "price": str(ware.price), "currency": ware.currency},)
        told.append(f"the price is {ware.price} {ware.currency} ({payment.route.place})")
    is_from_source = any(one.route in surveyed.routes for one in chosen)
    return Discovery(held, tuple(safe(text) for text in told), items, is_from_source)


def _setting(one: RoleRoute) -> dict[str, Any]:
    return {"method": one.method, "path": one.path, "body": dict(one.body) or None, "response": dict(one.response)}


def _documented(url: str) -> Iterable[SourceRoute]:
    with ThreadPoolExecutor(len(_DOCUMENTS)) as pool:
        for path, text in zip(
            _DOCUMENTS, pool.map(lambda path: fetched(url + path, _MOST_BYTES), _DOCUMENTS), strict=True
        ):
            try:
                document = json.loads(text) if text else None
            except (ValueError, RecursionError):
                continue
            if routes := routes_of_document(document, path):
                return routes
    return []


def _well_known(url: str) -> Iterable[SourceRoute]:
    """Paths that answer a GET otherwise than a path that is surely not there."""
    missing = status_of(f"{url}/{secrets.token_hex(8)}")
    asked = [(method, path) for method, paths in _WELL_KNOWN.items() for path in paths]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda one: status_of(url + one[1]), asked))
    for (method, path), status in zip(asked, statuses, strict=True):
        is_there = status is not None and status != missing and status not in (404, 410)
        if is_there and (method == "POST" or (status or 0) < 500):
            yield SourceRoute(method, path, "a well-known path", 0, "")
