"""Defects of phase 4: what the page tells and allows the browser."""

from __future__ import annotations

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.pages import SCRIPT, Pages

__all__ = ["DEFECTS"]


class _VersionsTold(Shop):
    def common_headers(self, request: web.Request) -> dict[str, str]:
        return {**super().common_headers(request), "Server": "nginx/1.18.0 (Ubuntu)", "X-Powered-By": "PHP/7.4.3"}


class _AnybodysHost(Pages):
    def policy(self) -> str:
        return super().policy().replace("script-src 'self'", "script-src 'self' https://cdn.jsdelivr.net")


class _SemicolonLost(Pages):
    def policy(self) -> str:
        return super().policy().replace("; object-src 'none'; base-uri 'none'", " object-src 'none' base-uri 'none'")


class _ForeignScript(Pages):
    def checkout(self, order: str, publishable_key: str) -> str:
        script = '<script src="https://cdn.statistics.example/track.js" async></script>'
        return super().checkout(order, publishable_key).replace("</head>", f"{script}</head>")


class _InlineStart(Pages):
    """The page starts by an inline script, which its own policy forbids."""

    def checkout(self, order: str, publishable_key: str) -> str:
        page = super().checkout(order, publishable_key).replace('<script src="/static/checkout.js" defer></script>', "")
        return page.replace("</body>", f"<script>{SCRIPT}</script></body>")


class _LateScript(Shop):
    """Statistics that a script of the shop's own fetches later; the policy was made before."""

    async def script(self, request: web.Request) -> web.Response:
        answer = await super().script(request)
        late = "const late = document.createElement('script');\nlate.src = 'https://cdn.late.example/t.js';\n"
        answer.text = f"{answer.text}{late}document.head.append(late);\n"
        return answer


class _SelfHosted(Pages):
    def stripe_script(self) -> str:
        return "/static/vendor/stripe.js"


class _ServesCopy(Shop):
    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/static/vendor/stripe.js", self.copy)
        return app

    async def copy(self, request: web.Request) -> web.Response:
        """What stands for a copy: the names of the frames that Stripe.js makes, and none of its code."""
        frames = ("__privateStripeController", "__privateStripeMetricsController", "__privateStripeFrame")
        text = f"const HOME = 'https://js.stripe.com/v3/elements-inner-card.html', FRAMES = {list(frames)};\n"
        return web.Response(text=text, content_type="text/javascript")


DEFECTS = (
    Defect(
        "stripe-js-self-hosted",
        "Stripe.js is served from the shop's own files",
        "stripe-js-from-stripe",
        also=(
            "page-scripts-authorised",
            "page-works-in-browser",
        ),
        shop=_ServesCopy,
        pages=_SelfHosted,
    ),
    Defect(
        "own-script-blocked",
        "The page's policy forbids the inline script that opens Stripe's form",
        "page-works-in-browser",
        also=("page-scripts-authorised", "csp-allows-stripe"),
        pages=_InlineStart,
    ),
    Defect(
        "script-inserted-late",
        "A script of the page's own fetches another one from elsewhere, which the policy forbids",
        "page-works-in-browser",
        shop=_LateScript,
    ),
    Defect(
        "versions-told",
        "Every answer tells the versions of server and language",
        "security-headers-set",
        shop=_VersionsTold,
    ),
    Defect(
        "csp-anybodys-host",
        "The page's policy allows a host that serves anybody's scripts",
        "csp-restricts-scripts",
        also=("page-headers-as-recorded",),
        pages=_AnybodysHost,
    ),
    Defect(
        "csp-semicolon-lost",
        "Semicolons are missing in the page's policy, so that two directives are not in force",
        "csp-restricts-scripts",
        also=("page-headers-as-recorded",),
        pages=_SemicolonLost,
    ),
    Defect(
        "foreign-script",
        "The page loads a script that nobody has allowed",
        "page-scripts-authorised",
        also=("page-works-in-browser",),
        pages=_ForeignScript,
    ),
)
