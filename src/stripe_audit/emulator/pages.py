"""Pages for the customer's browser: the 3DS challenge, with links that pass or fail it, and receipts.

Banks and wallets have the same page: there the customer authorizes a payment, or lets it fail.
"""

from __future__ import annotations

import hmac
import html
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from stripe_audit.emulator import checkout_pages
from stripe_audit.emulator.page import HEADERS, page
from stripe_audit.emulator.resources.amounts import spoken
from stripe_audit.emulator.resources.authentication import authenticate, challenged
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["PREFIXES", "handle"]

_CARD_LINKS = ("Complete authentication", "Fail authentication")
_OTHER_LINKS = ("Authorize test payment", "Fail test payment")
PREFIXES = ("/3ds/", "/connect/", "/mandates", "/receipts/", *checkout_pages.PREFIXES)


async def handle(world: World, request: web.BaseRequest) -> web.Response:
    """``GET /3ds/{intent}`` shows the challenge; ``/3ds/{intent}/succeed`` and ``/fail`` end it and lead back.

    ``GET /receipts/{charge}`` shows a receipt.
    """
    if request.path.startswith(checkout_pages.PREFIXES):
        return await checkout_pages.handle(world, request)
    parts = request.path.strip("/").split("/")
    if request.method != "GET":
        return page(405, "<h1>Method not allowed</h1>")
    if parts[0] == "mandates":
        return page(200, "<h1>Mandate test page</h1><p>The customer allows the debits.</p>")
    if parts[0] == "connect":
        return _account(request.query.get("return_url", ""))
    if parts[0] == "receipts":
        return _receipt(world, parts[-1])
    if len(parts) not in (2, 3):
        return page(404, "<h1>Not found</h1>")
    with world.within(world.owner_of(parts[1])):
        return _intent(world, request, parts)


def _intent(world: World, request: web.BaseRequest, parts: list[str]) -> web.Response:
    intent = challenged(world, parts[1]) if parts[0] == "3ds" else None
    secret = request.query.get("client_secret", "")
    if intent is None or not hmac.compare_digest(secret.encode("utf-8", "replace"), intent["client_secret"].encode()):
        return page(404, "<h1>Not found</h1>")
    if len(parts) == 2:
        return _challenge(world, intent)
    if parts[2] not in ("succeed", "fail"):
        return page(404, "<h1>Not found</h1>")
    return _end(world, intent, succeeds=parts[2] == "succeed")


def _challenge(world: World, intent: Obj) -> web.Response:
    if intent["status"] != "requires_action":
        return page(200, f"<h1>No authentication is open</h1><p>Status: {html.escape(intent['status'])}</p>")
    query = urlencode({"client_secret": intent["client_secret"]})
    method = world.store.get("payment_method", intent["payment_method"] or "")
    kind = method["type"] if method else "card"
    title = "3D Secure 2" if kind == "card" else html.escape(kind.replace("_", " ").capitalize())
    done, failed = _CARD_LINKS if kind == "card" else _OTHER_LINKS
    links = "".join(
        f'<p><a id="{name}" href="/3ds/{intent["id"]}/{name}?{query}">{text}</a></p>'
        for name, text in (("succeed", done), ("fail", failed))
    )
    return page(200, f"<h1>{title} test page</h1>{links}")


def _end(world: World, intent: Obj, *, succeeds: bool) -> web.Response:
    action = intent["next_action"] or {}
    back = (action.get("redirect_to_url") or {}).get("return_url") or ""
    if intent["status"] == "requires_action":
        authenticate(world, intent, succeeds=succeeds)
        world.journal.add_page(f"/3ds/{intent['id']}/{'succeed' if succeeds else 'fail'}", intent["id"], 303)
    if urlsplit(back).scheme not in ("http", "https"):
        return page(200, f"<h1>Done</h1><p>Status: {html.escape(intent['status'])}</p>")
    told = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": _told(intent, succeeds=succeeds),
        }
    )
    address = f"{back}{'&' if urlsplit(back).query else '?'}{told}"
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def _told(intent: Obj, *, succeeds: bool) -> str:
    """What the shop's page is told: ``pending`` where the money is still on its way."""
    if intent["status"] == "processing":
        return "pending"
    return "succeeded" if succeeds else "failed"


def _account(back: str) -> web.Response:
    """Onboarding, or the Express dashboard: nothing is collected, and the way back to the platform is shown."""
    way = f'<p><a id="return" href="{html.escape(back)}">Return</a></p>'
    return page(200, f"<h1>Connected account</h1>{way if urlsplit(back).scheme in ('http', 'https') else ''}")


def _receipt(world: World, identity: str) -> web.Response:
    charge = world.store.get("charge", identity)  # whoever knows the id may read it, as with Stripe's receipts
    if charge is None or charge["status"] != "succeeded":
        return page(404, "<h1>Not found</h1>")
    paid, given_back = (spoken(charge[name], charge["currency"]) for name in ("amount_captured", "amount_refunded"))
    return page(200, f"<h1>Receipt</h1><p>Paid: {html.escape(paid)}</p><p>Refunded: {html.escape(given_back)}</p>")
