"""The same load by Locust: a master and workers as processes of their own, here or on other machines.

One core sends more than most targets take; where that is not enough, or where events are to come from several machines,
Locust (extra ``swarm``) spreads them. Each of its users is a connection: it takes the next event of its worker's part,
waits until it is due, and sends it. Locust runs on gevent, and the sender of this process on asyncio, so that the loop
is another; what a request is, how an answer is read, and what is judged afterwards is the same code (``shots``,
``answers``, ``running``).

The master deals events out over Locust's own connection, which is not encrypted; signing secrets never go that way:
each process has them from its environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.errors import TargetError, UsageError
from stripe_audit.load.running import LoadAsked, Send, Sent
from stripe_audit.load.shots import Endpoint, Shot, ShotAnswered

__all__ = ["PLAN", "RESULT", "SECRETS", "swarm_of"]

PLAN, RESULT, SECRETS = "STRIPE_AUDIT_LOAD_PLAN", "STRIPE_AUDIT_LOAD_RESULT", "STRIPE_AUDIT_LOAD_SECRETS"
_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_START_S = 60.0
"""For Locust to start and to deal out, beside the load itself."""
_TOLD_CAP = 600


def swarm_of(workers: int) -> Send:
    """A way to send by so many workers. Raises UsageError where Locust is not installed."""
    if importlib.util.find_spec("locust") is None:
        raise UsageError("--swarm needs Locust", hint="pip install 'stripe-audit[swarm]'")

    async def send(endpoints: Sequence[Endpoint], shots: Sequence[Shot], asked: LoadAsked) -> Sent:
        with tempfile.TemporaryDirectory(prefix="stripe-audit-swarm-") as folder:
            return await _send(Path(folder), workers, endpoints, shots, asked)

    return send


async def _send(
    folder: Path, workers: int, endpoints: Sequence[Endpoint], shots: Sequence[Shot], asked: LoadAsked
) -> Sent:
    plan, result = folder / "plan.json", folder / "result.json"
    plan.write_text(json.dumps(_plan(workers, endpoints, shots, asked)), "utf-8")
    env = {**os.environ, PLAN: str(plan), RESULT: str(result), SECRETS: json.dumps([one.secret for one in endpoints])}
    port, users = str(free_port()), str(max(workers, asked.connections))
    limit = asked.seconds + 2 * asked.within + _START_S
    here = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--loglevel", "WARNING"]
    master = [*here, "--headless", "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    master += ["--expect-workers", str(workers), "--users", users, "--spawn-rate", users, "--run-time", f"{limit:.0f}s"]
    worker = [*here, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    async with contextlib.AsyncExitStack() as stack:
        leading = await stack.enter_async_context(_process(master, folder, env))
        for _ in range(workers):
            await stack.enter_async_context(_process(worker, folder, env))
        try:
            async with asyncio.timeout(limit + _START_S):
                await leading.wait()
        except TimeoutError:
            pass
    if not result.is_file():
        said = (folder / "locust.log").read_text("utf-8", "replace").strip()[-_TOLD_CAP:]
        raise TargetError(f"the swarm ended without a result: {said or 'it said nothing'}", hint="try without --swarm")
    return _read(json.loads(result.read_text("utf-8")), shots, workers)


def _plan(workers: int, endpoints: Sequence[Endpoint], shots: Sequence[Shot], asked: LoadAsked) -> dict[str, Any]:
    """What the master deals out; without secrets."""
    return {
        "workers": workers,
        "within": asked.within,
        "endpoints": [{"url": one.url, "ca_file": one.ca_file} for one in endpoints],
        "shots": [[index, shot.at, shot.endpoint, shot.body.decode()] for index, shot in enumerate(shots)],
    }


def _read(told: dict[str, Any], shots: Sequence[Shot], workers: int) -> Sent:
    answered = [
        ShotAnswered(shots[int(index)], float(sent), float(done), None if status is None else int(status), str(error))
        for index, sent, done, status, error in told["answered"]
    ]
    return Sent(answered, float(told["late_s"]), int(told["connections"]), workers, tuple(map(str, told["suspect"])))


@contextlib.asynccontextmanager
async def _process(command: list[str], folder: Path, env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "locust.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
