"""One customer, however often and however fast the request comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class CustomerMadeOnce(Check):
    """Requests that race, or come again after a lost answer, make one customer.

    What it checks:
        Sends a new e-mail address to the customer route three times at the same moment; and another one while Stripe's
        answer to its creation is lost, and then once more, as a customer does who sees an error. At Stripe there must
        be one customer of each address in the end. How the requests are answered does not matter.

    Why it matters:
        "Look whether it is there, else create it" finds nothing twice when two requests run side by side, and a retry
        after a time-out creates what exists already. Saved cards and subscriptions are then on one of two customers.

    How to fix:
        Give the creation an idempotency key made from the user's own id, so that Stripe answers the second request with
        the first one's customer, and make the user's row unique; the library's own key is random, and new for each
        request.
    """

    id = "customer-made-once"
    task = "3.1"
    severity = Severity.MEDIUM
    needs = ("route:customer", "stripe")
    effect = Effect.FAULT
    uses = Uses()
    references = ("docs.stripe.com/api/idempotent_requests", "docs.stripe.com/api/customers/create", "CWE-367")
    max_requests = 5
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Both ways at once."""
        route = ctx.target.route("customer").label
        seen = await trials.together(trials.create_customer_repeatedly(ctx, way) for way in trials.CUSTOMER_WAYS)
        if not any(one.living for one in seen):
            statuses = ", ".join(str(answer.status) for one in seen for answer in one.answers)
            ctx.inconclusive(f"no customer was made at Stripe; answered {statuses}", supply="target.routes.customer")
        for one in seen:
            if len(one.living) > 1:
                answers = [ctx.evidence(f"answered {answer.status}", answer) for answer in one.answers]
                detail = f"One e-mail address was {one.title}: {len(one.living)} customers are at Stripe."
                title = "The same customer is created more than once"
                yield ctx.finding(title, detail, *answers, route=route, discriminator=one.id)
            elif not one.living:
                ctx.note(f"{one.title}: no customer was made")
