"""How fast, quick to start and small the emulator is, beside other stand-ins for Stripe.

    python benchmarks/emulator.py [--seconds 5] [--localstripe] [--only rates objects start memory]

Rates are of PaymentIntents created, as ``wrk`` counts them (Debian's package of that name), with 16 and 64 connections.
Each server is one process; what it took of a processor is read from ``/proc``: on a busy machine only the figures per
processor second mean something. ``--localstripe`` installs localstripe from PyPI into a folder of its own.
stripe-mock is asked where its binary is on PATH or named by STRIPE_MOCK. A handler of aiohttp's that only reads and
answers is measured for scale. Exits 1 where the emulator misses a bound that was measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bounds import judged

COMMAND = str(Path(sys.executable).with_name("stripe-audit"))
PARTS = ("rates", "objects", "start", "memory")
CONNECTIONS = (16, 64)
OBJECTS = 200_000
PAYMENTS = 20_000
LOCALSTRIPE = "localstripe==1.15.10"
TIMES_LOCALSTRIPE, TIMES_STRIPE_MOCK, AMONG_MANY, START_SECONDS, PAYMENT_BYTES = 10.0, 0.3, 0.8, 0.4, 14 * 1024
OPEN = {"amount": "2000", "currency": "usd"}
PAID = {
    **OPEN,
    "payment_method": "pm_card_visa",
    "confirm": "true",
    "automatic_payment_methods[enabled]": "true",
    "automatic_payment_methods[allow_redirects]": "never",
}
BARE = """
import asyncio, sys
from aiohttp import web
async def handle(request):
    await request.read()
    return web.Response(body=b'{"id": "pi_1"}' * 100, content_type="application/json")
async def main():
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True)
class Server:
    """A process that listens on ``port`` of the loopback, and takes this key."""

    name: str
    process: subprocess.Popen[Any]
    port: int
    key: str
    token: str = ""

    def cpu(self) -> float:
        """Seconds of processor time so far, of all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Bytes of memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@dataclass(frozen=True)
class Rate:
    """Requests, and what they took: seconds by the wall, and of the server's processor time."""

    requests: int
    wall: float
    cpu: float

    @property
    def by_wall(self) -> float:
        return self.requests / self.wall

    @property
    def by_cpu(self) -> float:
        return self.requests / self.cpu


@contextmanager
def stopped_later(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def emulator(*options: str, **environment: str) -> Iterator[Server]:
    command = [sys.executable, COMMAND, "emulator", "--json", *options]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    with stopped_later(started) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        port = int(facts["url"].rpartition(":")[2])
        yield Server("stripe-audit", process, port, facts["secret_key"], facts["control_token"])


@contextmanager
def other(name: str, command: list[str], port: int, key: str) -> Iterator[Server]:
    """Another server, once it listens."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        with stopped_later(started) as process:
            deadline = time.monotonic() + 30
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError(f"{name} did not start")
                time.sleep(0.02)
            yield Server(name, process, port, key)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drive(server: Server, connections: int, seconds: int) -> Rate:
    """Let wrk create PaymentIntents."""
    script = (
        'wrk.method = "POST"\n'
        f'wrk.body = "{urlencode(OPEN)}"\n'
        f'wrk.headers["Authorization"] = "Bearer {server.key}"\n'
        'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\n'
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        url = f"http://127.0.0.1:{server.port}/v1/payment_intents"
        before = server.cpu()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = server.cpu() - before
    if "Non-2xx" in said:
        raise RuntimeError(f"{server.name} refused calls:\n{said}")
    requests = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    by_wall = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    return Rate(requests, requests / by_wall, used)


def best_of_three(server: Server, connections: int, seconds: int) -> Rate:
    """The fastest by the wall: whatever else the machine does makes it slower, never faster."""
    return max((drive(server, connections, seconds) for _ in range(3)), key=lambda rate: rate.by_wall)


def each_server(folder: Path, *, with_localstripe: bool) -> Iterator[Any]:
    """Context managers, one for each server that can be had; says which cannot."""
    yield emulator()
    port = free_port()
    yield other("bare aiohttp", [sys.executable, "-c", BARE, str(port)], port, "sk_test_any")
    if with_localstripe:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", LOCALSTRIPE], check=True)
        port = free_port()
        command = [str(folder / "bin/localstripe"), "--from-scratch", "--port", str(port)]
        yield other("localstripe", command, port, "sk_test_12345")
    else:
        print("localstripe was not measured: --localstripe installs it")
    binary = os.environ.get("STRIPE_MOCK") or shutil.which("stripe-mock")
    if binary:
        port = free_port()
        yield other("stripe-mock", [binary, "-http-port", str(port)], port, "sk_test_123")
    else:
        print("stripe-mock was not measured: it is neither on PATH nor named by STRIPE_MOCK")


def rates(seconds: int, *, with_localstripe: bool) -> bool:
    """PaymentIntents created, for each server. Returns whether all bounds are met."""
    found: dict[str, list[Rate]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for opened in each_server(Path(folder), with_localstripe=with_localstripe):
            with opened as server:
                found[server.name] = [best_of_three(server, connections, seconds) for connections in CONNECTIONS]
                for connections, rate in zip(CONNECTIONS, found[server.name], strict=True):
                    told = f"{rate.by_wall:8.0f} a second  {rate.by_cpu:8.0f} a processor second"
                    print(f"create PaymentIntent  {server.name:<13} {connections:3} connections {told}")
    is_met = True
    for name, bound in (("localstripe", TIMES_LOCALSTRIPE), ("stripe-mock", TIMES_STRIPE_MOCK)):
        if name in found:
            for connections, ours, theirs in zip(CONNECTIONS, found["stripe-audit"], found[name], strict=True):
                # By the wall: stripe-mock uses several processors, and localstripe waits for its disk.
                ratio = ours.by_wall / theirs.by_wall
                is_met &= judged(f"times {name}, {connections} connections", ratio, at_least=bound)
    return is_met


def objects(seconds: int) -> bool:
    """The rate among many PaymentIntents, in parts of the rate among few."""
    with emulator() as server:
        few = drive(server, CONNECTIONS[0], seconds)
        made = few.requests
        while made < OBJECTS:
            made += drive(server, CONNECTIONS[1], seconds).requests
        many = drive(server, CONNECTIONS[0], seconds)
        print(
            f"among {few.requests:,} PaymentIntents {few.by_cpu:,.0f}, among {made:,} {many.by_cpu:,.0f} a processor s"
        )
        return judged(f"of the rate, among {OBJECTS:,}", many.by_cpu / few.by_cpu, at_least=AMONG_MANY)


def start(rounds: int = 15) -> bool:
    """Seconds from the start of the process to the first answer; the fastest counts.

    Its modules are compiled, as pip does when it installs a package: a checkout may not be.
    """
    best = best_cpu = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            with emulator(PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="") as server:
                call(http.client.HTTPConnection("127.0.0.1", server.port), server, "GET", "/v1/balance")
                best, best_cpu = min(best, time.perf_counter() - began), min(best_cpu, server.cpu())
    print(f"start to first answer {best:.3f} s, of them {best_cpu:.2f} s of a processor's time")
    return judged("seconds to the first answer", best, at_most=START_SECONDS)


def memory() -> bool:
    """Bytes a payment: a succeeded PaymentIntent, its payment method, charge, balance transaction and four events."""
    sizes = {}
    for kept, has_keys in ((1, False), (PAYMENTS * 2, False), (PAYMENTS * 2, True)):
        with emulator("--keep", str(kept)) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            call(connection, server, "GET", "/_emulator/health")  # whatever is loaded later is loaded now
            for number in range(-500, PAYMENTS):
                if number == 0:
                    before = server.resident()
                key = {"Idempotency-Key": f"order-{number}"} if has_keys else {}
                call(connection, server, "POST", "/v1/payment_intents", PAID, key)
            sizes[kept, has_keys] = (server.resident() - before) / PAYMENTS
    alone, noted, saved = sizes.values()
    print(f"a payment takes {alone / 1024:.1f} KiB; its entry in the journal {(noted - alone) / 1024:.1f} KiB;")
    print(f"the answer that an idempotency key keeps {(saved - noted) / 1024:.1f} KiB (--keep bounds both)")
    return judged("bytes a payment", alone, at_most=PAYMENT_BYTES)


def call(
    connection: http.client.HTTPConnection,
    server: Server,
    method: str,
    path: str,
    form: dict[str, str] | None = None,
    more: dict[str, str] | None = None,
) -> None:
    headers = {"Authorization": f"Bearer {server.key}", "X-Emulator-Token": server.token, **(more or {})}
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {body[:300]!r}")


def main() -> int:
    """Measure what was asked for; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--seconds", type=int, default=5, help="how long wrk calls, each time")
    parser.add_argument("--localstripe", action="store_true", help="install and measure localstripe")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    if shutil.which("wrk") is None and {"rates", "objects"} & set(asked.only):
        print("wrk is missing: it is in Debian's package wrk. Without it --only start memory can be measured.")
        return 2
    is_met = True
    if "rates" in asked.only:
        is_met &= rates(asked.seconds, with_localstripe=asked.localstripe)
    if "objects" in asked.only:
        is_met &= objects(asked.seconds)
    if "start" in asked.only:
        is_met &= start()
    if "memory" in asked.only:
        is_met &= memory()
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
