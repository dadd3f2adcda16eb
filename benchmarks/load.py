"""What the sender of ``stripe-audit load`` can do: signed POSTs a second from one core, against a server without work.

    python benchmarks/load.py [--seconds 4] [--rate 20000] [--httpx]

The sender gets one core of its own, and the null server another, where the machine has two and lets them be chosen.
Counted is what was answered 2xx, by the wall and by the sender's own processor time: on a busy machine the second says
what the first would be on a quiet one. Each body is a real event of about 2 KiB, and each has a signature of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bounds import judged

from stripe_audit.load.sender import Sender
from stripe_audit.load.shots import Endpoint, Shot, is_taken, on_schedule, written

LEAST = 5000.0
SECRET = "whsec_" + "b" * 32
EVENT = {
    "id": "evt_0000000000",
    "object": "event",
    "type": "payment_intent.succeeded",
    "data": {"object": {"id": "pi_1", "object": "payment_intent", "amount": 1999, "description": "x" * 1800}},
}


def on_core(number: int) -> None:
    """Keep this process to one core, where that can be chosen."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {number})


def shots(count: int) -> list[Shot]:
    bodies = (json.dumps({**EVENT, "id": f"evt_{number:010}"}, indent=2).encode() for number in range(count))
    return [Shot(0.0, str(number), "payment_intent.succeeded", "", 0, body) for number, body in enumerate(bodies)]


def ours(endpoint: Endpoint, rate: float, seconds: float) -> tuple[float, float]:
    """Answered a second by the wall, and a processor second."""
    sending = on_schedule(shots(int(rate * seconds)), rate)
    sender = Sender([endpoint], connections=64, within=60.0)
    wall, cpu = time.perf_counter(), time.process_time()
    answered = asyncio.run(sender.send(sending))
    taken, wall, cpu = sum(map(is_taken, answered)), time.perf_counter() - wall, time.process_time() - cpu
    if taken != len(sending):
        raise RuntimeError(f"{len(sending) - taken} were not answered: {answered[-1].error}")
    return taken / wall, taken / cpu


def by_httpx(endpoint: Endpoint, count: int) -> tuple[float, float]:
    """The same by the client that meets the target elsewhere: below httpx' own, 64 at once."""
    import httpx

    bodies = iter([shot.body for shot in shots(count)])

    async def run() -> None:
        async with httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=64)) as wire:

            async def one_after_the_other() -> None:
                for body in bodies:
                    head, _, content = written(endpoint, body, int(time.time())).partition(b"\r\n\r\n")
                    headers = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
                    request = httpx.Request("POST", endpoint.url, headers=headers, content=content)
                    await (await wire.handle_async_request(request)).aread()

            await asyncio.gather(*(one_after_the_other() for _ in range(64)))

    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run())
    return count / (time.perf_counter() - wall), count / (time.process_time() - cpu)


def main() -> int:
    """Print the figures; 1 if the bound is missed by the processor's time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--seconds", type=float, default=2.0, help="how long the schedule is, each time")
    parser.add_argument("--rate", type=float, default=20_000.0, help="events a second that are due: more than can be")
    parser.add_argument("--httpx", action="store_true", help="measure httpx too")
    asked = parser.parse_args()
    command = [sys.executable, str(Path(__file__).with_name("null_server.py"))]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: on_core(1))
    try:
        assert server.stdout is not None
        endpoint = Endpoint(f"http://127.0.0.1:{int(server.stdout.readline())}/webhook", SECRET)
        on_core(0)
        rounds = [ours(endpoint, asked.rate, asked.seconds) for _ in range(3)]
        by_wall, by_cpu = max(one for one, _ in rounds), max(one for _, one in rounds)
        print(f"signed POSTs  {by_wall:8,.0f} a second by the wall  {by_cpu:8,.0f} a processor second")
        if asked.httpx:
            wall, cpu = by_httpx(endpoint, 3000)
            print(f"with httpx    {wall:8,.0f} a second by the wall  {cpu:8,.0f} a processor second")
    finally:
        server.terminate()
        server.wait()
    return int(not judged("signed POSTs a processor second", by_cpu, at_least=LEAST))


if __name__ == "__main__":
    sys.exit(main())
