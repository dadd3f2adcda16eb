"""Starting without webhook secrets."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, keys, trials, webhooks

WAYS = {"unset": None, "empty": "", "blank": "  "}
TRIED = ("absent", "garbage", "wrong-secret", "empty-key", "blank-key", "any-placeholder")


class WebhookSecretRequired(Check):
    """Without a webhook secret the target takes no webhook event.

    What it checks:
        Launches the target anew with its webhook secrets unset, empty, and blank. Each time it must refuse to start,
        say that it is unhealthy, or refuse every forged event: unsigned, with garbage, with another secret, with the
        empty key, with a blank, with each of the well-known placeholders. Whatever its health says, a forged event that
        is taken fails it, and ends the trials. Afterwards the target is launched as it was. Where it has its secret
        from somewhere else, there is no verdict.

    Why it matters:
        A variable that is misspelt in one environment is found out by nobody: many handlers skip the verification
        without a secret, and most of Stripe's libraries before September 2026 verified with the empty key. Then whoever
        knows the URL marks orders as paid.

    How to fix:
        Read the secret when the app starts, strip it, and exit with the variable's name if nothing is left. No default,
        no ``|| ''``, no "skip in development". Update the Stripe SDK as well. Per framework:
        docs/fixes/webhook-secrets.md.
    """

    id = "webhook-secret-required"
    task = "1.4"
    severity = Severity.CRITICAL
    needs = ("launch", "route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "process"))
    references = (
        *("docs.stripe.com/webhooks#verify-events", "github.com/stripe/stripe-node/pull/2841"),
        *("12factor.net/config", "PCI DSS 6.2.4", "ASVS 13.3.1", "CWE-1188", "CWE-347"),
    )
    timeout = 120.0
    max_requests = 600
    max_objects = 120

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Each way to have no secret."""
        names = [name for name, kind in ctx.project.variables.items() if kind is keys.KeyKind.WEBHOOK_SECRET]
        if not names:
            ctx.skip("no variable is known to give the target its webhook secret", setting="target.launch.env")
        forgeries = [forgery for forgery in webhooks.FORGERIES if forgery.id in TRIED]
        ways = {how: dict.fromkeys(names, value) for how, value in WAYS.items()}
        unclear = []
        for seen in await trials.relaunch(ctx, ways, forgeries):
            wrong = {one.route: found for one in seen.believed if (found := taken(one))}
            if wrong:
                yield finding(ctx, seen.how, wrong)
            elif seen.has_exited or seen.complaint:
                ctx.note(f"secrets {seen.how}: {seen.failure or seen.complaint}")
            elif reason := why_unclear(seen):
                unclear.append(f"secrets {seen.how}: {reason}")
            else:
                ctx.note(f"secrets {seen.how}: it starts, and refuses every event")
        if len(unclear) == len(WAYS) or any("everything" in one for one in unclear):
            ctx.inconclusive("; ".join(unclear), supply="target.launch.env with the secrets, and observers.order")
        for reason in unclear:
            ctx.note(reason)


def taken(seen: trials.Believed) -> list[trials.Tried]:
    """The forgeries that an endpoint took: by their effect, or by a 2xx that not everything gets."""
    if any(one.effect for one in seen.forged) or not seen.accepts_anything:
        return [one for one in seen.forged if one.effect or one.answer.is_success]
    return []


def why_unclear(seen: trials.Relaunched) -> str:
    """Why refusals or acknowledgements prove nothing; a target that hangs may only be slow."""
    if seen.failure and not seen.has_exited:
        return seen.failure
    if any(one.accepts_anything for one in seen.believed):
        return "everything is answered 2xx, and no effect shows"
    if any(one.takes_genuine for one in seen.believed):
        return "it goes on with its secret, which it has from somewhere else (an env file that it reads itself?)"
    return ""


def finding(ctx: Context, how: str, wrong: dict[WebhookRoute, list[trials.Tried]]) -> Finding:
    """One finding for each way; the endpoints and what they took are in its evidence."""
    had_effect = any(one.effect for found in wrong.values() for one in found)
    paths = ", ".join(route.path for route in wrong)
    names = ", ".join(dict.fromkeys(one.forgery.title for found in wrong.values() for one in found))
    evidence = [
        ctx.evidence(f"{route.path}, {found[0].forgery.title}: answered {found[0].answer.status}", found[0].answer)
        for route, found in wrong.items()
    ]
    return ctx.finding(
        f"With its webhook secret {how}, the target {'acts upon' if had_effect else 'accepts'} forged events",
        f"Launched with its secrets {how}, it took events at {paths}: {names}.",
        *evidence[:5],
        discriminator=how,
    )
