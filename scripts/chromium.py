"""Chromium over its own debugging protocol: pages measured, photographed and asked, with nothing but aiohttp.

Used by ``scripts/screenshots.py`` and by the tests of the HTML report. One browser, with an empty profile of its own
that is removed afterwards, and without background networking.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

__all__ = ["Page", "open_page"]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
)
PATIENCE_S = 60


class Page:
    """A page of a browser. ``requests`` are the addresses that it asked for, ``logged`` what its console said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._count = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.requests: list[str] = []
        self.logged: list[str] = []
        self._loaded = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Network.requestWillBeSent":
                self.requests.append(told["params"]["request"]["url"])
            elif told["method"] == "Log.entryAdded":
                self.logged.append(told["params"]["entry"]["text"])
            elif told["method"] == "Page.loadEventFired":
                self._loaded.set()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol. Raises RuntimeError for its error."""
        self._count += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._count] = answer
        await self._socket.send_json({"id": self._count, "method": method, "params": params})
        told = await asyncio.wait_for(answer, PATIENCE_S)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result

    async def start(self) -> None:
        for domain in ("Page", "Network", "Log", "Runtime", "Performance"):
            await self.call(f"{domain}.enable")

    async def open(self, path: Path) -> None:
        """Load a file, given by its absolute path, and wait until it is loaded."""
        self._loaded.clear()
        await self.call("Page.navigate", url=path.as_uri())
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_S)

    async def resize(self, width: int, height: int, *, scale: float = 1, is_mobile: bool = False) -> None:
        """The window's size in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=is_mobile,
        )

    async def show(self, *, scheme: str = "light", media: str = "") -> None:
        """Light or dark, screen or print."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.call("Emulation.setEmulatedMedia", media=media, features=features)

    async def ask(self, expression: str) -> Any:
        """The value of an expression, or of what it promises. Raises RuntimeError for what it throws."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"].get("exception", {}).get("description")))
        return told["result"].get("value")

    async def press(self, key: str, code: int) -> None:
        """A key, down and up."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            told = {"text": text} if text and kind == "keyDown" else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **told)

    async def metrics(self) -> dict[str, float]:
        """Chromium's own figures; times in seconds."""
        return {one["name"]: one["value"] for one in (await self.call("Performance.getMetrics"))["metrics"]}

    async def photograph(self, *, clip: tuple[float, float, float, float] | None = None) -> bytes:
        """PNG of the window, or of a part of the page: left, top, width, height."""
        params: dict[str, Any] = {"format": "png", "captureBeyondViewport": clip is not None}
        if clip:
            params["clip"] = dict(zip(("x", "y", "width", "height"), clip, strict=True)) | {"scale": 1}
        return base64.b64decode((await self.call("Page.captureScreenshot", **params))["data"])

    async def pdf(self) -> bytes:
        """The page on paper."""
        told = await self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(told["data"])

    async def close(self) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._socket.close()


@contextlib.asynccontextmanager
async def open_page(command: str = "chromium") -> AsyncIterator[Page]:
    """A page in a browser of its own. Raises TimeoutError where the browser does not start."""
    profile = Path(tempfile.mkdtemp(prefix="stripe-audit-chromium-"))
    process = await asyncio.create_subprocess_exec(
        command,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        port = await asyncio.wait_for(_port(process.stderr), PATIENCE_S)
        drain = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                target = next(one for one in await answer.json() if one["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                await page.start()
                try:
                    yield page
                finally:
                    await page.close()
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
        with contextlib.suppress(UnboundLocalError):
            await drain
        shutil.rmtree(profile, ignore_errors=True)


async def _port(stream: asyncio.StreamReader) -> int:
    async for line in stream:
        if b"DevTools listening on ws://127.0.0.1:" in line:
            return int(line.split(b"127.0.0.1:")[1].split(b"/")[0])
    raise TimeoutError("Chromium ended before it listened")
