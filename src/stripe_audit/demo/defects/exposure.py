"""Defects of phase 4: what the API gives to strangers, what it takes from them, what it keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.limits import Turns
from stripe_audit.demo.orders import Orders, Refusal
from stripe_audit.demo.pages import Pages

__all__ = ["DEFECTS"]


class _OrdersListed(Shop):
    """The admin page's route, without the admin's login."""

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/api/orders", self.listed)
        return app

    async def listed(self, request: web.Request) -> web.Response:
        rows = self.store.rows("SELECT id, email, amount, intent FROM orders ORDER BY rowid DESC LIMIT 50")
        return web.json_response({"orders": rows})


class _IntentShown(Shop):
    """A route for the page that comes after the payment, which passes Stripe's whole object on."""

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/api/payment-intents/{intent}", self.intent)
        return app

    async def intent(self, request: web.Request) -> web.Response:
        return web.json_response(await self.stripe.intent(request.match_info["intent"]))


class _SecretWithOrder(Orders):
    def shown(self, identity: str) -> dict[str, Any]:
        secret = self.store.row("SELECT secret FROM secrets WHERE id = :id", {"id": identity})
        return {**super().shown(identity), "clientSecret": secret and secret["secret"]}

    async def create_payment(self, data: Any) -> dict[str, Any]:
        made = await super().create_payment(data)
        self.store.run("CREATE TABLE IF NOT EXISTS secrets (id TEXT PRIMARY KEY, secret TEXT)")
        row = {"id": made["orderId"], "secret": made["clientSecret"]}
        self.store.run("INSERT OR REPLACE INTO secrets (id, secret) VALUES (:id, :secret)", row)
        return made


class _SecretInAddress(Shop):
    """The browser is sent to the page with all that the page needs."""

    async def create_payment(self, request: web.Request) -> web.Response:
        answer = await super().create_payment(request)
        made = json.loads(answer.text or "{}")
        address = f"/checkout?order={made['orderId']}&payment_intent_client_secret={made['clientSecret']}"
        return web.json_response({**made, "next": address}, headers={"Cache-Control": "no-store"})


class _CreatedByGet(Shop):
    """As with ``app.all``: the members are taken from the body or from the address."""

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/api/create-payment-intent", self.by_get, allow_head=False)
        return app

    async def by_get(self, request: web.Request) -> web.Response:
        members: dict[str, Any] = dict(request.query)
        quantity = str(members.get("quantity", "1"))
        made = await self.orders.create_payment({**members, "quantity": int(quantity) if quantity.isdigit() else 1})
        return web.json_response(made, headers={"Cache-Control": "no-store"})


class _StateAssigned(Orders):
    """The whole body is copied into the order's record."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        made = await super().create_payment(data)
        if isinstance(data, Mapping) and data.get("fulfilled"):
            row = {"id": made["orderId"], "status": str(data.get("status", "open"))}
            self.store.run("UPDATE orders SET status = :status, fulfilled = 1 WHERE id = :id", row)
        return made


class _ParametersSpread(Orders):
    """``paymentIntents.create({ ...params, ...req.body })``, for the members that Stripe knows."""

    def read_request(self, data: Any) -> dict[str, Any]:
        wanted = super().read_request(data)
        names = ("customer", "on_behalf_of", "transfer_data", "setup_future_usage", "capture_method")
        self._extra = {name: data[name] for name in names if name in data}
        return wanted

    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        extra, self._extra = getattr(self, "_extra", {}), {}
        return {**super().intent_params(order), **extra}


class _DocsOpen(Shop):
    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/actuator/env", self.environment)
        return app

    async def environment(self, request: web.Request) -> web.Response:
        """As a framework tells it, values hidden."""
        return web.json_response({"activeProfiles": ["dev"], "propertySources": [{"name": "systemEnvironment"}]})


class _DebugMode(Shop):
    """Every error is a page for developers."""

    def refused(self, refusal: Refusal) -> web.Response:
        if refusal.status != 404 or refusal.code != "not_found":
            return super().refused(refusal)
        text = "<h1>Page not found</h1><p>Using the URLconf defined in <code>shop.urls</code>, Django tried these"
        return web.Response(status=404, text=text, content_type="text/html")


class _CustomerUnchecked(Shop):
    async def customer(self, request: web.Request) -> web.Response:
        data = await self.body(request)
        data["email"].lower()  # whatever it is
        return await super().customer(request)


class _DiesOfBadIds(Shop):
    """An exception in a callback that nobody waits for ends the process, as Node.js does."""

    async def order(self, request: web.Request) -> web.Response:
        if "/" in request.match_info["order"] or "\0" in request.match_info["order"]:
            os._exit(1)
        return await super().order(request)


class _BodyLogged(Shop):
    """Whatever is refused is logged whole, to find out why."""

    async def create_payment(self, request: web.Request) -> web.Response:
        try:
            return await super().create_payment(request)
        except Refusal as refusal:
            body = (await request.read())[:2000].decode("utf-8", "replace")
            self.journal.warning("refused", code=refusal.code, body=body)
            raise


class _BodyKept(Shop):
    """Every request is kept, for support."""

    async def create_payment(self, request: web.Request) -> web.Response:
        self.store.run("CREATE TABLE IF NOT EXISTS requests (body TEXT)")
        body = {"body": (await request.read())[:2000].decode("utf-8", "replace")}
        self.store.run("INSERT INTO requests (body) VALUES (:body)", body)
        return await super().create_payment(request)


class _Unlimited(Turns):
    def take(self) -> None:
        """Nobody waits."""

    def refused(self) -> None:
        """Nobody counts."""


class _NoLimit(Shop):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.turns = _Unlimited(1, 1)


class _Cached(Shop):
    """A rule of the content network for all of the API."""

    async def create_payment(self, request: web.Request) -> web.Response:
        answer = await super().create_payment(request)
        answer.headers["Cache-Control"] = "public, max-age=60"
        return answer


class _CookieOpen(Pages):
    def cookie(self, *, is_secure: bool) -> str:
        return "session=3f9a2c7e1b5d8046a9c3e7f1; Path=/"


DEFECTS = (
    Defect(
        "orders-listed",
        "The last orders are listed to everybody",
        "payments-not-listed",
        also=("payment-hidden-from-others",),
        shop=_OrdersListed,
    ),
    Defect(
        "intent-shown",
        "Whoever names a PaymentIntent gets the whole of it, its client secret too",
        "payment-hidden-from-others",
        shop=_IntentShown,
    ),
    Defect(
        "client-secret-with-order",
        "The route of orders hands the client secret out",
        "payment-hidden-from-others",
        orders=_SecretWithOrder,
    ),
    Defect(
        "client-secret-in-address",
        "The address of the payment page carries the client secret",
        "client-secret-not-in-urls",
        shop=_SecretInAddress,
    ),
    Defect("created-by-get", "A GET creates payments too", "payment-not-created-by-get", shop=_CreatedByGet),
    Defect(
        "status-assignable",
        "A request that says that the order is paid makes it paid",
        "payment-fields-not-assignable",
        orders=_StateAssigned,
    ),
    Defect(
        "parameters-spread",
        "What a request holds besides goes into Stripe's call",
        "payment-fields-not-assignable",
        orders=_ParametersSpread,
    ),
    Defect("environment-listed", "The framework's environment page is open", "debug-pages-closed", shop=_DocsOpen),
    Defect("debug-mode-on", "Errors are shown on the framework's debug page", "debug-pages-closed", shop=_DebugMode),
    Defect(
        "customer-unchecked",
        "A customer without a text for an e-mail address ends in a 500",
        "bad-requests-survived",
        shop=_CustomerUnchecked,
    ),
    Defect(
        "dies-of-bad-ids",
        "An order's id with a slash in it ends the process",
        "bad-requests-survived",
        also=("*",),
        shop=_DiesOfBadIds,
        is_process=True,
    ),
    Defect("bodies-logged", "Refused requests are logged whole", "card-data-not-kept", shop=_BodyLogged),
    Defect("bodies-kept", "Every request is kept in the database", "card-data-not-kept", shop=_BodyKept),
    Defect(
        "no-rate-limit", "Nothing limits how many payments are asked for", "testing-of-cards-limited", shop=_NoLimit
    ),
    Defect(
        "client-secret-cached",
        "The content network may keep the answers of the API",
        "client-secret-not-cached",
        shop=_Cached,
    ),
    Defect("cookie-open", "The session's cookie has no attributes", "cookies-protected", pages=_CookieOpen),
)
