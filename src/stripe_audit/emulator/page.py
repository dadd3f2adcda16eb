"""How every page of the emulator's is sent: plain HTML, no scripts, nothing from elsewhere."""

from __future__ import annotations

from aiohttp import web

__all__ = ["HEADERS", "page"]

HEADERS = {"Content-Security-Policy": "default-src 'none'; form-action 'self'", "Cache-Control": "no-store"}


def page(status: int, body: str) -> web.Response:
    """``body`` is HTML: whoever makes it has escaped what is in it."""
    text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Emulator</title><body>{body}</body></html>'
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
