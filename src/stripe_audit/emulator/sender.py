"""Sends one webhook event to one endpoint as Stripe does: pretty-printed, signed, one POST, no redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stripe_audit.emulator.config import EmulatorConfig
from stripe_audit.emulator.rendering import Renderer
from stripe_audit.emulator.store import Obj
from stripe_audit.signatures import header, sign

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Sender", "attempt", "is_loopback", "signed_headers"]

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
MOST_READ = 8192
MOST_KEPT = 2000


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine. Unreadable URLs do not."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Sender:
    """Holds the connections and the endpoints' signing secrets (newest first; several while one is rolled)."""

    def __init__(self, config: EmulatorConfig, renderer: Renderer) -> None:
        self._config = config
        self._renderer = renderer
        self._session: aiohttp.ClientSession | None = None
        self.secrets: dict[str, list[str]] = {}

    async def send(self, event: Obj, endpoint: Obj) -> dict[str, Any]:
        """One attempt, described. ``is_final`` marks a failure that no retry can mend."""
        url = endpoint["url"]
        if not self._config.allow_remote and not is_loopback(url):
            refused = attempt(event, endpoint, time.time(), is_final=True)
            return {**refused, "error": "refused: deliveries stay on the loopback"}
        body = self._renderer.body(event, endpoint)
        start = time.time()
        told = attempt(event, endpoint, start)
        headers = signed_headers(body, self.secrets.get(endpoint["id"]) or [""], int(start))
        status, text, problem = await self._post(url, body, headers)
        if status is not None and 300 <= status < 400:
            problem = "redirects count as failures"
        told.update(status=status, error=problem, response_body=text)
        told["duration_ms"] = round((time.time() - start) * 1000, 3)
        told["is_success"] = status is not None and 200 <= status < 300
        return told

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None, str | None]:
        import aiohttp  # loading it takes a third of the emulator's start, and not every one sends

        timeout = aiohttp.ClientTimeout(total=self._config.delivery_timeout)
        try:
            # ssl=False: on the loopback there is no chain to verify; a public URL is verified as usual.
            async with self._open().post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                ssl=not is_loopback(url),
            ) as answer:
                text = (await answer.content.read(MOST_READ)).decode("utf-8", "replace")[:MOST_KEPT]
                return answer.status, text, None
        except TimeoutError:
            return None, None, f"timed out after {self._config.delivery_timeout:g} s"
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            return None, None, f"{type(error).__name__}: {error}"[:500]

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            # Bodies are not decompressed: only their first bytes are kept, and a bomb costs nothing. A connection is
            # given up before the server does so (2 s and more): what it closes at that moment looks like a failure.
            connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=1.0)
            self._session = aiohttp.ClientSession(auto_decompress=False, connector=connector)
        return self._session


def attempt(event: Obj, endpoint: Obj, at: float, *, is_final: bool = False) -> dict[str, Any]:
    """The description of an attempt that has not got anywhere yet. ``is_final``: no further one follows a failure."""
    return {
        "event": event["id"],
        "type": event["type"],
        "endpoint": endpoint["id"],
        "at": at,
        "status": None,
        "error": None,
        "duration_ms": 0.0,
        "response_body": None,
        "is_success": False,
        "is_final": is_final,
    }


def signed_headers(body: bytes, secrets: Sequence[str], timestamp: int) -> dict[str, str]:
    """What Stripe sends with a body: one ``v1`` signature for each secret that is active.

    Test events also carry a meaningless ``v0`` signature (docs.stripe.com/webhooks, "Verify manually").
    """
    return {
        "Stripe-Signature": f"{header(body, secrets, timestamp)},v0={sign(body, 'v0', timestamp)}",
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
    }
