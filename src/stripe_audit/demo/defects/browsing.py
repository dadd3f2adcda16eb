"""Defects of phase 4: what the page tells and allows the browser."""

from __future__ import annotations

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.pages import Pages

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


DEFECTS = (
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
        pages=_AnybodysHost,
    ),
    Defect(
        "csp-semicolon-lost",
        "Semicolons are missing in the page's policy, so that two directives are not in force",
        "csp-restricts-scripts",
        pages=_SemicolonLost,
    ),
    Defect(
        "foreign-script",
        "The page loads a script that nobody has allowed",
        "page-scripts-authorised",
        pages=_ForeignScript,
    ),
)
