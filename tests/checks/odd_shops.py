"""A sound shop in the shapes of well-known frameworks, each route in another one's.

Express's error page, the shell of a single-page app for any address, Django's page for what is posted without a token,
FastAPI's ``detail`` with 422, statuses other than 200 and 400, a page with a nonce, hashes and ``'strict-dynamic'``.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.pages import SCRIPT, Pages
from stripe_audit.demo.webhooks import Receipts

__all__ = ["FrameworkShop"]

SHELL = '<!doctype html><html><head><title>Shop</title></head><body><div id="root"></div></body></html>'
NOTHING = "<!DOCTYPE html><html><head><title>404: This page could not be found.</title></head></html>"
CSRF = "<!DOCTYPE html><html><body><p>CSRF verification failed. Request aborted.</p></body></html>"
STATUSES = {"": 403, "payment-succeeded": 422, "payment-failed": 401}
KNOWN = {"order", "item", "quantity", "currency", "email", "name", "plan"}


class FrameworkReceipts(Receipts):
    """Another status for a bad signature on each route; an event of the other mode is acknowledged, and ignored."""

    async def receive(self, route: str, body: bytes, signature: str | None) -> int:
        try:
            return await super().receive(route, body, signature)
        except Refusal as refusal:
            if refusal.code == "wrong_mode":
                return 200
            if refusal.code == "bad_signature":
                raise Refusal(STATUSES.get(route, 400), refusal.code, refusal.message) from None
            raise


class FrameworkOrders(Shop.orders_type):
    """Numbers in texts are numbers, as pydantic has it; members that nobody knows are refused."""

    def read_request(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            if not set(data) <= KNOWN:
                raise Refusal(400, "extra_forbidden", "Extra inputs are not permitted")
            quantity = data.get("quantity")
            is_whole = isinstance(quantity, float) and quantity.is_integer()
            if is_whole or (isinstance(quantity, str) and quantity.strip().isdigit()):
                data = {**data, "quantity": int(quantity)}
        return super().read_request(data)


class FrameworkPages(Pages):
    """What stands inline has a hash, Stripe's element a nonce; scripts read Django's token for forms."""

    def __init__(self) -> None:
        self.nonce = ""

    def policy(self) -> str:
        start = base64.b64encode(hashlib.sha256(self.start().encode()).digest()).decode()
        scripts = f"script-src 'nonce-{self.nonce}' 'sha256-{start}' 'strict-dynamic' 'unsafe-inline' https:"
        return super().policy().replace("script-src 'self' https://js.stripe.com https://*.js.stripe.com", scripts)

    @staticmethod
    def start() -> str:
        return f"\n{SCRIPT}"

    def headers(self, *, is_secure: bool) -> dict[str, str]:
        lowered = {name.lower(): value for name, value in super().headers(is_secure=is_secure).items()}
        return {**lowered, "cross-origin-opener-policy": "same-origin", "x-xss-protection": "0"}

    def cookie(self, *, is_secure: bool) -> str:
        return f"csrftoken={secrets.token_hex(16)}; Path=/; SameSite=Lax{'; Secure' if is_secure else ''}"

    def checkout(self, order: str, publishable_key: str) -> str:
        self.nonce = secrets.token_urlsafe(18)
        page = super().checkout(order, publishable_key)
        page = page.replace('<script src="https', f'<script nonce="{self.nonce}" async src="https')
        page = page.replace('<script src="/static/checkout.js" defer></script>', "")
        return page.replace("</body>", f"<script>{self.start()}</script></body>")


class FrameworkShop(Shop):
    """Each part in another framework's shape."""

    receipts_type = FrameworkReceipts
    orders_type = FrameworkOrders
    pages_type = FrameworkPages

    def refused(self, refusal: Refusal) -> web.Response:
        if refusal.code == "bad_signature":
            text = "Webhook Error: No signatures found matching the expected signature for payload."
            return web.Response(status=refusal.status, text=text)
        if refusal.status == 400:
            detail = [{"type": refusal.code, "loc": ["body"], "msg": refusal.message}]
            return web.json_response({"detail": detail}, status=422)
        page = f'<!DOCTYPE html><html lang="en"><body><pre>{refusal.message}</pre></body></html>'
        return web.Response(status=refusal.status, text=page, content_type="text/html")

    async def answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        missing = request.match_info.http_exception
        if missing is not None and request.method in ("GET", "HEAD"):
            return web.Response(text=SHELL, content_type="text/html")
        if missing is not None and missing.status == 404:
            return web.Response(status=403, text=CSRF, content_type="text/html")
        return await super().answered(request, handler)

    def preflight(self, request: web.Request) -> web.Response:
        """400 for an origin that it does not know, with the methods all the same, as Starlette's middleware does."""
        known = super().preflight(request)
        if known.headers:
            return known
        allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
        return web.Response(status=400, text="Disallowed CORS origin", headers=allowed)

    async def create_payment(self, request: web.Request) -> web.Response:
        answer = await super().create_payment(request)
        answer.set_status(201)
        return answer

    async def health(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    def acknowledged(self, status: int) -> web.Response:
        return web.Response(status=202, text="Accepted")

    def common_headers(self, request: web.Request) -> dict[str, str]:
        return {**super().common_headers(request), "X-Powered-By": "Express"}
