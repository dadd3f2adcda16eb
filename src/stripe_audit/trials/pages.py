"""Opening the declared page as a browser does, with the scripts that the target serves for it; reading the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer, origin_of
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.trials.together import together
from stripe_audit.web.answers import is_page
from stripe_audit.web.exposure import env_variables, source_map_of
from stripe_audit.web.html import Page, parse_page
from stripe_audit.web.stripe_js import fetches_stripe_js, is_loader

__all__ = [
    "NOT_FOUND",
    "Visit",
    "api_answers",
    "env_files",
    "fetched",
    "has_read",
    "page_ways",
    "page_values",
    "source_maps",
    "visit",
]

NOT_FOUND = "an address that does not exist"
"""The label of its answer."""

_ENV_FILES = ("/.env", "/.env.local", "/.env.production")
_READABLE = ("catalogue", "health", "webhook_health", "order")
_HOPS = 4
_MOST_SCRIPTS = 24


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that was opened. ``scripts`` are those of the target's own origin, by address, where they were asked for.

    ``missing`` are addresses of such scripts that could not be had.
    """

    answer: Answer
    page: Page
    is_https: bool
    scripts: Mapping[str, Answer] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What the page's own scripts say."""
        return tuple(answer.text for answer in self.scripts.values())

    @property
    def loads_stripe_js(self) -> bool:
        """Whether an element, or a script of the page, fetches Stripe.js from Stripe or through Stripe's loader."""
        inline = [script.text for script in self.page.scripts]
        loaders = [script for script in self.page.scripts if script.src and is_loader(script.src)]
        return bool(self.page.stripe_scripts or loaders) or any(map(fetches_stripe_js, (*inline, *self.texts)))


def page_values(ctx: Context) -> dict[str, Any]:
    """Values for the page's address: an order that does not exist yet, and a declared article."""
    if ctx.target.has("create_payment") and ctx.spec.items:
        return ctx.payments.fresh()
    return {"order": f"{ctx.tag}-page", "email": f"{ctx.tag}@example.com", "quantity": 1}


async def visit(ctx: Context, *, with_scripts: bool = False) -> Visit:
    """Open the page; over TLS where that is declared and works, since a page asked for in the clear may redirect.

    Raises Inconclusive where no page comes, Skip where none is declared.
    """
    route = ctx.target.route("page")
    answer = await _opened(ctx)
    kind = answer.header("content-type")
    if not answer.is_success or not is_page(kind, answer.text):
        raise Inconclusive(
            f"{route.path} answered {answer.status}, {kind or 'no content type'}: no page (exchange {answer.exchange})",
            supply="target.routes.page: a path that opens with an order that does not exist yet, or with a fixed one",
        )
    page = parse_page(answer.text, answer.url)
    is_https = answer.url.startswith("https:")
    if not with_scripts:
        return Visit(answer, page, is_https)
    named = [*(script.src for script in page.scripts if script.src), *page.preloads]
    own = [url for url in dict.fromkeys(named) if _origin(url) == origin_of(answer.url)][:_MOST_SCRIPTS]
    scripts = await fetched(ctx, own)
    return Visit(answer, page, is_https, scripts, tuple(url for url in own if url not in scripts))


def _ways(ctx: Context) -> tuple[bool, ...]:
    """Over TLS first, where that is declared; then in the clear."""
    return (True, False) if ctx.spec.https_url else (False,)


def page_ways(ctx: Context) -> tuple[bool, ...]:
    """The same for the page; a frontend has one address."""
    return (False,) if ctx.target.route("page").is_frontend else _ways(ctx)


async def _opened(ctx: Context) -> Answer:
    """The page's answer, after redirects between the declared addresses of the target."""
    values = page_values(ctx)
    trouble: TargetError | None = None
    for is_https in page_ways(ctx):
        try:
            answer = await ctx.target.call("page", values, is_https=is_https)
            for _ in range(_HOPS):
                if not answer.is_redirect:
                    return answer
                answer = await _followed(ctx, answer)
        except TargetError as error:
            trouble = error
            continue
        raise Inconclusive(f"the page redirects more than {_HOPS} times", supply="target.routes.page")
    if ctx.target.route("page").is_frontend:
        why = ctx.frontend_failure or f"the page cannot be opened: {trouble}"
        raise Inconclusive(why, supply="target.frontend_launch, or a frontend that runs at target.frontend_url")
    raise Inconclusive(f"the page cannot be opened: {trouble}", supply="target.https_url and target.routes.page")


async def _followed(ctx: Context, answer: Answer) -> Answer:
    """What a redirect leads to. Raises Inconclusive where it leads away from the target."""
    url = urljoin(answer.url, answer.header("location") or "")
    if not _is_declared(ctx, url):
        raise Inconclusive(
            f"the page redirects to {_origin(url) or 'no address'}, which is not declared", supply="target.routes.page"
        )
    return await ctx.request("GET", url.split("#")[0], headers=ctx.target.route("page").headers, route="page")


def _origin(url: str) -> str | None:
    try:
        return origin_of(url)
    except ValueError:
        return None


def _is_declared(ctx: Context, url: str) -> bool:
    """Whether an address lies under a declared one."""
    return any(_origin(url) == origin_of(base) and url.startswith(base) for base in _bases(ctx))


def _bases(ctx: Context) -> list[str]:
    """The target's addresses; the frontend's first, where the page is its."""
    has_frontend = ctx.target.has("page") and ctx.target.route("page").is_frontend
    found = (ctx.spec.frontend_url if has_frontend else None, ctx.spec.https_url, ctx.spec.url)
    return [base for base in found if base]


async def fetched(ctx: Context, urls: list[str]) -> dict[str, Answer]:
    """The answers of addresses under the target's own, those that are there (2xx). Others are left out."""

    async def get(url: str) -> Answer | None:
        try:
            return await ctx.request("GET", url.split("#")[0]) if _is_declared(ctx, url) else None
        except TargetError:
            return None

    answers = zip(urls, await together(map(get, urls)), strict=True)
    return {url: answer for url, answer in answers if answer and answer.is_success}


async def source_maps(ctx: Context, scripts: Mapping[str, Answer]) -> dict[str, Answer]:
    """The source maps that scripts name and the target serves: they hold the code as it was written."""
    named = [source_map_of(answer.text, url) for url, answer in scripts.items()]
    return await fetched(ctx, [url for url in dict.fromkeys(named) if url])


async def env_files(ctx: Context) -> dict[str, Answer]:
    """The env files that can be fetched, by their paths, those of the frontend's by their addresses: what reads like
    one, not just any answer of 2xx.
    """
    app = ctx.spec.https_url or ctx.spec.url
    bases = {base: "" if base == app else base for base in _bases(ctx) if base in (app, ctx.spec.frontend_url)}
    named = {f"{base}{path}": f"{shown}{path}" for base, shown in bases.items() for path in _ENV_FILES}
    answers = await fetched(ctx, list(named))
    return {named[url]: answer for url, answer in answers.items() if env_variables(answer.text)}


async def api_answers(
    ctx: Context, *, headers: Mapping[str, str] | None = None, is_https: bool | None = None
) -> dict[str, Answer]:
    """Answers of the declared routes of the API that can be read, by their labels; and to an address that is not there.

    Over TLS where that is declared and works, unless ``is_https`` says which. What does not answer is left out.
    """
    values = page_values(ctx)
    roles = [role for role in _READABLE if ctx.target.has(role) and ctx.target.route(role).method == "GET"]

    async def read(role: str | None, secure: bool) -> Answer:
        if role:
            return await ctx.target.call(role, values, headers=headers, is_https=secure)
        return await ctx.request("GET", f"/{ctx.tag}-is-not-here", headers=headers, is_https=secure)

    async def read_somehow(role: str | None) -> Answer | None:
        for secure in _ways(ctx) if is_https is None else (is_https,):
            try:
                return await read(role, secure)
            except TargetError:
                continue
        return None

    labels = [*(ctx.target.route(role).label for role in roles), NOT_FOUND]
    answers = await together(map(read_somehow, [*roles, None]))
    return {label: answer for label, answer in zip(labels, answers, strict=True) if answer}


def has_read(reads: Mapping[str, Answer]) -> bool:
    """Whether a route of the API was read: 2xx, and not what every address gets."""
    elsewhere = reads[NOT_FOUND].body if NOT_FOUND in reads else None
    return any(answer.is_success and answer.body != elsewhere for answer in reads.values())
