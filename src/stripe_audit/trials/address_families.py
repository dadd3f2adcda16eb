"""By which kinds of address a target can be reached: IPv4, IPv6, or both. Nothing is sent."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from stripe_audit.context import Context

__all__ = ["answers_by", "unreached_by_ipv4"]

_ANSWERS_S = 2.0
Connects = Callable[[str, int], Awaitable[bool]]


async def unreached_by_ipv4(ctx: Context) -> dict[str, bool]:
    """Where the target's host answers by IPv6 and not by IPv4: what it answers by; empty for the rest.

    Stripe's senders have IPv4 addresses (docs.stripe.com/ips). An IPv6 address that nobody answers is noted.
    """
    families = await answers_by(ctx.spec.url)
    if families.get("IPv4") and families.get("IPv6") is False:
        ctx.note("the host has an IPv6 address that nobody answers: what tries it first has to wait, or fails")
    return families if families.get("IPv6") and not families.get("IPv4") else {}


async def answers_by(url: str, connects: Connects | None = None) -> dict[str, bool]:
    """For each family in which the URL's host has an address, whether one of its addresses takes a connection.

    Empty where the host is an address itself, or cannot be resolved.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    if _is_address(host):
        return {}
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return {}
    answers: dict[str, bool] = {}
    for family, _, _, _, place in found:
        name = "IPv6" if family == socket.AF_INET6 else "IPv4"
        answers[name] = answers.get(name, False) or await (connects or _connects)(str(place[0]), port)
    return answers


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _connects(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_ANSWERS_S):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
