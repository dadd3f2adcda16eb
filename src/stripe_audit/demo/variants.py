"""Sound shops that differ in style: what looks odd, and what works from a queue, must not be taken for a flaw."""

from __future__ import annotations

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import QueuedReceipts, Receipts

__all__ = ["VARIANTS", "OddShop", "QueuedShop"]


class OddReceipts(Receipts):
    """401 for a bad signature: unusual, and sound."""

    bad_signature_status = 401


class OddShop(Shop):
    """A sound shop that looks odd: 401 instead of 400, HTML for what is not found, another shape of error."""

    receipts_type = OddReceipts

    def refused(self, refusal: Refusal) -> web.Response:
        """Another shape; HTML where nothing was found."""
        if refusal.status == 404 and refusal.code == "not_found":
            return web.Response(status=404, text="<h1>Nothing here</h1>", content_type="text/html")
        return web.json_response({"ok": False, "reason": refusal.code, "text": refusal.message}, status=refusal.status)

    def acknowledged(self, status: int) -> web.Response:
        """204, with no body."""
        return web.Response(status=204)


class QueuedShop(Shop):
    """Acknowledges first, works from a durable queue."""

    receipts_type = QueuedReceipts


VARIANTS: dict[str, type[Shop]] = {"": Shop, "queued": QueuedShop, "odd": OddShop}
"""By the name that ``--variant`` takes; the empty one is the plain shop."""
