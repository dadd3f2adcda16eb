"""The shop over HTTP: its routes, and what every answer has in common."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import stripe
from aiohttp import web

from stripe_audit.demo.certificate import Certified
from stripe_audit.demo.checkouts import add_checkout
from stripe_audit.demo.config import SUB_ROUTES, ShopConfig
from stripe_audit.demo.health import health_of
from stripe_audit.demo.journal import Journal, request_id
from stripe_audit.demo.limits import Turns
from stripe_audit.demo.mailer import Outbox
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.pages import SCRIPT, STYLE, Pages
from stripe_audit.demo.products import PRODUCTS
from stripe_audit.demo.store import Store
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.subscriptions import SubscriptionOrders, add_subscriptions
from stripe_audit.demo.webhooks import Receipts

__all__ = ["Shop"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BODY_CAP = 1024 * 1024


class Shop(Certified):
    """The sound shop. Each method is one decision, so that a defect can be made by replacing one."""

    stripe_side: type[StripeSide] = StripeSide
    orders_type: type[SubscriptionOrders] = SubscriptionOrders
    receipts_type: type[Receipts] = Receipts
    pages_type: type[Pages] = Pages
    outbox_type: type[Outbox] = Outbox
    webhook_methods: tuple[str, ...] = ("POST",)
    workers: int | None = None  # the configured number

    def __init__(self, config: ShopConfig, journal: Journal) -> None:
        self.config = config
        self.journal = journal
        self.store = Store(config.database)
        self.outbox = self.outbox_type(config, self.store)
        self.stripe = self.stripe_side(config)
        self.orders = self.orders_type(config, self.store, self.stripe, self.outbox, journal)
        self.receipts = self.receipts_type(self.orders)
        self.pages = self.pages_type()
        self.turns = Turns(config.rate_burst, config.rate_per_second)
        self.is_first = True
        self._workers: list[asyncio.Task[None]] = []

    @classmethod
    def configured(cls, env: Mapping[str, str]) -> ShopConfig:
        """Its configuration from the environment. Raises ConfigError: what is missing or blank stops the start."""
        return ShopConfig.from_environment(env)

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(middlewares=[self.around], client_max_size=_BODY_CAP)
        app.router.add_get("/api/health", self.health)
        app.router.add_get("/api/webhooks/health", self.webhook_health)
        app.router.add_get("/api/products", self.products)
        app.router.add_post("/api/create-payment-intent", self.create_payment)
        app.router.add_post("/api/customers", self.customer)
        app.router.add_get("/api/orders/{order}", self.order)
        app.router.add_post("/api/orders/{order}/retry", self.retry)
        app.router.add_get("/checkout", self.page)
        app.router.add_get("/static/checkout.js", self.script)
        add_checkout(app, self)
        add_subscriptions(app, self)
        app.router.add_get("/static/shop.css", self.style)
        self.add_webhooks(app)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    @property
    def port(self) -> int:
        """Where it listens: where it was told to."""
        return self.config.port

    def add_webhooks(self, app: web.Application) -> None:
        """The webhook endpoint and its sub-routes."""
        for route in ("", *SUB_ROUTES):
            path = self.webhook_path(route)
            for method in self.webhook_methods:
                app.router.add_route(method, path, self._webhook_handler(route))

    def webhook_path(self, route: str) -> str:
        """Where a webhook route is."""
        return "/api/webhooks/stripe" + (f"/{route}" if route else "")

    async def _start(self, app: web.Application) -> None:
        self.journal.info("configuration loaded", variables=self.config.variables, variant=self.config.variant)
        works = (self.outbox.work, self.receipts.work, self._check_stripe) if self.is_first else ()
        self._workers = [asyncio.create_task(work()) for work in works]

    async def _check_stripe(self) -> None:
        try:
            await self.stripe.check_key()
            self.journal.info("stripe reachable")
        except stripe.StripeError as error:
            self.journal.warning("stripe not reachable", error=type(error).__name__)

    async def _stop(self, app: web.Application) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self.stripe.close()
        self.store.close()

    # What every answer has in common

    @web.middleware
    async def around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A request id, CORS for the shop's own frontend, and one shape for every error."""
        identity = secrets.token_hex(8)
        request_id.set(identity)
        began = time.perf_counter()
        answer = self.preflight(request) if request.method == "OPTIONS" else await self.answered(request, handler)
        answer.headers["X-Request-Id"] = identity
        answer.headers.update({**self.common_headers(request), **self.cors(request)})
        spent = round((time.perf_counter() - began) * 1000, 1)
        self.journal.info("request", method=request.method, path=request.path, status=answer.status, ms=spent)
        return answer

    async def answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or the error in our shape; never an exception's text."""
        try:
            return await handler(request)
        except Refusal as refusal:
            return self.refused(refusal)
        except web.HTTPException as error:
            names = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
            answer = self.refused(Refusal(error.status, names.get(error.status, "bad_request"), error.reason))
            answer.headers.update({name: value for name, value in error.headers.items() if name in ("Allow",)})
            return answer
        except stripe.StripeError as error:
            return self.stripe_failed(error)
        except Exception as error:  # the last resort: logged in full, told in general
            return self.crashed(error)

    def refused(self, refusal: Refusal) -> web.Response:
        """A refusal, as JSON."""
        body = {"error": {"code": refusal.code, "message": refusal.message, "requestId": request_id.get()}}
        return web.json_response(body, status=refusal.status)

    def stripe_failed(self, error: stripe.StripeError) -> web.Response:
        """Stripe is down, or refuses us: the customer may come back later."""
        self.journal.error("stripe failed", error=type(error).__name__, stripe_request=error.request_id)
        answer = self.refused(Refusal(503, "payments_unavailable", "Payments are not possible now. Try again soon."))
        answer.headers["Retry-After"] = "5"
        return answer

    def crashed(self, error: Exception) -> web.Response:
        """An error that nobody foresaw."""
        trace = "".join(traceback.format_exception(error))
        self.journal.error("unexpected error", error=type(error).__name__, trace=trace)
        return self.refused(Refusal(500, "internal", "Something went wrong on our side."))

    def common_headers(self, request: web.Request) -> dict[str, str]:
        """On every answer."""
        headers = {"X-Content-Type-Options": "nosniff", "Server": "shop"}
        if request.scheme == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return headers

    def cors(self, request: web.Request) -> dict[str, str]:
        """The shop's own frontend may read answers; nobody else."""
        if request.headers.get("Origin") != self.config.frontend_origin or "/webhooks/" in request.path:
            return {"Vary": "Origin"}
        return {"Access-Control-Allow-Origin": self.config.frontend_origin, "Vary": "Origin"}

    def preflight(self, request: web.Request) -> web.Response:
        """The answer to a preflight."""
        allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
        return web.Response(
            status=204, headers=allowed if self.cors(request).get("Access-Control-Allow-Origin") else {}
        )

    async def body(self, request: web.Request) -> Any:
        """The JSON body. Raises Refusal."""
        try:
            return json.loads(await request.read())
        except (ValueError, RecursionError):
            raise Refusal(400, "invalid_json", "The body is not valid JSON.") from None

    # Routes

    async def health(self, request: web.Request) -> web.Response:
        """Whether the shop can work."""
        return health_of(self)

    async def webhook_health(self, request: web.Request) -> web.Response:
        """Whether webhook events can be taken."""
        routes = [self.webhook_path(route) for route in ("", *SUB_ROUTES)]
        return web.json_response({"status": "ok", "endpoints": routes})

    async def products(self, request: web.Request) -> web.Response:
        """The catalogue."""
        return web.json_response({"products": self.catalogue()})

    def catalogue(self) -> list[dict[str, Any]]:
        """One entry for each article and currency."""
        return [
            {"id": product.id, "name": product.name, "price": str(price), "currency": currency}
            for product in PRODUCTS
            for currency, price in product.prices.items()
        ]

    async def create_payment(self, request: web.Request) -> web.Response:
        """A payment for an order."""
        self.turns.take()
        try:
            made = await self.orders.create_payment(await self.body(request))
        except Exception:  # whatever it is, it was no good request
            self.turns.refused()
            raise
        return web.json_response(made, headers={"Cache-Control": "no-store"})

    async def customer(self, request: web.Request) -> web.Response:
        """A customer."""
        return web.json_response(await self.orders.customer(await self.body(request)))

    async def order(self, request: web.Request) -> web.Response:
        """An order."""
        shown = self.orders.shown(request.match_info["order"])
        return web.json_response(shown, headers={"Cache-Control": "no-store"})

    async def retry(self, request: web.Request) -> web.Response:
        """Another try at an order's payment."""
        again = await self.orders.retry(request.match_info["order"])
        return web.json_response(again, headers={"Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.Response:
        """The checkout page; over TLS where there is TLS."""
        if request.scheme == "http" and self.config.https_port and self.is_redirected(request):
            host = (request.host or "127.0.0.1").rsplit(":", 1)[0]
            target = f"https://{host}:{self.config.https_port}{request.path_qs}"
            return web.Response(status=308, headers={"Location": target})
        order = request.query.get("order", "")[:80]
        return web.Response(
            text=self.pages.checkout(order, self.config.publishable_key),
            content_type="text/html",
            headers=self.pages.headers(is_secure=request.scheme == "https"),
        )

    def is_redirected(self, request: web.Request) -> bool:
        """Whether a page asked for over plain HTTP is sent to TLS."""
        return True

    async def script(self, request: web.Request) -> web.Response:
        """The page's script."""
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def style(self, request: web.Request) -> web.Response:
        """The page's style."""
        return web.Response(text=STYLE, content_type="text/css")

    def _webhook_handler(self, route: str) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            return await self.webhook(route, request)

        return handle

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        """A webhook event: 200 once it is handled or safely stored; 500 so that Stripe delivers it again."""
        body = await request.read()
        try:
            status = await self.receipts.receive(route, body, request.headers.get("Stripe-Signature"))
        except Refusal:
            raise
        except Exception as error:
            self.receipts.report(self.event_id(body), error)
            return self.refused(Refusal(500, "not_handled", "The event could not be handled."))
        return self.acknowledged(status)

    @staticmethod
    def event_id(body: bytes) -> str:
        """The event's id, for the log."""
        try:
            return str(json.loads(body)["id"])
        except (ValueError, KeyError, TypeError):
            return "unknown"

    def acknowledged(self, status: int) -> web.Response:
        """The answer to an event that was taken."""
        return web.json_response({"received": True}, status=status)
