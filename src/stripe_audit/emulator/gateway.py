"""Whatever is not a plain call: aiohttp answers it.

Nothing else imports aiohttp when the emulator starts: loading it takes a third of the time until the first answer.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from stripe_audit.emulator import file_calls, pages
from stripe_audit.emulator.api import Api
from stripe_audit.emulator.api_requests import ApiRequests
from stripe_audit.emulator.control import Control
from stripe_audit.emulator.stripecli import PATH
from stripe_audit.emulator.stripecli.sockets import subscribe
from stripe_audit.emulator.world import World

__all__ = ["Gateway"]

SHUTDOWN_SECONDS = 0.5
_quiet = logging.getLogger("stripe_audit.emulator.http")
"""Requests that are no HTTP are the client's mistake, and not worth a traceback on the terminal."""
_quiet.addHandler(logging.NullHandler())


class Gateway:
    """Makes a protocol for each connection; for the loop that serves."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._plain = api
        self._api = ApiRequests(world, api)
        self._control = Control(world)
        self._server = web.Server(self._handle, access_log=None, logger=_quiet)

    def __call__(self) -> asyncio.BaseProtocol:
        return self._server()

    async def close(self) -> None:
        """Close all connections; what is being answered has half a second."""
        await asyncio.sleep(0)  # let what has just arrived begin
        self._server.pre_shutdown()
        await self._server.shutdown(SHUTDOWN_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/_emulator/"):
            return await self._control.handle(request)
        if path == PATH:
            return await subscribe(self._world.deliveries.sessions, request)
        if path.startswith(pages.PREFIXES):
            return await pages.handle(self._world, request)
        if file_calls.is_one(request):
            return await file_calls.handle(self._world, self._plain, request)
        return await self._api.handle(request)
