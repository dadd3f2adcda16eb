"""Pages for the customer's browser: the 3DS challenge, with links that pass or fail it, and receipts."""

from __future__ import annotations

import hmac
import html
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from stripe_audit.emulator.resources.amounts import spoken
from stripe_audit.emulator.resources.authentication import authenticate, challenged
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["PREFIXES", "handle"]

PREFIXES = ("/3ds/", "/receipts/")

_HEADERS = {"Content-Security-Policy": "default-src 'none'; form-action 'self'", "Cache-Control": "no-store"}


async def handle(world: World, request: web.BaseRequest) -> web.Response:
    """``GET /3ds/{intent}`` shows the challenge; ``/3ds/{intent}/succeed`` and ``/fail`` end it and lead back.

    ``GET /receipts/{charge}`` shows a receipt.
    """
    parts = request.path.strip("/").split("/")
    if request.method != "GET":
        return _page(405, "<h1>Method not allowed</h1>")
    if parts[0] == "receipts":
        return _receipt(world, parts[-1])
    intent = challenged(world, parts[1]) if len(parts) in (2, 3) and parts[0] == "3ds" else None
    secret = request.query.get("client_secret", "")
    if intent is None or not hmac.compare_digest(secret.encode("utf-8", "replace"), intent["client_secret"].encode()):
        return _page(404, "<h1>Not found</h1>")
    if len(parts) == 2:
        return _challenge(intent)
    if parts[2] not in ("succeed", "fail"):
        return _page(404, "<h1>Not found</h1>")
    return _end(world, intent, succeeds=parts[2] == "succeed")


def _challenge(intent: Obj) -> web.Response:
    if intent["status"] != "requires_action":
        return _page(200, f"<h1>No authentication is open</h1><p>Status: {html.escape(intent['status'])}</p>")
    query = urlencode({"client_secret": intent["client_secret"]})
    links = "".join(
        f'<p><a id="{name}" href="/3ds/{intent["id"]}/{name}?{query}">{text}</a></p>'
        for name, text in (("succeed", "Complete authentication"), ("fail", "Fail authentication"))
    )
    return _page(200, f"<h1>3D Secure 2 test page</h1>{links}")


def _end(world: World, intent: Obj, *, succeeds: bool) -> web.Response:
    action = intent["next_action"] or {}
    back = (action.get("redirect_to_url") or {}).get("return_url") or ""
    if intent["status"] == "requires_action":
        authenticate(world, intent, succeeds=succeeds)
        world.journal.add_page(f"/3ds/{intent['id']}/{'succeed' if succeeds else 'fail'}", intent["id"], 303)
    if urlsplit(back).scheme not in ("http", "https"):
        return _page(200, f"<h1>Done</h1><p>Status: {html.escape(intent['status'])}</p>")
    told = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if succeeds else "failed",
        }
    )
    address = f"{back}{'&' if urlsplit(back).query else '?'}{told}"
    return web.Response(status=303, headers={**_HEADERS, "Location": address})


def _receipt(world: World, identity: str) -> web.Response:
    charge = world.store.get("charge", identity)  # whoever knows the id may read it, as with Stripe's receipts
    if charge is None or charge["status"] != "succeeded":
        return _page(404, "<h1>Not found</h1>")
    paid, given_back = (spoken(charge[name], charge["currency"]) for name in ("amount_captured", "amount_refunded"))
    return _page(200, f"<h1>Receipt</h1><p>Paid: {html.escape(paid)}</p><p>Refunded: {html.escape(given_back)}</p>")


def _page(status: int, body: str) -> web.Response:
    text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Emulator</title><body>{body}</body></html>'
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
