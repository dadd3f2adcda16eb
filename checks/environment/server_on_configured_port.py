"""The port of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import urlsplit

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, ports


class Seen(NamedTuple):
    """Who listens on the port (None: nobody), and on which ports the launched process does."""

    port: int
    listener: ports.Listener | None
    is_ours: bool
    is_ready: bool
    is_running: bool
    elsewhere: tuple[int, ...] = ()


class ServerOnConfiguredPort(Check):
    """The server listens on the configured port.

    What it checks:
        Who listens on the port of ``target.url``: it must be the launched process or one of its children. If it is not,
        the finding says who has the port instead, and where the process listens.

    Why it matters:
        Stripe delivers webhook events to the address that is registered. On another port nobody hears them; and if
        another process has the port, payments end up in the wrong application.

    How to fix:
        Read the port from the environment (``PORT``) and exit if it is taken, rather than trying the next one. Stop the
        process that has it.
    """

    id = "server-on-configured-port"
    task = "1.2"
    severity = Severity.HIGH
    needs = ("launch",)
    effect = Effect.NONE
    uses = Uses(shared=("process",))
    references = ("12factor.net/port-binding",)
    max_requests = 0

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look the port up."""
        seen = await ctx.compute(look, ctx)
        if wrong := assess(seen):
            title, detail = wrong
            data = {"port": seen.port, "listener": str(seen.listener), "process listens on": list(seen.elsewhere)}
            yield ctx.finding(title, detail, ctx.evidence("listening sockets", data=data), discriminator=title)
        elif seen.listener is None:
            ctx.inconclusive("the server does not run", supply="see server-starts")
        elif not seen.is_ours and seen.listener.pid:
            ctx.inconclusive(
                f"port {seen.port} answers, but through {seen.listener}, which is not below the launched process",
                supply="a target.launch.command that stays in the foreground",
            )
        else:
            ctx.note(f"port {seen.port}, on {', '.join(seen.listener.addresses) or 'this machine'}")


def look(ctx: Context) -> Seen:
    """Find the listeners. It may take a while, so it runs in a thread."""
    url = urlsplit(ctx.spec.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    listener, launched = ports.listener_on(port), ctx.launched
    pid = launched.pid if launched and launched.is_running else None
    is_ours = bool(listener and listener.pid and pid and ports.is_below(listener.pid, pid))
    elsewhere = ports.ports_below(pid) if pid and not is_ours else ()
    return Seen(port, listener, is_ours, ctx.launch_failure is None, pid is not None, elsewhere)


def assess(seen: Seen) -> tuple[str, str] | None:
    """Title and detail of what is wrong. A process that became ready has its port, through whomever."""
    if seen.is_ours or seen.is_ready:
        return None
    if seen.listener is not None:
        detail = f"Port {seen.port} belongs to {seen.listener}. The launched server cannot have it."
        return "Another process has the port", detail
    if not seen.is_running:
        return None
    if seen.elsewhere:
        places = ", ".join(map(str, seen.elsewhere))
        detail = f"It should listen on port {seen.port}, and listens on {places}: it ignores its configuration."
        return "The server listens on another port", detail
    return "The server does not listen", f"It runs, but nothing listens on port {seen.port}."
