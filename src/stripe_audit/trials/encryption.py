"""What the target's address over TLS is worth, and what it still answers in the clear."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.safety import is_loopback
from stripe_audit.trials.pages import page_values
from stripe_audit.web.tls import OLD_TLS, accepts_old_tls, days_left, why_distrusted

__all__ = ["Tls", "is_local", "leads_to_tls", "page_in_the_clear", "tls_of"]

_HOPS = 4


@dataclass(frozen=True, slots=True)
class Tls:
    """``distrust`` says why the certificate is not trusted, if it is not; ``old_versions`` are those still taken;
    ``days_left`` until the certificate ends, where it is trusted.
    """

    distrust: str | None
    old_versions: tuple[str, ...]
    days_left: float | None = None


async def tls_of(ctx: Context) -> Tls:
    """Look at the declared https address. Raises Inconclusive where it is not reached."""
    distrust = None
    try:
        await ctx.request("GET", f"/{ctx.tag}-is-not-here", is_https=True)
    except TargetError as error:
        if "certificate" not in error.message.lower():
            raise Inconclusive(
                f"the https address is not reached: {error.message}", supply="target.https_url"
            ) from None
        distrust = error.message
    place = urlsplit(ctx.spec.https_url or "")
    host, port = place.hostname or "", place.port or 443
    taken = []
    for name, version in OLD_TLS.items():
        try:
            if await ctx.compute(accepts_old_tls, host, port, version):
                taken.append(name)
        except (OSError, socket.gaierror) as error:
            raise Inconclusive(f"the https address is not reached: {error}", supply="target.https_url") from None
    left = None if distrust else await ctx.compute(days_left, host, port, ctx.spec.ca_file)
    return Tls(why_distrusted(distrust) if distrust else None, tuple(taken), left)


async def page_in_the_clear(ctx: Context) -> Answer | None:
    """What the page's address in plain HTTP comes to: a redirect to https or away, or another answer; None for none.

    None too where no page is declared, or a frontend serves it on this machine, where nobody listens in. Redirects
    within the address in plain HTTP are followed.
    """
    if not ctx.target.has("page"):
        return None
    is_frontend = ctx.target.route("page").is_frontend
    base = (ctx.spec.frontend_url if is_frontend else None) or ctx.spec.url
    if is_frontend and (base.startswith("https:") or is_local(base)):
        return None
    try:
        answer = await ctx.target.call("page", page_values(ctx))
        for _ in range(_HOPS):
            url = urljoin(answer.url, answer.header("location") or "")
            if not answer.is_redirect or not url.startswith(f"{base}/"):
                break
            answer = await ctx.request("GET", url, route="page")
        return answer
    except TargetError:
        return None


def leads_to_tls(answer: Answer) -> bool:
    """Whether a redirect leads to https."""
    return urljoin(answer.url, answer.header("location") or "").startswith("https:")


def is_local(url: str) -> bool:
    """Whether an address stays on this machine, where nobody listens in."""
    return is_loopback(urlsplit(url).hostname or "")
