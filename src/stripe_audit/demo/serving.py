"""Serving the shop: on its ports as a process, or on free ones in a thread."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.certificate import TLS
from stripe_audit.demo.config import SUB_ROUTES, ShopConfig
from stripe_audit.demo.journal import Journal
from stripe_audit.demo.variants import VARIANTS

__all__ = ["CA_FILE", "VARIANTS", "ShopThread", "serve"]

CA_FILE = TLS / "ca.pem"
"""The authority that signed the shop's certificate; it may sign for 127.0.0.1 and localhost only."""


def tls_context(shop: Shop) -> ssl.SSLContext:
    """The shop's certificate; the versions that the shop takes."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shop.harden(context)
    context.load_cert_chain(shop.certificate())
    return context


def shop_type(variant: str, defects: Sequence[str]) -> type[Shop]:
    """A kind of shop, with defects. Raises ValueError for a name that does not exist."""
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r}; known are {', '.join(filter(None, VARIANTS))}")
    if not defects:
        return VARIANTS[variant]
    from stripe_audit.demo.defects import shop_with  # a sound shop starts without loading all flaws

    return shop_with(VARIANTS[variant], defects)


def make_shop(env: Mapping[str, str], defects: Sequence[str], journal: Journal) -> Shop:
    """A shop of a variant with defects. Raises ValueError for a name that does not exist, ConfigError."""
    kind = shop_type(env.get("SHOP_VARIANT", ""), defects)
    return kind(kind.configured(env), journal)


class _Runner(web.AppRunner):
    """Cleans up the other workers first."""

    others: tuple[web.AppRunner, ...] = ()

    async def cleanup(self) -> None:
        for other in self.others:
            await other.cleanup()
        await super().cleanup()


async def _listening(shop: Shop, port: int, *, is_shared: bool) -> _Runner:
    runner = _Runner(shop.application(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_port=is_shared or None).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


async def _join(first: web.AppRunner, shop: Shop) -> web.AppRunner:
    """One more worker at the same port, as a server with several processes has: it shares the database and nothing
    else. The kernel hands it its part of the connections; what waits in the database is the first one's to send.
    """
    another = type(shop)(shop.config, shop.journal)
    another.is_first = False
    another.outbox.told_to(shop.outbox)
    return await _listening(another, first.addresses[0][1], is_shared=True)


async def serve(shop: Shop, config: ShopConfig) -> web.AppRunner:
    """Listen on 127.0.0.1. The caller cleans the runner up."""
    workers = shop.workers or config.workers
    runner = await _listening(shop, shop.port, is_shared=workers > 1)
    try:
        runner.others = tuple([await _join(runner, shop) for _ in range(1, workers)])
        if config.https_port is not None:
            await web.TCPSite(runner, "127.0.0.1", config.https_port, ssl_context=tls_context(shop)).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


class ShopThread:
    """A shop in a thread on free ports, for as long as a ``with`` lasts. ``env`` adds to or replaces the defaults."""

    def __init__(
        self, env: Mapping[str, str], *, variant: str = "", defects: Sequence[str] = (), log: Path | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stripe-audit-shop-")
        secrets = dict.fromkeys(["STRIPE_WEBHOOK_SECRET", *SUB_ROUTES.values()], "whsec_" + "d" * 32)
        defaults = {"PORT": "0", "DATABASE": f"{self._folder.name}/shop.db", "SHOP_VARIANT": variant, **secrets}
        self._env = {**defaults, **env}
        self._defects = tuple(defects)
        self.log = log or Path(self._folder.name) / "shop.log"
        self.url = ""
        self.https_url = ""
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="demo shop", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            with self.log.open("a", encoding="utf-8") as stream:
                runner = self._loop.run_until_complete(self._begin(Journal(stream)))
                self._is_up.set()
                self._loop.run_forever()
                self._loop.run_until_complete(runner.cleanup())
        except BaseException as error:  # told to whoever started the thread
            self._failure = error
        finally:
            self._is_up.set()
            self._loop.close()

    async def _begin(self, journal: Journal) -> web.AppRunner:
        from stripe_audit.deployment.launch.ports import free_port

        https_port = free_port()
        shop = make_shop({"HTTPS_PORT": str(https_port), **self._env}, self._defects, journal)
        runner = await serve(shop, shop.config)
        ports = [address[1] for address in runner.addresses]
        self.url = f"http://127.0.0.1:{ports[0]}"
        self.https_url = f"https://127.0.0.1:{ports[1]}" if len(ports) > 1 else ""
        return runner

    def __enter__(self) -> ShopThread:
        self._thread.start()
        self._is_up.wait(20)
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
        self._folder.cleanup()
