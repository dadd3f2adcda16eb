"""Defects of phase 1: startup, port, reachability, env file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any

import stripe
from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.consequences import MAIN_JOURNEYS_LOST, WITH_A_CONTROL
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.webhooks import TOLERANCE_S, Receipts
from stripe_audit.deployment.launch.ports import free_port

__all__ = ["DEFECTS"]

_BEHIND_S = 1200
_LOCK = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/stripe": {"version": "22.5.0"}}}


class _DiesAtStart(Shop):
    def application(self) -> web.Application:
        self.journal.error("cannot find module './webhook-service'")
        os._exit(3)


class _WrongPort(Shop):
    """Listens, but not where it was told to."""

    @property
    def port(self) -> int:
        return free_port()


class _Unhealthy(Shop):
    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "error"}, status=500)


class _HealthyAlways(Shop):
    """The health route was written to never fail."""

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "checks": {"database": "down"}})


class _FrontendForAll(Shop):
    """Serves the frontend's page for every path that it does not know, the webhook's among them."""

    def webhook_path(self, route: str) -> str:
        return super().webhook_path(route) if route else "/api/webhook/stripe"

    def refused(self, refusal: Refusal) -> web.Response:
        if refusal.status == 404 and refusal.code == "not_found":
            return web.Response(text="<!doctype html><title>Shop</title>", content_type="text/html")
        return super().refused(refusal)


class _SourceFirst(StripeSide):
    """From the time before PaymentMethods: a Source is made for each payment."""

    async def create_intent(self, params: Mapping[str, Any], *, key: str | None) -> dict[str, Any]:
        await self._call(self._client.v1.sources.create, {"type": "card", "token": "tok_visa"})
        return await super().create_intent(params, key=key)


class _SlowClock(Shop):
    """The machine was paused, and its clock went on from there."""

    def common_headers(self, request: web.Request) -> dict[str, str]:
        return {**super().common_headers(request), "Date": formatdate(time.time() - _BEHIND_S, usegmt=True)}


class _VerifiedByIt(Receipts):
    """What is older than the tolerance, by the right time, is new by this one."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            stripe.WebhookSignature.verify_header(
                body.decode(), signature or "", self.secret(route), tolerance=TOLERANCE_S + _BEHIND_S
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
            raise Refusal(400, "bad_signature", "The signature is not valid.") from None
        return self.parsed(body)


class _CsrfChecked(Shop):
    """A CSRF check stands before the main webhook endpoint; the others were exempted from it."""

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        if route:
            return await super().webhook(route, request)
        return self.refused(Refusal(403, "csrf", "The CSRF token is missing."))


class _NoWebhook(Shop):
    def webhook_path(self, route: str) -> str:
        return super().webhook_path(route) if route else "/api/webhook/stripe"


class _GetAlone(Shop):
    """The main route was registered with the wrong verb."""

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        if not route:
            raise web.HTTPMethodNotAllowed("POST", ["GET"])
        return await super().webhook(route, request)


class _Redirected(Shop):
    async def answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path == "/api/webhooks/stripe":
            await request.read()
            return web.Response(status=308, headers={"Location": "/api/webhooks/stripe/"})
        return await super().answered(request, handler)


_GIVES_UP = """\
#!/bin/sh
if [ "$1" = version ]; then echo "stripe version 1.21.0"; exit 0; fi
echo "Error while authenticating with Stripe: unexpected http status code: 401" >&2
exit 1
"""

_EVENTS_LOST = (
    *WITH_A_CONTROL,
    *MAIN_JOURNEYS_LOST,
    "refund-in-parts",
    "webhook-mode-checked",
    "webhook-genuine-event-accepted",
    "webhook-raw-body-preserved",
    "webhook-events-handled",
    "payment-states-handled",
    "events-triggered",
    "payment-events-logged",
    "ledger-reconciles",
)
"""What the main endpoint alone is told of: cancellations, refunds, disputes. The others go on."""

DEFECTS = (
    Defect(
        "dies-at-start",
        "The server exits while it starts, since an import fails",
        "server-starts",
        also=("*",),
        seen_in="Layr-Labs/d-inference#710",
        shop=_DiesAtStart,
        is_process=True,
    ),
    Defect(
        "wrong-port",
        "The server ignores PORT and listens elsewhere",
        "server-on-configured-port",
        also=("*",),
        shop=_WrongPort,
        is_process=True,
    ),
    Defect(
        "unhealthy",
        "The health route answers 500 while the shop works",
        "health-endpoint-answers",
        also=("health-shows-trouble",),
        seen_in="fossasia/eventyay#4296",
        shop=_Unhealthy,
    ),
    Defect(
        "webhook-path-missing",
        "The webhook endpoint is not where it is declared",
        "webhook-endpoint-reachable",
        also=("webhook-url-not-redirected", "webhook-outlives-mail", *_EVENTS_LOST),
        seen_in="fossasia/eventyay#4296",
        shop=_NoWebhook,
    ),
    Defect(
        "webhook-takes-get-alone",
        "The webhook endpoint is registered for GET",
        "webhook-endpoint-reachable",
        also=("webhook-url-not-redirected", "webhook-outlives-mail", *_EVENTS_LOST),
        shop=_GetAlone,
    ),
    Defect(
        "healthy-whatever-happens",
        "The health route answers 200 and says in its body that the database is down",
        "health-endpoint-answers",
        also=("health-shows-trouble",),
        shop=_HealthyAlways,
    ),
    Defect(
        "frontend-for-all-paths",
        "The webhook's path is another, and every unknown path gets the frontend's page with 200",
        "webhook-endpoint-reachable",
        also=tuple(  # all that is sent is answered 200
            check for check in _EVENTS_LOST if check not in ("events-triggered", "webhook-survives-load")
        ),
        seen_in="dj-stripe/dj-stripe#690",
        shop=_FrontendForAll,
    ),
    Defect(
        "webhook-behind-csrf",
        "A CSRF check refuses webhook events, which have no token",
        "webhook-endpoint-reachable",
        also=("webhook-outlives-mail", *_EVENTS_LOST),
        seen_in="laravel/cashier-stripe#714",
        shop=_CsrfChecked,
    ),
    Defect(
        "webhook-redirected",
        "The webhook URL redirects to one with a slash, and Stripe does not follow",
        "webhook-url-not-redirected",
        also=("webhook-endpoint-reachable", "webhook-outlives-mail", *_EVENTS_LOST),
        seen_in="imranhsayed/woo-next#82",
        shop=_Redirected,
    ),
    Defect(
        "env-key-missing",
        "The env file lacks the webhook secret",
        "env-keys-present",
        seen_in="Layr-Labs/d-inference#710",
        env={"STRIPE_WEBHOOK_SECRET": None},
    ),
    Defect(
        "env-live-keys",
        "Live keys in the env file of a test deployment",
        "env-keys-test-mode",
        seen_in="chobbledotcom/tickets#647",
        env={
            "STRIPE_SECRET_KEY": "sk_live_51Demo0Demo0Demo0NotARealKeyDemo0Demo0Demo0",
            "STRIPE_PUBLISHABLE_KEY": "pk_live_51Demo0Demo0Demo0NotARealKeyDemo0Demo0Demo0",
        },
    ),
    Defect(
        "env-keys-of-two-accounts",
        "The publishable key belongs to another account than the secret key",
        "env-keys-consistent",
        seen_in="OriginProtocol/dshop#325",
        env={"STRIPE_PUBLISHABLE_KEY": "pk_test_51Other0Account0Other0NotARealKeyDemo0Demo0Demo0"},
    ),
    Defect(
        "webhook-secret-of-wrong-kind",
        "The id of the endpoint stands where its secret belongs",
        "webhook-secret-well-formed",
        seen_in="vercel/nextjs-subscription-payments#293",
        env={"STRIPE_WEBHOOK_SECRET": "we_1DemoDemoDemoDemoDemoDemo"},
    ),
    Defect(
        "clock-slow",
        "The server's clock is twenty minutes slow",
        "server-clock-right",
        also=("webhook-replay-rejected",),
        shop=_SlowClock,
        receipts=_VerifiedByIt,
    ),
    Defect(
        "sdk-takes-empty-secret",
        "The backend has a Stripe library from before the fix of September 2026",
        "stripe-sdk-patched",
        seen_in="stripe/stripe-node#2841",
        files={"backend/package-lock.json": json.dumps(_LOCK)},
    ),
    Defect(
        "sources-still-used",
        "The app still makes a Source for each payment",
        "deprecated-calls-unused",
        stripe=_SourceFirst,
    ),
    Defect(
        "stripe-cli-is-another",
        "Another program that is called stripe comes first on the PATH",
        "stripe-cli-listens",
        programs={"stripe": '#!/bin/sh\necho "stripe: unknown command $1" >&2\nexit 2\n'},
    ),
    Defect(
        "stripe-cli-gives-up",
        "The Stripe CLI tells its version, and ends before it listens",
        "stripe-cli-listens",
        programs={"stripe": _GIVES_UP},
    ),
)
