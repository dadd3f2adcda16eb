"""The payment page for a real order in a real browser."""

from __future__ import annotations

import asyncio

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.payments import Payment
from stripe_audit.trials.side_doors import proven_payment
from stripe_audit.web.browser import BrowserError, Loaded, load_page

__all__ = ["browse_page"]


async def browse_page(ctx: Context) -> Loaded:
    """Make an order and open its page, over TLS where that is declared. Stripe's hosts are stood in for.

    Raises Skip where there is no browser or no page, Inconclusive where the browser does not load it.
    """
    program = ctx.browser
    if program is None:
        raise Skip("no Chromium is found", setting="audit.browser")
    route = ctx.target.route("page")
    payment: Payment | None = None
    if ctx.target.has("create_payment") and ctx.spec.items:
        payment = await proven_payment(ctx)
    values = {**payment.values, "order": payment.order} if payment else {"order": f"{ctx.tag}-page"}
    url = ctx.target.url_of(route.role, values, is_https=bool(ctx.spec.https_url))
    own = [base for base in (ctx.spec.url, ctx.spec.https_url, ctx.spec.frontend_url) if base]
    try:
        return await load_page(program, url, own)
    except (BrowserError, OSError) as error:
        raise Inconclusive(f"the browser could not load the page: {error}", supply="audit.browser") from None
    except asyncio.IncompleteReadError:
        raise Inconclusive("the browser has ended while it loaded the page", supply="audit.browser") from None
