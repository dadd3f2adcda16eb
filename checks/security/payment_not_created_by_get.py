"""Payments that come of opening an address."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class PaymentNotCreatedByGet(Check):
    """Opening an address creates no payment.

    What it checks:
        Makes an ordinary payment, and then sends the same request for a new order by GET, its members in the address.
        No PaymentIntent and no Checkout Session may come of it at Stripe, whatever is answered.

    Why it matters:
        Addresses are opened by what nobody asked: previews, prefetching, crawlers, an image on another site. Each makes
        a payment, and an order with it; and with a GET, the customer's cookies come along from anywhere. Whoever tests
        stolen cards needs just a list of addresses.

    How to fix:
        Register the route for POST alone and answer 405 to the rest. Beware of ``app.all``, Django views without
        ``require_POST``, Laravel's ``Route::any`` and Next.js' ``pages/api`` handlers that do not look at
        ``req.method``. docs/fixes/api-access.md has it for each framework.
    """

    id = "payment-not-created-by-get"
    task = "4.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("RFC 9110 9.2.1", "ASVS 3.5.3", "OWASP API8:2023", "CWE-650", "CWE-352")
    max_requests = 2
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """An ordinary payment, then one by GET."""
        await trials.proven_payment(ctx)
        route, opened = ctx.target.route("create_payment"), await trials.create_by_get(ctx)
        if opened.calls:
            seen = ctx.evidence(f"GET, then {opened.calls[0].line}", opened.answer)
            detail = "A GET with the order's members in its address made the target create a payment at Stripe."
            yield ctx.finding("Payments are created by GET", detail, seen, route=route.label, discriminator="get")
        elif opened.answer is not None and opened.answer.is_success:
            ctx.note(f"GET is answered {opened.answer.status}, and no payment comes of it")
