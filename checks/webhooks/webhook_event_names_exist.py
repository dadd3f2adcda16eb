"""The names of webhook events, in the settings and in the code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, source, trials, webhooks


class WebhookEventNamesExist(Check):
    """Every type of webhook event that is named exists.

    What it checks:
        Compares the names of event types with Stripe's catalogue: those that the settings declare for the webhook
        endpoints, and those that the target's code compares with, where it verifies Stripe's events or dispatches
        them. A name that does not exist, and is nearly one that does, is a finding; a beginning of a name (for
        ``startsWith``) is none. Where the source is declared, the types that its code names are noted if no endpoint is
        declared for them. Thin events (``v1.…``, ``v2.…``) are passed over.

    Why it matters:
        ``case 'payment_intent.suceeded'`` compiles, passes review, and never runs. The event falls through to the
        default, which acknowledges it; nobody is told.

    How to fix:
        Correct the name. In TypeScript, compare with ``event.type`` of ``Stripe.Event`` and no cast, so that the
        compiler knows the names; elsewhere use the SDK's constants where it has them. Log what falls through.
    """

    id = "webhook-event-names-exist"
    task = "2.3"
    severity = Severity.MEDIUM
    needs = ("route:webhook",)
    effect = Effect.NONE
    uses = Uses(shared=())
    references = ("docs.stripe.com/api/events/types", "docs.stripe.com/webhooks#event-types", "CWE-1025")
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look through the settings, and through the code where it is declared."""
        types = frozenset(webhooks.event_types())
        for route, name in unknown(ctx.spec.webhooks, types):
            near = webhooks.nearest_type(name)
            detail = f"{route.path} is declared for {name}, which Stripe does not have."
            told = ctx.evidence("Stripe's catalogue", data={"types": len(types), "nearest": near})
            hint = f" Did you mean {near}?" if near else ""
            yield ctx.finding(
                "A declared webhook event does not exist",
                detail + hint,
                told,
                severity=Severity.LOW,
                route=route.label,
                discriminator=name,
            )
        if ctx.project.root is None:
            ctx.note("the code was not looked at: no source tree is declared (target.root)")
            return
        files = await trials.read_source(ctx, source.read_code)
        named = source.named_types(files, types)
        for one in named:
            if one.meant:
                place = trials.place_below(ctx, one.path, one.line)
                yield ctx.finding(
                    "Code waits for a webhook event that does not exist",
                    f"{one.path} compares with {one.name}; Stripe has {one.meant}.",
                    ctx.evidence(f"{one.name}, not in Stripe's catalogue of {len(types)} types", source=place),
                    discriminator=f"{one.path} {one.name}",
                    source=place,
                )
        if unheard := handled_in_vain([one.name for one in named if not one.meant], ctx.spec.webhooks):
            ctx.note(f"the code names {', '.join(unheard)}; no endpoint is declared for it")


def unknown(routes: Sequence[WebhookRoute], types: Collection[str]) -> list[tuple[WebhookRoute, str]]:
    """The declared names that are no type of event; thin ones have a catalogue of their own."""
    return [
        (route, name)
        for route in routes
        for name in route.events
        if name not in types and name != "*" and not name.startswith(("v1.", "v2."))
    ]


def handled_in_vain(named: Sequence[str], routes: Sequence[WebhookRoute]) -> list[str]:
    """The types that the code names and no endpoint is declared for, sorted."""
    declared = {name for route in routes for name in route.events}
    is_open = "*" in declared or any(not route.events for route in routes)
    return [] if is_open else sorted({*named} - declared)
