"""The official Stripe CLI, where it is installed: its version, and whether ``stripe listen`` reaches our Stripe."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.stripe_backend.emulated import EmulatedStripe

__all__ = ["Listened", "listen"]

_READY = "Ready!"
_ANSWERS_S = 10.0
_STOPS_S = 3.0
_SAID = 1500
"""Characters of its last output that are kept."""


@dataclass(frozen=True, slots=True)
class Listened:
    """What came of it. ``version`` is empty where the CLI tells none; ``said`` is its last output, without secrets."""

    binary: str
    version: str
    is_ready: bool = False
    said: str = ""


async def listen(ctx: Context, *, within: float) -> Listened:
    """Ask the ``stripe`` that a shell would find for its version, and let it listen until it is ready, ends, or the
    time is over. It is stopped in any case.

    It gets a home of its own and a dead proxy, so that it reaches the built-in Stripe and nobody else. Raises Skip
    where another Stripe is in use, or there is no CLI.
    """
    binary = shutil.which("stripe")
    if binary is None:
        raise Skip("the Stripe CLI is not on the PATH", setting="PATH (docs.stripe.com/stripe-cli)")
    if not isinstance(ctx.stripe, EmulatedStripe):
        raise Skip("the CLI is tried against the built-in Stripe alone", setting="stripe.mode: emulator")
    address = ctx.stripe.address
    with tempfile.TemporaryDirectory(prefix="stripe-audit-cli-") as home:
        env = _environment(Path(home), address.audit_key)
        told = await _run(binary, ["version"], env)
        version = re.search(r"\d+\.\d+\.\d+", told)
        if version is None:
            return Listened(binary, "", said=ctx.safe(told[-_SAID:]))
        is_ready, said = await _until_ready(binary, ["listen", "--api-base", address.url], env, within)
        return Listened(binary, version[0], is_ready, ctx.safe(said[-_SAID:]))


def _environment(home: Path, key: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "STRIPE_API_KEY": key,
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "STRIPE_DEVICE_NAME": "stripe-audit",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "127.0.0.1,localhost",
    }


async def _start(binary: str, arguments: list[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        binary,
        *arguments,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # npm's shim starts the real one below it; both are stopped
    )


async def _run(binary: str, arguments: list[str], env: Mapping[str, str]) -> str:
    try:
        process = await _start(binary, arguments, env)
    except OSError as error:
        return error.strerror or str(error)
    try:
        async with asyncio.timeout(_ANSWERS_S):
            output, _ = await process.communicate()
    except TimeoutError:
        return f"no answer within {_ANSWERS_S:g} s"
    finally:
        await _stop(process)
    return output.decode("utf-8", "replace")


async def _until_ready(binary: str, arguments: list[str], env: Mapping[str, str], within: float) -> tuple[bool, str]:
    process = await _start(binary, arguments, env)
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(within):
            while _READY not in said and (chunk := await process.stdout.read(4096)):
                said += chunk.decode("utf-8", "replace")
    except TimeoutError:
        said += f"\n(not ready within {within:g} s)"
    finally:
        await _stop(process)
    return _READY in said, said


async def _stop(process: asyncio.subprocess.Process) -> None:
    """The whole group, also where the first of it has ended."""
    _signal(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOPS_S):
            await process.wait()
    except TimeoutError:
        pass
    _signal(process.pid, signal.SIGKILL)
    await process.wait()


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
