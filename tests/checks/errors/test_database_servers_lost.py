"""An app that keeps its orders on a real PostgreSQL or MariaDB, which a proxy or commands take away for a moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.audit.stage import Stage
from stripe_audit.models import CheckResult
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks
from tests.databases import PASSWORD, postgres_server, restartable_mysql_server
from tests.observers.test_database_servers import writer

APP = Path(__file__).with_name("stored_app.py")
CHECK = "webhook-outlives-database"
TABLE = """CREATE TABLE orders (
    id VARCHAR(80) PRIMARY KEY, status VARCHAR(20), amount INTEGER, currency VARCHAR(3), fulfilled INTEGER
)"""
FATES = [
    ("", "passed", set()),
    ("acknowledges", "failed", {"An event that could not be stored is acknowledged and lost"}),
    ("remembers", "failed", {"An event that could not be stored counts as handled"}),
    ("never-reconnects", "failed", {"The target does not recover from the loss of its database"}),
]


def judged(folder: Path, *, url: str, database: dict[str, Any], store: str, flaws: str) -> CheckResult:
    names = {"PORT": "{port}", "STRIPE": "{stripe_url}", "KEY": "{secret_key}", "SECRET": "{webhook_secret}"}
    query = "SELECT status, amount, currency, fulfilled FROM orders WHERE id = :order"
    path = folder / "stripe-audit.yaml"
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "target": {
                    "launch": {
                        "command": [sys.executable, str(APP)],
                        "env": {**names, "STORE": store, "FLAWS": flaws},
                    },
                    "database": database,
                    "items": [{"id": "mug", "price": "19.99", "currency": "usd"}],
                    "routes": {
                        "create_payment": {
                            "method": "POST",
                            "path": "/payments",
                            "body": {"order": "{order}"},
                            "response": {"client_secret": "clientSecret"},
                        },
                        "webhook": [{"path": "/webhook", "secret": {"generated": True}}],
                    },
                },
                "observers": {
                    "order": {
                        "kind": "postgres" if url.startswith("postgres") else "mysql",
                        "url": url,
                        "query": query,
                        "states": {"paid": ["paid"], "pending": ["pending"]},
                    }
                },
                "audit": {"patience": 3},
            }
        )
    )
    with Stage(load_settings(path, environ={})) as stage:
        assert stage.unreached is None
        return run_checks([CHECK], stage)[CHECK]


def told(result: CheckResult) -> tuple[str, set[str]]:
    assert result.error is None and result.reason is None
    for finding in result.findings:
        assert ("Nobody can begin to pay" in finding.detail) is ("does not recover" in finding.title)
    return str(result.outcome), {finding.title for finding in result.findings}


@contextlib.contextmanager
def tcp_to(socket: str) -> Iterator[int]:
    """A port of the loopback that leads to a socket of this machine: the server of the wheel has nothing else."""
    loop = asyncio.new_event_loop()
    ends: set[asyncio.StreamWriter] = set()

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        sink.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above, below = await asyncio.open_unix_connection(socket)
        ends.update((writer, below))
        await asyncio.gather(pass_on(reader, below), pass_on(above, writer))
        ends.difference_update((writer, below))

    async def close(server: asyncio.Server) -> None:
        server.close()
        for end in list(ends):
            end.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5)

    server = loop.run_until_complete(asyncio.start_server(meet, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as url:
        with writer("postgres", url) as do:
            do(TABLE)
        with tcp_to(url.partition("?host=")[2] + "/.s.PGSQL.5432") as port:
            yield url, port


@pytest.mark.postgres
@pytest.mark.parametrize(("flaws", "outcome", "titles"), FATES, ids=[flaws or "sound" for flaws, _, _ in FATES])
def test_connections_to_postgresql_are_reset_by_a_proxy(postgres, tmp_path, flaws, outcome, titles):
    url, port = postgres
    database = {"kind": "proxy", "upstream": f"127.0.0.1:{port}"}
    store = "postgres {database_host} {database_port}"
    assert told(judged(tmp_path, url=url, database=database, store=store, flaws=flaws)) == (outcome, titles)


@pytest.mark.mariadb
@pytest.mark.parametrize(("flaws", "outcome", "titles"), FATES, ids=[flaws or "sound" for flaws, _, _ in FATES])
def test_mariadb_is_killed_and_started_again_by_commands(tmp_path, flaws, outcome, titles):
    with restartable_mysql_server(tmp_path / "server") as (url, down, up):
        with writer("mysql", url) as do:
            do(TABLE)
        database = {"kind": "commands", "down": down, "up": up}
        store = f"mysql {url.partition('?socket=')[2]} audit {PASSWORD} shop"
        assert told(judged(tmp_path, url=url, database=database, store=store, flaws=flaws)) == (outcome, titles)
