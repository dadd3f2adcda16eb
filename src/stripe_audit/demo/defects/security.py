"""Defects of phase 4: input, headers, CSP, TLS, Stripe's requirements, card data."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects import browsing, exposure
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders, Refusal
from stripe_audit.demo.pages import Pages
from stripe_audit.demo.products import price_of
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.money import is_known_currency

__all__ = ["DEFECTS"]


class _InputUnchecked(Orders):
    def read_request(self, data: Any) -> dict[str, Any]:
        quantity = data.get("quantity") if isinstance(data, Mapping) else None
        if isinstance(quantity, int) and quantity < 0:
            raise KeyError("stock")
        return super().read_request(data)


class _InputCoerced(Orders):
    def read_request(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return super().read_request(data)
        try:
            quantity = min(100, max(1, int(data.get("quantity", 1))))
        except (TypeError, ValueError):
            quantity = 1
        return super().read_request({**data, "quantity": quantity})


class _AmountTrusted(Orders):
    def amount_for(self, data: Mapping[str, Any], item: str, currency: str, quantity: int) -> int | None:
        try:
            return int(Decimal(str(data["amount"])))
        except (KeyError, ArithmeticError):
            return price_of(item, currency, quantity)


class _CurrencyTrusted(Orders):
    def amount_for(self, data: Mapping[str, Any], item: str, currency: str, quantity: int) -> int | None:
        """The number of the price in dollars, in whatever currency the request names."""
        price = price_of(item, currency, quantity)
        return price_of(item, "usd", quantity) if price is None and is_known_currency(currency) else price


class _NoHeaders(Pages):
    def headers(self, *, is_secure: bool) -> dict[str, str]:
        kept = ("Content-Security-Policy", "Strict-Transport-Security", "Cache-Control", "Set-Cookie")
        return {name: value for name, value in super().headers(is_secure=is_secure).items() if name in kept}

    def policy(self) -> str:
        return super().policy().replace("; frame-ancestors 'none'", "")


class _BlocksStripe(Pages):
    def policy(self) -> str:
        return super().policy().replace("frame-src https://js.stripe.com https://*.js.stripe.com", "frame-src 'self'")


class _UnsafeInline(Pages):
    def policy(self) -> str:
        return super().policy().replace("script-src 'self'", "script-src 'self' 'unsafe-inline' https:")


class _NoTls(Shop):
    def is_redirected(self, request: web.Request) -> bool:
        return False

    def common_headers(self, request: web.Request) -> dict[str, str]:
        return {n: v for n, v in super().common_headers(request).items() if n != "Strict-Transport-Security"}


class _NoHsts(Pages):
    def headers(self, *, is_secure: bool) -> dict[str, str]:
        headers = super().headers(is_secure=is_secure)
        return {name: value for name, value in headers.items() if name != "Strict-Transport-Security"}


class _OldTls(Shop):
    def harden(self, context: ssl.SSLContext) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is the flaw
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")


class _OldVersion(StripeSide):
    api_version = "2022-11-15"


class _AnyOrigin(Shop):
    def cors(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin")
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} if origin else {}


class _OriginBySuffix(Shop):
    def cors(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin", "")
        if not origin.endswith(self.config.frontend_origin.removeprefix("http://")):
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "Content-Type",
            "Vary": "Origin",
        }


class _FrontendRefused(Shop):
    def cors(self, request: web.Request) -> dict[str, str]:
        return {"Vary": "Origin"}


class _CardForm(Pages):
    def form(self) -> str:
        return (
            '<form action="/api/pay" method="post"><input name="cardnumber" autocomplete="cc-number">'
            '<input name="cvc" autocomplete="cc-csc"><input name="exp" autocomplete="cc-exp"></form>'
        )


class _InputEchoed(Shop):
    """As FastAPI does by itself: what is refused comes back in the answer."""

    async def create_payment(self, request: web.Request) -> web.Response:
        try:
            return await super().create_payment(request)
        except Refusal as refusal:
            shown = (await request.read()).decode("utf-8", "replace")[:1000]
            error = {"code": refusal.code, "message": refusal.message, "input": shown}
            return web.json_response({"error": error}, status=refusal.status)


class _WritesCardForm(Shop):
    async def script(self, request: web.Request) -> web.Response:
        answer = await super().script(request)
        answer.text = f'{answer.text}\nconst field = \'<input autocomplete="cc-number" inputmode="numeric">\';\n'
        return answer


class _EnvServed(Shop):
    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/.env", self.env)
        return app

    async def env(self, request: web.Request) -> web.Response:
        """As with a document root that is the project's folder."""
        names = {"PORT": self.config.port, "STRIPE_SECRET_KEY": self.config.secret_key}
        return web.Response(text="".join(f"{name}={value}\n" for name, value in names.items()))


class _LiveKeyOnPage(Pages):
    def checkout(self, order: str, publishable_key: str) -> str:
        return super().checkout(order, publishable_key.replace("pk_test_", "pk_live_"))


class _SecretInScript(Shop):
    async def script(self, request: web.Request) -> web.Response:
        answer = await super().script(request)
        answer.text = f"const config = {{ stripeSecret: '{self.config.secret_key}' }};\n{answer.text}"
        return answer


DEFECTS = (
    Defect(
        "input-unchecked",
        "A negative quantity ends in a 500",
        "payment-input-validated",
        orders=_InputUnchecked,
    ),
    Defect(
        "input-coerced",
        "Whatever is no quantity becomes one, and is charged",
        "payment-input-validated",
        also=("payment-numbers-exact",),
        orders=_InputCoerced,
    ),
    Defect(
        "amount-trusted",
        "The amount is taken from the request",
        "payment-amount-not-trusted",
        seen_in="ynnoj/next-stripe#16",
        orders=_AmountTrusted,
    ),
    Defect(
        "currency-trusted",
        "The number of the price is charged in whatever currency the request names",
        "payment-amount-not-trusted",
        orders=_CurrencyTrusted,
    ),
    Defect(
        "headers-missing",
        "The page has no security headers",
        "security-headers-set",
        also=("page-headers-as-recorded",),
        pages=_NoHeaders,
    ),
    Defect(
        "csp-blocks-stripe",
        "The page's policy blocks Stripe's frames",
        "csp-allows-stripe",
        also=(
            "page-headers-as-recorded",
            "page-works-in-browser",
        ),
        seen_in="flathub-infra/website#307",
        pages=_BlocksStripe,
    ),
    Defect(
        "csp-unsafe-inline",
        "The page's policy lets any script run",
        "csp-restricts-scripts",
        also=("page-headers-as-recorded",),
        pages=_UnsafeInline,
    ),
    Defect(
        "https-optional",
        "The page is served over plain HTTP too, and no answer asks for TLS",
        "https-enforced",
        also=("page-headers-as-recorded",),
        shop=_NoTls,
        pages=_NoHsts,
    ),
    Defect("old-tls", "The server takes TLS 1.0 and 1.1", "https-enforced", shop=_OldTls),
    Defect(
        "old-api-version",
        "Calls are pinned to an API version of 2022",
        "api-version-current",
        seen_in="dj-stripe/dj-stripe#758",
        stripe=_OldVersion,
    ),
    Defect("any-origin", "Every origin may read answers, with credentials", "cors-restricted", shop=_AnyOrigin),
    Defect(
        "origin-by-suffix",
        "Origins are compared by how they end, so that another site's name passes",
        "cors-restricted",
        shop=_OriginBySuffix,
    ),
    Defect("frontend-refused", "The frontend's own origin is not allowed", "cors-restricted", shop=_FrontendRefused),
    Defect(
        "card-form",
        "The page asks for card numbers in a form of its own",
        "card-data-never-handled",
        pages=_CardForm,
    ),
    Defect(
        "card-form-by-script",
        "A script writes a field for the card's number",
        "card-data-never-handled",
        shop=_WritesCardForm,
    ),
    Defect("input-echoed", "Refusals repeat the input", "card-data-never-handled", shop=_InputEchoed),
    Defect("env-file-served", "The env file can be fetched", "secrets-not-in-frontend", shop=_EnvServed),
    Defect(
        "live-key-on-page",
        "The page has a live publishable key, and the server a test key",
        "secrets-not-in-frontend",
        also=("*",),  # a live sign ends all writes
        seen_in="chobbledotcom/tickets#647",
        pages=_LiveKeyOnPage,
    ),
    Defect(
        "secret-in-script",
        "The secret key is in a script that every visitor gets",
        "secrets-not-in-frontend",
        seen_in="samarbadriddin0v/notion-clone#2",
        shop=_SecretInScript,
    ),
    *browsing.DEFECTS,
    *exposure.DEFECTS,
)
