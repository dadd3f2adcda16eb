"""Checkout in the customer's browser: the page of a session, payment links, the portal, and redirects of sources.

A test, or a person, pays by choosing a test payment method, or by typing a test card; both pages work without scripts.
"""

from __future__ import annotations

import hmac
import html
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.form import decode
from stripe_audit.emulator.page import HEADERS, page
from stripe_audit.emulator.resources import payment_methods
from stripe_audit.emulator.resources.amounts import spoken
from stripe_audit.emulator.resources.checkout import completion, links
from stripe_audit.emulator.resources.local_methods.kinds import KINDS, is_usable
from stripe_audit.emulator.resources.sources import sources
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["PREFIXES", "handle"]

PREFIXES = ("/c/pay/", "/b/", "/p/session/", "/sources/")
_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
_CARDS = {
    "pm_card_visa": "Visa that pays",
    "pm_card_visa_chargeDeclined": "Visa that is declined",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa without funds",
    "pm_card_authenticationRequired": "Visa that asks for 3D Secure",
}
_ACCOUNTS = {
    "pm_sepaDebit_success_de": "SEPA debit that pays later",
    "pm_sepaDebit_failed_de": "SEPA debit that fails later",
    "pm_usBankAccount_success": "ACH debit that pays later",
    "pm_usBankAccount_insufficientFunds": "ACH debit that fails later",
    "pm_bacsDebit_success": "Bacs debit that pays later",
    "pm_bacsDebit_insufficientFunds": "Bacs debit that fails later",
    "pm_auBecsDebit_success": "BECS debit that pays later",
    "pm_acssDebit_success": "Pre-authorized debit that pays later",
}
_ACCOUNT_KINDS = {"sepaDebit": "sepa_debit", "usBankAccount": "us_bank_account", "bacsDebit": "bacs_debit"}
_ACCOUNT_KINDS |= {"auBecsDebit": "au_becs_debit", "acssDebit": "acss_debit"}


async def handle(world: World, request: web.BaseRequest) -> web.Response:
    """``/c/pay/{session}`` shows and takes the form; ``/b/{link}`` opens a session; the others are small pages."""
    parts = request.path.strip("/").split("/")
    try:
        if parts[0] == "c":
            return await _checkout(world, request, parts[2:])
        if request.method != "GET":
            return page(405, "<h1>Method not allowed</h1>")
        if parts[0] == "b":
            return _link(world, parts[1:])
        if parts[0] == "sources":
            return _source(world, request, parts[1:])
        return _portal(world, request)
    except ApiError as error:
        return page(error.status, f"<h1>Not possible</h1><p>{html.escape(error.message)}</p>")


async def _checkout(world: World, request: web.BaseRequest, parts: list[str]) -> web.Response:
    session = world.store.get("checkout.session", parts[0] if parts else "")
    if session is None or parts[1:] not in ([], ["return"]):
        return page(404, "<h1>Not found</h1>")
    if parts[1:] == ["return"] and request.method == "GET":
        return _lead_on(session) if session["status"] == "complete" else _form(world, session)
    if request.method == "POST" and not parts[1:]:
        return await _submitted(world, request, session)
    if request.method != "GET":
        return page(405, "<h1>Method not allowed</h1>")
    if session["status"] == "complete":
        return _lead_on(session)
    if session["status"] == "expired":
        return page(410, "<h1>This page has expired</h1>")
    return _form(world, session)


async def _submitted(world: World, request: web.BaseRequest, session: Obj) -> web.Response:
    try:
        given = decode("", (await request.read()).decode("utf-8"))
    except (UnicodeDecodeError, web.HTTPException):
        return page(400, "<h1>The form could not be read</h1>")
    path = f"/c/pay/{session['id']}"
    call = Call(world, "customer", "POST", path, (), {}, world.config.api_version, None)
    try:
        completion.check_open(session)
        completion.pay(call, session, _method(call, session, given))
    except ApiError as error:
        world.journal.add_page(path, session["id"], error.status)
        return _form(world, session, error.message, error.status)
    world.journal.add_page(path, session["id"], 303)
    return _lead_on(session) if session["status"] == "complete" else _to_bank(world, session)


def _method(call: Call, session: Obj, given: Mapping[str, Any]) -> Obj | None:
    """The payment method of the form: a test name, a kind, or a typed card number."""
    email = str(given.get("email") or session["customer_email"] or "jenny@example.com")
    details = {"email": email, "name": str(given.get("name") or "Jenny Rosen")}
    chosen = str(given.get("method") or "")
    if chosen == "none":
        return None
    if given.get("number"):
        card = {name: str(given.get(name) or default) for name, default in _TYPED.items()}
        return payment_methods.from_data(call, {"type": "card", "card": card, "billing_details": details}, "")
    if chosen in KINDS:
        data = {"type": chosen, "billing_details": details}
        if chosen == "boleto":
            data["boleto"] = {"tax_id": "00000000000"}
        return payment_methods.from_data(call, data, "")
    method = payment_methods.usable(call, chosen or "pm_card_visa", "method")
    method["billing_details"] = {**method["billing_details"], **details}
    return method


_TYPED = {"number": "", "exp_month": "12", "exp_year": "34", "cvc": "123"}


def _to_bank(world: World, session: Obj) -> web.Response:
    """The customer has to authenticate: at the card's bank, or at the wallet."""
    intent: Obj = {}
    for identity, known in world.checkout.session_of.items():
        if known == session["id"]:
            intent = world.store.by_id.get(identity, {})
    action = intent.get("next_action") or {}
    address = (action.get("redirect_to_url") or {}).get("url") or (action.get("verify_with_microdeposits") or {}).get(
        "hosted_verification_url"
    )
    if address is None:
        return _form(world, session)
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def _lead_on(session: Obj) -> web.Response:
    """To the shop, or a confirmation where it has named no page."""
    address = session["success_url"] or session["return_url"]
    if not address or urlsplit(address).scheme not in ("http", "https"):
        return page(200, "<h1>Thank you</h1><p>Your payment was received.</p>")
    return web.Response(status=303, headers={**HEADERS, "Location": address.replace(_PLACEHOLDER, session["id"])})


def _form(world: World, session: Obj, problem: str = "", status: int = 200) -> web.Response:
    items = [one for one in world.store.members("item", session["id"]) if one["id"] in world.store.by_id]
    lines = "".join(
        f"<li>{html.escape(str(one['description'] or ''))} × {one['quantity'] or 1}: "
        f"{html.escape(spoken(one['amount_total'], one['currency']))}</li>"
        for one in items
    )
    total = "" if session["amount_total"] is None else spoken(session["amount_total"], session["currency"])
    options = "".join(f'<option value="{name}">{text}</option>' for name, text in _choices(session).items())
    email = html.escape(session["customer_email"] or "", quote=True)
    back = session["cancel_url"] or ""
    leave = ""
    if urlsplit(back).scheme in ("http", "https"):
        address = html.escape(back.replace(_PLACEHOLDER, session["id"]), quote=True)
        leave = f'<p><a id="cancel" href="{address}">Back</a></p>'
    warning = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    body = (
        f"<h1>Checkout test page</h1>{warning}<ul>{lines}</ul><p>Total: <b id=total>{html.escape(total)}</b></p>"
        f'<form method="post" action="/c/pay/{session["id"]}">'
        f'<p><label>E-mail <input name="email" type="email" value="{email}"></label></p>'
        '<p><label>Name <input name="name"></label></p>'
        f'<p><label>Pay with <select name="method">{options}</select></label></p>'
        '<p><label>or a test card <input name="number" inputmode="numeric" autocomplete="off"></label></p>'
        f'<p><button id="pay">Pay</button></p></form>{leave}'
    )
    return page(status, body)


def _choices(session: Obj) -> dict[str, str]:
    """Test payment methods that the session takes."""
    currency = session["currency"] or "usd"
    only = session["payment_method_types"] if session["payment_method_types"] != ["card"] else None
    found = dict(_CARDS) if only is None or "card" in only else {}
    for name, text in _ACCOUNTS.items():
        kind = _ACCOUNT_KINDS[name.split("_")[1]]
        if is_usable(kind, currency) and (only is None or kind in only):
            found[name] = text
    for kind, known in KINDS.items():
        if known.way != "debit" and is_usable(kind, currency) and only is not None and kind in only:
            found[kind] = kind.replace("_", " ").capitalize()
    if not session["amount_total"] and session["mode"] != "setup":
        found["none"] = "Nothing to pay"
    return found


def _link(world: World, parts: list[str]) -> web.Response:
    link = world.store.get("payment_link", parts[0] if len(parts) == 1 else "")
    if link is None:
        return page(404, "<h1>Not found</h1>")
    call = Call(world, "customer", "GET", f"/b/{link['id']}", (), {}, world.config.api_version, None)
    session = links.open_session(call, link)
    world.journal.add_page(f"/b/{link['id']}", session["id"], 303)
    return web.Response(status=303, headers={**HEADERS, "Location": session["url"]})


def _source(world: World, request: web.BaseRequest, parts: list[str]) -> web.Response:
    source = world.store.get("source", parts[0])
    secret = request.query.get("client_secret", "")
    if source is None or not hmac.compare_digest(secret.encode("utf-8", "replace"), source["client_secret"].encode()):
        return page(404, "<h1>Not found</h1>")
    if len(parts) == 1:
        query = f"?client_secret={source['client_secret']}"
        links_shown = "".join(
            f'<p><a id="{name}" href="/sources/{source["id"]}/{name}{query}">{text}</a></p>'
            for name, text in (("succeed", "Authorize test payment"), ("fail", "Fail test payment"))
        )
        return page(200, f"<h1>Test payment page</h1>{links_shown}")
    if parts[1:] not in (["succeed"], ["fail"]):
        return page(404, "<h1>Not found</h1>")
    sources.authorize(world, source, succeeds=parts[1] == "succeed")
    world.journal.add_page(request.path, source["id"], 303)
    back = source["redirect"]["return_url"]
    if urlsplit(back).scheme not in ("http", "https"):
        return page(200, f"<h1>Done</h1><p>Status: {source['status']}</p>")
    mark = "&" if urlsplit(back).query else "?"
    address = f"{back}{mark}client_secret={source['client_secret']}&source={source['id']}"
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def _portal(world: World, request: web.BaseRequest) -> web.Response:
    address = f"{world.url}{request.path}"
    for session in world.store.by_kind["billing_portal.session"].values():
        if hmac.compare_digest(session["url"].encode(), address.encode("utf-8", "replace")):
            customer = world.store.by_id.get(session["customer"], {})
            back = session["return_url"] or ""
            leave = f'<p><a id="return" href="{html.escape(back, quote=True)}">Back</a></p>'
            shown = leave if urlsplit(back).scheme in ("http", "https") else ""
            who = html.escape(str(customer.get("email") or customer.get("name") or session["customer"]))
            return page(200, f"<h1>Customer portal test page</h1><p>{who}</p>{shown}")
    return page(404, "<h1>Not found</h1>")
