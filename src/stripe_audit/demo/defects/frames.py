"""Defects of phase 4: what Stripe's frames and windows need of the page, and who may ask the API for what."""

from __future__ import annotations

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.pages import Pages

__all__ = ["DEFECTS"]

_CONNECT = (
    "const accounts = () => loadConnectAndInitialize({ publishableKey: key, fetchClientSecret: secretOfAccount });\n"
)
_LINK = "const link = (elements) => elements.create('linkAuthentication').mount('#link');\n"
_CONNECT_HOSTS = {
    "script-src": "https://connect-js.stripe.com",
    "frame-src": "https://connect-js.stripe.com",
    "style-src": "'sha256-0hAheEzaMe6uXIKV4EehS9pu1am1lj/KnnzrOYqckXk='",
}


class _ConnectUsed(Shop):
    """The page has Connect's components, for sellers."""

    async def script(self, request: web.Request) -> web.Response:
        answer = await super().script(request)
        answer.text = f"{answer.text}{_CONNECT}"
        return answer


class _LinkUsed(Shop):
    """The page asks for an e-mail address by Link."""

    async def script(self, request: web.Request) -> web.Response:
        answer = await super().script(request)
        answer.text = f"{answer.text}{_LINK}"
        return answer


class _WindowSevered(Pages):
    """The policy is ready for Connect; its windows cannot reach the page."""

    def policy(self) -> str:
        directives = [part.strip().partition(" ") for part in super().policy().split(";")]
        return "; ".join(f"{name} {sources} {_CONNECT_HOSTS.get(name, '')}".strip() for name, _, sources in directives)

    def headers(self, *, is_secure: bool) -> dict[str, str]:
        return {**super().headers(is_secure=is_secure), "Cross-Origin-Opener-Policy": "same-origin"}


class _Isolated(Pages):
    def headers(self, *, is_secure: bool) -> dict[str, str]:
        isolating = {
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
        }
        return {**super().headers(is_secure=is_secure), **isolating}


class _PinnedStripe(Pages):
    """Stripe.js with the hash that it had when the page was written."""

    def checkout(self, order: str, publishable_key: str) -> str:
        pinned = f'<script integrity="sha384-{"A" * 64}" crossorigin="anonymous" src="https://js.stripe.com'
        return super().checkout(order, publishable_key).replace('<script src="https://js.stripe.com', pinned)


class _MixedContent(Pages):
    """A frame with the shop's terms, by an address from before there was TLS."""

    def checkout(self, order: str, publishable_key: str) -> str:
        frame = '<iframe src="http://terms.shop.example/"></iframe>'
        return super().checkout(order, publishable_key).replace("</body>", f"{frame}</body>")


class _CollectorAllowed(Pages):
    """Somebody has added a host to which the page's scripts may send what they like."""

    def policy(self) -> str:
        return super().policy().replace("connect-src 'self'", "connect-src 'self' https://metrics.collect.example")


class _PreflightReflected(Shop):
    """Whatever a preflight asks for is granted, to whoever asks; what is read is kept to the frontend."""

    def preflight(self, request: web.Request) -> web.Response:
        asked = {
            "Access-Control-Allow-Origin": request.headers.get("Origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": request.headers.get("Access-Control-Request-Method", ""),
            "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", ""),
        }
        return web.Response(status=204, headers=asked)


class _JsonNotAllowed(Shop):
    """The frontend's origin is allowed, and the header with which it sends JSON is not."""

    def preflight(self, request: web.Request) -> web.Response:
        answer = super().preflight(request)
        answer.headers.popall("Access-Control-Allow-Headers", None)
        return answer


DEFECTS = (
    Defect(
        "csp-blocks-connect",
        "The page has Connect's components, and its policy knows only Stripe.js",
        "csp-allows-stripe",
        shop=_ConnectUsed,
    ),
    Defect(
        "csp-blocks-link",
        "The page uses Link, and its policy knows only Stripe.js",
        "csp-allows-stripe",
        shop=_LinkUsed,
    ),
    Defect(
        "connect-window-severed",
        "The page with Connect's components severs the windows that they open",
        "security-headers-set",
        also=("page-headers-as-recorded",),
        seen_in="stripe/react-connect-js#93",
        shop=_ConnectUsed,
        pages=_WindowSevered,
    ),
    Defect(
        "page-isolated",
        "The page is cross-origin isolated, which Stripe's frames do not support",
        "security-headers-set",
        also=("page-headers-as-recorded",),
        seen_in="stripe/stripe-js#634",
        pages=_Isolated,
    ),
    Defect(
        "stripe-js-pinned",
        "Stripe.js is pinned to the content of one day",
        "stripe-js-from-stripe",
        also=("page-works-in-browser",),
        pages=_PinnedStripe,
    ),
    Defect(
        "page-mixed-content",
        "The page over TLS has a frame in plain HTTP",
        "https-enforced",
        also=("page-works-in-browser",),
        pages=_MixedContent,
    ),
    Defect(
        "page-policy-changed",
        "The page's policy has one host more than was approved, to which scripts may send",
        "page-headers-as-recorded",
        pages=_CollectorAllowed,
    ),
    Defect(
        "preflight-reflected",
        "Preflights are granted to every origin, for any method and header, with credentials",
        "cors-restricted",
        shop=_PreflightReflected,
    ),
    Defect(
        "frontend-cannot-send-json",
        "The frontend's preflight is answered without the header with which JSON is sent",
        "cors-restricted",
        shop=_JsonNotAllowed,
    ),
)
