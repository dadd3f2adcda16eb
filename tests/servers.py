"""Small targets for tests: they answer everything in one way, on a free port of the loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

Answering = Callable[[web.BaseRequest], web.StreamResponse]


class Answers:
    """A server in a thread for as long as a ``with`` lasts. ``seen`` lists what was asked."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""
        self.seen: list[str] = []

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._begin())
        self._is_up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _begin(self) -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        await request.read()
        return self._answer(request)

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_up.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


def always(status: int) -> Answers:
    """A target that gives the same answer to everything."""
    return Answers(lambda request: web.json_response({"ok": status < 400}, status=status))
