"""The shop's addresses."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable

import stripe
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from shop.models import Event
from shop.orders import Refused, client, create_payment, handle, mail, order_of, payment_of

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
View = Callable[..., HttpResponse]


def answered(view: View) -> View:
    """Refusals and Stripe's failures as JSON; nothing is cached."""

    @functools.wraps(view)
    def around(request: HttpRequest, **words: str) -> HttpResponse:
        try:
            answer = view(request, **words)
        except Refused as error:
            answer = JsonResponse({"error": error.code}, status=error.status)
            if error.status == 429:
                answer["Retry-After"] = "2"
        except RequestDataTooBig:
            answer = JsonResponse({"error": "too_large"}, status=413)
        except stripe.StripeError as error:
            logging.error("stripe failed", exc_info=error)
            answer = JsonResponse({"error": "payments_unavailable"}, status=503)
        answer["Cache-Control"] = "no-store"
        return answer

    return around


@require_GET
@answered
def health(request: HttpRequest) -> HttpResponse:
    reached = "ok" if client.is_reached else "unreachable"
    try:
        Event.objects.filter(pk="").delete()  # nothing, but it needs all that a write needs
    except DatabaseError:
        return JsonResponse({"status": "failing", "database": "unreachable", "stripe": reached}, status=503)
    return JsonResponse({"status": "ok", "database": "ok", "stripe": reached})


@require_GET
@answered
def products(request: HttpRequest) -> HttpResponse:
    prices = settings.PRICES.items()
    return JsonResponse(
        {"products": [{"id": item, "price": price, "currency": unit} for (item, unit), price in prices]}
    )


@require_POST
@answered
def payments(request: HttpRequest) -> HttpResponse:
    try:
        wanted = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(400, "invalid_json") from None
    return JsonResponse(create_payment(wanted))


@require_GET
@answered
def order(request: HttpRequest, identity: str) -> HttpResponse:
    found = order_of(identity)
    names = ("id", "status", "amount", "currency", "fulfilled")
    return JsonResponse({**{name: getattr(found, name) for name in names}, "paymentIntent": found.intent})


@require_POST
@answered
def retry(request: HttpRequest, identity: str) -> HttpResponse:
    return JsonResponse(payment_of(identity))


@require_POST
@answered
def webhook(request: HttpRequest) -> HttpResponse:
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe.Webhook.construct_event(request.body, signature, settings.STRIPE_WEBHOOK_SECRET)
        is_for_us, _ = not event.livemode and event.id, event.data.object.object
    except (ValueError, TypeError, AttributeError, stripe.SignatureVerificationError):
        logging.warning("a webhook event was refused")
        return JsonResponse({"error": "bad_event"}, status=400)
    if is_for_us:
        try:
            handle(event)
        except Exception:
            title = f"Webhook event {event.id} failed"
            mail(f"alert-{event.id}", settings.ALERTS_TO, title, f"{event.type}: see the log")
            raise
    return JsonResponse({"received": True})


@require_GET
@answered
def checkout(request: HttpRequest) -> HttpResponse:
    headers = {"Content-Security-Policy": POLICY, "Permissions-Policy": "camera=(), microphone=()"}
    return HttpResponse(PAGE.format(key=settings.STRIPE_PUBLISHABLE_KEY), headers=headers)


@require_GET
@answered
def script(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SCRIPT, content_type="text/javascript")


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return JsonResponse({"error": "not_found"}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"error": "internal"}, status=500)


handler404, handler500 = missing, broken
urlpatterns = [
    path("health", health),
    path("api/products", products),
    path("api/payments", payments),
    path("api/orders/<str:identity>", order),
    path("api/orders/<str:identity>/retry", retry),
    path("webhooks/stripe", webhook),
    path("checkout", checkout),
    path("checkout.js", script),
]
