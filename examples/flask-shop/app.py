"""A shop with Flask and Stripe's Python library, as its documentation shows them. It knows nothing of stripe-audit."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import sys
import time

import stripe
from dotenv import load_dotenv
from flask import Flask, Response, g, has_request_context, jsonify, request
from shop import PRICES, Refused, Shop
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler

load_dotenv()
WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET")
if not WEBHOOK_SECRET:
    sys.exit("STRIPE_WEBHOOK_SECRET is missing")
stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
stripe.max_network_retries = 1
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


class Watched(stripe.RequestsClient):
    """Remembers whether the last call reached Stripe, so that /health can tell without a call of its own."""

    is_reached = True

    def request(self, *words: object, **named: object) -> tuple:
        try:
            answer = super().request(*words, **named)
        except stripe.APIConnectionError:
            self.is_reached = False
            raise
        self.is_reached = True
        return answer


class Lines(logging.Formatter):
    """One JSON object a line, with the request's id; an error with its stack."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "message": record.getMessage(), **getattr(record, "fields", {})}
        if has_request_context():
            line["request_id"] = g.request_id
        if record.exc_info:
            line |= {"error": type(record.exc_info[1]).__name__, "stack": self.formatException(record.exc_info)}
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Lines())
logging.basicConfig(level=logging.INFO, handlers=[handler])
logging.getLogger("werkzeug").setLevel(logging.WARNING)
logging.getLogger("stripe").setLevel(logging.WARNING)

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
stripe.default_http_client = client = Watched(timeout=4)
shop = Shop()


@app.before_request
def begun() -> None:
    g.request_id, g.began = secrets.token_hex(8), time.perf_counter()


@app.get("/health")
def health() -> tuple[Response, int]:
    reached = "ok" if client.is_reached else "unreachable"
    try:
        shop.change("DELETE FROM events WHERE id = ''")  # nothing, but it needs all that a write needs
    except sqlite3.Error:
        return jsonify(status="failing", database="unreachable", stripe=reached), 503
    return jsonify(status="ok", database="ok", stripe=reached), 200


@app.get("/api/products")
def products() -> Response:
    return jsonify(
        products=[{"id": item, "price": price, "currency": currency} for (item, currency), price in PRICES.items()]
    )


@app.post("/api/payments")
def create_payment() -> Response:
    try:
        wanted = request.get_json()
    except RecursionError:
        raise Refused(400, "invalid_json") from None
    return jsonify(shop.create_payment(wanted))


@app.get("/api/orders/<identity>")
def order(identity: str) -> Response:
    found = shop.order(identity)
    names = ("id", "status", "amount", "currency", "fulfilled")
    return jsonify({**{name: found[name] for name in names}, "paymentIntent": found["intent"]})


@app.post("/api/orders/<identity>/retry")
def retry(identity: str) -> Response:
    return jsonify(shop.payment_of(identity))


@app.post("/webhooks/stripe")
def webhook() -> tuple[Response, int]:
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe.Webhook.construct_event(request.get_data(), signature, WEBHOOK_SECRET)
        is_for_us, _ = not event.livemode and event.id, event.data.object.object
    except (ValueError, TypeError, AttributeError, stripe.SignatureVerificationError):
        app.logger.warning("a webhook event was refused")
        return jsonify(error="bad_event"), 400
    if is_for_us:
        try:
            shop.handle(event)
        except Exception:
            shop.alert(event)
            raise
    return jsonify(received=True), 200


@app.get("/checkout")
def checkout() -> Response:
    return Response(PAGE.format(key=os.environ.get("STRIPE_PUBLISHABLE_KEY", "")))


@app.get("/checkout.js")
def script() -> Response:
    return Response(SCRIPT, mimetype="text/javascript")


@app.after_request
def hardened(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        answer.headers["Permissions-Policy"] = "camera=(), microphone=()"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@app.after_request
def logged(answer: Response) -> Response:
    took = round((time.perf_counter() - g.began) * 1000, 1)
    fields = {"method": request.method, "path": request.path, "status": answer.status_code, "duration_ms": took}
    app.logger.info("request", extra={"fields": fields})
    answer.headers["X-Request-Id"] = g.request_id
    return answer


@app.errorhandler(Refused)
def refused(error: Refused) -> tuple[Response, int, dict[str, str]]:
    return jsonify(error=error.code), error.status, {"Retry-After": "2"} if error.status == 429 else {}


@app.errorhandler(HTTPException)
def wrong(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.name), error.code or 500


@app.errorhandler(stripe.StripeError)
def unavailable(error: stripe.StripeError) -> tuple[Response, int]:
    app.logger.error("stripe failed", exc_info=error)
    return jsonify(error="payments_unavailable"), 503


class Discreet(WSGIRequestHandler):
    """No answer tells versions."""

    def version_string(self) -> str:
        return "shop"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "3001")), threaded=True, request_handler=Discreet)  # noqa: S104
