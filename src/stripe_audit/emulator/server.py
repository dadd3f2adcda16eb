"""The emulator as a server: its own thread and loop, or the calling thread until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.api import Api
from stripe_audit.emulator.config import EmulatorConfig
from stripe_audit.emulator.opening import furnish
from stripe_audit.emulator.remote import RemoteControl
from stripe_audit.emulator.wire import Entrance
from stripe_audit.emulator.world import World
from stripe_audit.keys import make_test_keys

if TYPE_CHECKING:
    from stripe_audit.emulator.gateway import Gateway

__all__ = ["Emulator", "run_forever"]

HOST = "127.0.0.1"
START_SECONDS = 10.0
_GATEWAY = "stripe_audit.emulator.gateway"
LOADED_AFTER_SECONDS = 1.0
COLLECTED_AT = (50_000, 10, 10)
"""For ``gc.set_threshold``. With Python's own, a tenth of the time goes by at 200,000 objects."""
BACKLOG = 128
"""Connections that the system accepts before they are looked at."""


class Emulator:
    """A stateful Stripe on a loopback port. Start it, use it over HTTP, stop it; also a context manager."""

    def __init__(self, config: EmulatorConfig | None = None) -> None:
        self.config = config or EmulatorConfig()
        self.url = ""
        """Where it listens; empty while it does not."""
        self.keys = self.config.keys or make_test_keys(self.config.seed)
        """The account's keys: ``secret`` is the target's, ``audit_secret`` the audit's."""
        self.control_token = self.config.control_token or secrets.token_urlsafe(24)
        """What ``X-Emulator-Token`` must carry."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None

    def start(self) -> Emulator:
        """Listen. Raises OSError if the port is taken; returns once requests are answered."""
        if self._thread is not None:
            raise RuntimeError("the emulator is already running")
        self._started.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, name="stripe-audit-emulator", daemon=True)
        self._thread.start()
        is_up = self._started.wait(START_SECONDS)
        if self._failure is not None or not is_up:
            self._thread.join(1.0)
            self._thread = None
            raise self._failure or TimeoutError("the emulator did not start")
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. Safe to call twice."""
        thread, loop, ended = self._thread, self._loop, self._ended
        if thread is None or loop is None or ended is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
            loop.call_soon_threadsafe(ended.set)
        thread.join(START_SECONDS)
        self._thread = None
        self.url = ""

    @property
    def control(self) -> RemoteControl:
        """The control API in Python. Raises RuntimeError while the emulator does not run."""
        if not self.url:
            raise RuntimeError("the emulator is not running")
        return RemoteControl(self.url, self.control_token)

    def end(self) -> None:
        """Ask ``serve`` to return; for the loop that serves."""
        if self._ended is not None:
            self._ended.set()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            _run_in_loop(self.serve(lambda: self._started.set()))
        except BaseException as error:
            self._failure = error
            self._started.set()

    async def serve(self, announce: Callable[[], None]) -> None:
        """Serve in the current loop until ``stop``. ``announce`` is called once requests are answered."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        world = World(self.config, self.keys, self.control_token)
        furnish(world)
        api = Api(world)
        gateway = _Gateway(world, api)
        entrance = Entrance(api.answer, lambda: not world.faults.rules, gateway)
        listening: asyncio.Server | None = None
        try:
            listening = await self._loop.create_server(entrance, HOST, self.config.port, backlog=BACKLOG)
            self.url = world.url = f"http://{HOST}:{listening.sockets[0].getsockname()[1]}"
            announce()
            gateway.load_soon()
            await self._ended.wait()
        finally:
            world.faults.lift_all()
            await world.deliveries.stop()
            await world.deliveries.sessions.close()
            await world.clock.stop()
            if world.recorder is not None:
                world.recorder.close()
            if listening is not None:
                listening.close()
            entrance.close()
            await gateway.close()


def run_forever(config: EmulatorConfig, announce: Callable[[Emulator], None]) -> None:
    """Serve in this thread until SIGINT or SIGTERM. Raises OSError if the port is taken.

    The process is the emulator's own: its garbage collector is set to look seldom, as nearly all that is made stays.
    """
    emulator = Emulator(config)
    gc.freeze()
    gc.set_threshold(*COLLECTED_AT)

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def up() -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                # Windows' loops know no signal handlers; there KeyboardInterrupt ends asyncio.run.
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, emulator.end)
            announce(emulator)

        await emulator.serve(up)

    with contextlib.suppress(KeyboardInterrupt):
        _run_in_loop(main())


def _run_in_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run in a new loop: uvloop's, which takes a tenth off each call, where the extra ``fast`` is installed."""
    try:
        factory = importlib.import_module("uvloop").new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


class _Gateway:
    """The gateway, made when it is first needed."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._api = api
        self._made: Gateway | None = None
        self._loading: asyncio.TimerHandle | None = None

    def __call__(self) -> asyncio.BaseProtocol:
        if self._made is None:
            self._made = importlib.import_module(_GATEWAY).Gateway(self._world, self._api)
        return self._made()

    def load_soon(self) -> None:
        """Load its module once the first calls are answered, so that hardly anybody has to wait for it."""
        if _GATEWAY not in sys.modules:
            loop = asyncio.get_running_loop()
            self._loading = loop.call_later(
                LOADED_AFTER_SECONDS, lambda: loop.run_in_executor(None, importlib.import_module, _GATEWAY)
            )

    async def close(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        if self._made is not None:
            await self._made.close()
