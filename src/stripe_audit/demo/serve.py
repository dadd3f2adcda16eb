"""``python -m stripe_audit.demo.serve``: the shop as a process, configured by its environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from stripe_audit.demo.config import ConfigError
from stripe_audit.demo.journal import Journal
from stripe_audit.demo.serving import make_shop, serve


async def _serve() -> int:
    journal = Journal()
    try:
        defects = [name for name in os.environ.get("SHOP_DEFECTS", "").split(",") if name]
        shop = make_shop(os.environ, defects, journal)
    except (ConfigError, ValueError) as error:
        print(f"the shop cannot start: {error}", file=sys.stderr)  # noqa: T201 - a program's last words
        return 1
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = await serve(shop, shop.config)
    await stopped.wait()
    await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve()))
