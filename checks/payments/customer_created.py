"""Customers at Stripe, one for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

CUSTOMERS = "/v1/customers"


class CustomerCreated(Check):
    """A customer is created at Stripe, and the same customer is created once.

    What it checks:
        Sends a new e-mail address to the customer route and looks for the customer at Stripe, made by the target with
        that address; then sends the same again, and counts. How the second request is answered does not matter.

    Why it matters:
        Saved cards, invoices and subscriptions hang on the customer object. A customer who exists twice has half of
        them on each, and support finds the wrong one.

    How to fix:
        Store Stripe's customer id with the user and look there first; give the creation an idempotency key made from
        the user's own id, so that a second click or a lost answer gives the same customer.
    """

    id = "customer-created"
    task = "3.1"
    severity = Severity.HIGH
    needs = ("route:customer", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/api/customers/create", "docs.stripe.com/api/idempotent_requests")
    max_requests = 2
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """The same customer twice."""
        values = {"email": f"{ctx.tag}-{self.id}@example.com", "name": "Stripe Audit"}
        route, mark = ctx.target.route("customer").label, await ctx.stripe.mark()
        first = await ctx.target.call("customer", values)
        if not first.is_success:
            refusals = await trials.refused(ctx, CUSTOMERS, since=mark, words=[values["email"]])
            if not refusals and first.status < 500:
                ctx.inconclusive(f"a new customer was answered {first.status}", supply="target.routes.customer.body")
            reason = f"Stripe: {(refusals[0].error or {}).get('message')}" if refusals else "Stripe refused nothing"
            seen = ctx.evidence(f"answered {first.status}", first)
            detail = f"{route} answered {first.status} to a new customer. {reason}"
            yield ctx.finding("No customer can be created", detail, seen, route=route, discriminator="refused")
            return
        shown = {str(ctx.target.mapped("customer", first, "customer")["customer"])}
        if not await trials.customers_made(ctx, mark, values["email"], shown, within=ctx.patience):
            seen = ctx.evidence("no customer of this address was made at Stripe", first)
            detail = f"{route} answered {first.status} and names {', '.join(shown)}, but made no customer at Stripe."
            yield ctx.finding("The customer is not at Stripe", detail, seen, route=route, discriminator="absent")
            return
        again = await ctx.target.call("customer", values, duplicate=True)
        shown.add(str(ctx.target.mapped("customer", again).get("customer")))
        made = await trials.customers_made(ctx, mark, values["email"], shown)
        if len(made) > 1:
            seen = ctx.evidence("the same address again", again, data={"customers": sorted(made)})
            title, detail = "The same customer is created twice", f"{route} made {len(made)} of one e-mail address."
            yield ctx.finding(title, detail, seen, severity=Severity.MEDIUM, route=route, discriminator="twice")
