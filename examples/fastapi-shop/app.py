"""A shop with FastAPI and Stripe's Python library, asynchronous throughout. It knows nothing of stripe-audit."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import sys
import time
from contextvars import ContextVar
from typing import Any

import stripe
from dotenv import load_dotenv
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from shop import PRICES, Refused, Shop
from starlette.exceptions import HTTPException as AnyHTTPException

load_dotenv()
WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET")
if not WEBHOOK_SECRET:
    sys.exit("STRIPE_WEBHOOK_SECRET is missing")
BODY_CAP = 1024 * 1024
POLICY = (
    "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; connect-src 'self' "
    "https://api.stripe.com; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; "
    "img-src 'self' https://*.stripe.com; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PAGE = """<!doctype html><html lang="en"><title>Checkout</title>
<script src="https://js.stripe.com/clover/stripe.js"></script><script src="/checkout.js" defer></script>
<main data-key="{key}"><div id="payment-element"></div><button>Pay</button></main></html>"""
SCRIPT = """
const order = new URLSearchParams(location.search).get('order');
const stripe = Stripe(document.querySelector('main').dataset.key);
fetch(`/api/orders/${order}/retry`, {method: 'POST'}).then((answer) => answer.json()).then(({clientSecret}) => {
  const elements = stripe.elements({clientSecret});
  elements.create('payment').mount('#payment-element');
  const confirmParams = {return_url: location.href};
  document.querySelector('button').onclick = () => stripe.confirmPayment({elements, confirmParams});
});
"""


class Watched(stripe.HTTPXClient):
    """Remembers whether the last call reached Stripe, so that /health can tell without a call of its own."""

    is_reached = True

    async def request_async(self, *words: Any, **named: Any) -> tuple:
        try:
            answer = await super().request_async(*words, **named)
        except stripe.APIConnectionError:
            self.is_reached = False
            raise
        self.is_reached = True
        return answer


request_id: ContextVar[str] = ContextVar("request_id", default="")


class Lines(logging.Formatter):
    """One JSON object a line, with the request's id; an error with its stack."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "message": record.getMessage(), **getattr(record, "fields", {})}
        if request_id.get():
            line["request_id"] = request_id.get()
        if record.exc_info:
            line |= {"error": type(record.exc_info[1]).__name__, "stack": self.formatException(record.exc_info)}
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Lines())
logging.basicConfig(level=logging.INFO, handlers=[handler])
for name in ("httpx", "stripe", "uvicorn.access"):
    logging.getLogger(name).setLevel(logging.WARNING)

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
http_client = Watched(timeout=4)
client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], max_network_retries=1, http_client=http_client)
shop = Shop(client)


async def body_of(request: Request) -> bytes:
    """The body, if it is not too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_CAP:
            raise HTTPException(413, "too_large")
    return body


@app.get("/health")
async def health() -> JSONResponse:
    reached = "ok" if http_client.is_reached else "unreachable"
    try:
        shop.change("DELETE FROM events WHERE id = ''")  # nothing, but it needs all that a write needs
    except sqlite3.Error:
        return JSONResponse({"status": "failing", "database": "unreachable", "stripe": reached}, 503)
    return JSONResponse({"status": "ok", "database": "ok", "stripe": reached})


@app.get("/api/products")
async def products() -> dict[str, Any]:
    return {"products": [{"id": item, "price": price, "currency": unit} for (item, unit), price in PRICES.items()]}


@app.post("/api/payments")
async def create_payment(request: Request) -> dict[str, Any]:
    try:
        wanted = json.loads(await body_of(request))
    except (ValueError, RecursionError):
        raise Refused(400, "invalid_json") from None
    return await shop.create_payment(wanted)


@app.get("/api/orders/{identity}")
async def order(identity: str) -> dict[str, Any]:
    found = shop.order(identity)
    names = ("id", "status", "amount", "currency", "fulfilled")
    return {**{name: found[name] for name in names}, "paymentIntent": found["intent"]}


@app.post("/api/orders/{identity}/retry")
async def retry(identity: str) -> dict[str, Any]:
    return await shop.payment_of(identity)


@app.post("/webhooks/stripe")
async def webhook(request: Request) -> JSONResponse:
    body, signature = await body_of(request), request.headers.get("Stripe-Signature", "")
    try:
        event = client.construct_event(body, signature, WEBHOOK_SECRET)
        is_for_us, _ = not event.livemode and event.id, event.data.object.object
    except (ValueError, TypeError, AttributeError, stripe.SignatureVerificationError):
        logging.warning("a webhook event was refused")
        return JSONResponse({"error": "bad_event"}, 400)
    if is_for_us:
        try:
            await shop.handle(event)
        except Exception:
            shop.alert(event)
            raise
    return JSONResponse({"received": True})


@app.get("/checkout")
async def checkout() -> HTMLResponse:
    return HTMLResponse(PAGE.format(key=os.environ.get("STRIPE_PUBLISHABLE_KEY", "")))


@app.get("/checkout.js")
async def script() -> Response:
    return Response(SCRIPT, media_type="text/javascript")


@app.middleware("http")
async def hardened(request: Request, call_next: Any) -> Response:
    answer: Response = await call_next(request)
    if answer.headers.get("content-type", "").startswith("text/html"):
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        answer.headers["Permissions-Policy"] = "camera=(), microphone=()"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@app.middleware("http")
async def logged(request: Request, call_next: Any) -> Response:
    began = time.perf_counter()
    request_id.set(secrets.token_hex(8))
    try:
        answer: Response = await call_next(request)
    except Exception as error:
        logging.error("unexpected error", exc_info=error)
        answer = JSONResponse({"error": "internal"}, 500)
    took = round((time.perf_counter() - began) * 1000, 1)
    fields = {"method": request.method, "path": request.url.path, "status": answer.status_code, "duration_ms": took}
    logging.info("request", extra={"fields": fields})
    answer.headers["X-Request-Id"] = request_id.get()
    return answer


@app.exception_handler(Refused)
async def refused(request: Request, error: Refused) -> JSONResponse:
    return JSONResponse({"error": error.code}, error.status, {"Retry-After": "2"} if error.status == 429 else None)


@app.exception_handler(AnyHTTPException)
async def wrong(request: Request, error: AnyHTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


@app.exception_handler(stripe.StripeError)
async def unavailable(request: Request, error: stripe.StripeError) -> JSONResponse:
    logging.error("stripe failed", exc_info=error)
    return JSONResponse({"error": "payments_unavailable"}, 503)
