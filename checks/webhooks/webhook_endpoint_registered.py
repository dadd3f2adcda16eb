"""The webhook endpoints in Stripe's account."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials, webhooks

OF_THE_CLI = re.compile(r"whsec_[0-9a-f]{64}")
"""``stripe listen`` has one secret for all that it forwards to."""


class Wrong(NamedTuple):
    """A flaw of the registration: what it is called, in a sentence, how bad, and what tells it from others."""

    title: str
    detail: str
    severity: Severity
    route: str | None = None
    mark: str = ""


class WebhookEndpointRegistered(Check):
    """Stripe delivers to the target's webhook endpoints, once and in the right form.

    What it checks:
        Reads the webhook endpoints of the account through Stripe's API and compares them with the declared routes: one
        of just this URL for each (for a target on this machine: of just this path), enabled, of the environment's mode,
        and no two that tell the same place of the same events. Where an endpoint pins an API version, it must be of the
        same release train as the calls of the target's SDK. Each endpoint has a signing secret of its own; those for
        connected accounts are noted. The built-in Stripe has the endpoints that the settings declare, and those that
        the target adds: it says nothing of the account that you will use.

    Why it matters:
        An endpoint that is disabled, or of a URL that differs by a slash, delivers nothing, and nobody is told. Two of
        them deliver everything twice. Objects of another API version have other members than the SDK's types say: Go
        and .NET refuse such events, the others read fields that are no longer there.

    How to fix:
        Workbench → Webhooks, or ``stripe webhook_endpoints update``: one endpoint for each route, with the URL as the
        handler has it and the SDK's API version. ``api_version`` cannot be changed later: create a new endpoint, switch
        the secret, delete the old one. More: docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-endpoint-registered"
    task = "2.1"
    severity = Severity.HIGH
    needs = ("route:webhook", "stripe")
    effect = Effect.READ
    uses = Uses(shared=("stripe",))
    references = (
        *("docs.stripe.com/api/webhook_endpoints", "docs.stripe.com/webhooks/versioning"),
        *("docs.stripe.com/workbench/event-destinations", "github.com/stripe/stripe-dotnet/issues/2611"),
    )
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the account's endpoints, and the versions that the target's calls are pinned to."""
        listed = await ctx.stripe.get("/v1/webhook_endpoints", limit=100)
        known = [webhooks.registered(one) for one in listed["data"]]
        pinned = await trials.versions_pinned(ctx)
        urls = {route: ctx.spec.url + route.path for route in ctx.spec.webhooks}
        shown = {one.url: ", ".join(one.events[:4]) + (" …" if len(one.events) > 4 else "") for one in known}
        for wrong in assess(urls, known, environment=ctx.environment, pinned=pinned):
            told = ctx.evidence("the account's webhook endpoints", data={"endpoints": shown})
            yield ctx.finding(
                wrong.title,
                wrong.detail,
                told,
                severity=wrong.severity,
                route=wrong.route,
                discriminator=wrong.mark or wrong.title,
            )
        if all(webhooks.is_out_of_reach(url, known) for url in urls.values()):
            ctx.note("the target is on this machine, where Stripe delivers nothing: its endpoints were not looked for")
        for one in known:
            if one.is_for_connected:
                ctx.note(f"{one.url} hears of connected accounts: its events carry ``account``")


def assess(
    urls: dict[WebhookRoute, str], known: Sequence[webhooks.Registered], *, environment: str, pinned: Sequence[str]
) -> Iterator[Wrong]:
    """What is wrong with the registration of routes by their URLs. ``pinned``: API versions of the target's calls."""
    for route, url in urls.items():
        here = webhooks.endpoints_at(url, known)
        if not here and not webhooks.is_out_of_reach(url, known):
            near = webhooks.nearly_at(url, known)
            told = f" There is {near[0].url}, which differs by {near[1]}." if near else ""
            detail = f"No endpoint of the account has the URL {url}.{told}"
            yield Wrong("No webhook endpoint is registered for a route", detail, Severity.HIGH, route.label)
        elif here and not any(one.is_enabled for one in here):
            detail = f"The endpoint {here[0].id} for {route.path} is disabled: nothing is delivered."
            yield Wrong("A webhook endpoint is disabled", detail, Severity.HIGH, route.label)
        for one in here:
            if environment in ("test", "live") and one.is_live != (environment == "live"):
                detail = f"{one.id} for {route.path} is of {'live' if one.is_live else 'test'} mode."
                yield Wrong("A webhook endpoint is of the other mode", detail, Severity.HIGH, route.label)
            trains = {webhooks.train_of(version) for version in pinned}
            if one.api_version and trains and webhooks.train_of(one.api_version) not in trains:
                versions = f"{one.api_version}, and the target's calls {' and '.join(pinned)}"
                detail = f"{one.id} for {route.path} sends objects of API version {versions}."
                yield Wrong("A webhook endpoint sends another API version", detail, Severity.MEDIUM, route.label)
    for one, other, types in webhooks.doubled(known):
        detail = f"{one.id} and {other.id} both deliver {', '.join(types[:3])} to {one.url}: each event comes twice."
        yield Wrong("Two webhook endpoints tell the same place of the same events", detail, Severity.MEDIUM)
    sharing = defaultdict(list)
    for route in urls:
        sharing[route.secret].append(route.path)
    for secret, paths in sharing.items():
        if secret and len(set(paths)) > 1 and not OF_THE_CLI.fullmatch(secret):
            detail = f"{' and '.join(paths)} have the same signing secret; Stripe makes one for each endpoint."
            yield Wrong("Webhook endpoints share a signing secret", detail, Severity.LOW)
