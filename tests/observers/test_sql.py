"""Orders from a SQLite file: read, and by no means written."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.databases.sqlite import SqliteDatabase
from stripe_audit.observers.interface import Order, OrderMapping, OrderState
from stripe_audit.observers.sql import SqlOrders

QUERY = "SELECT state AS status, sum AS amount, currency, shipped AS fulfilled FROM orders WHERE id = :order"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shop #1?.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id TEXT, state TEXT, sum INTEGER, currency TEXT, shipped INTEGER)")
        connection.execute("INSERT INTO orders VALUES ('o1', 'paid', 1999, 'USD', 1)")
        connection.execute("INSERT INTO orders VALUES (?, 'paid', 5, 'usd', 0)", ("x' OR '1'='1",))
        connection.commit()
    return file


@pytest.fixture
def unchanged(path: Path) -> Iterator[None]:
    """Whatever a query does, the folder holds the same files with the same bytes afterwards."""

    def state() -> dict[str, str]:
        return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in path.parent.iterdir()}

    before = state()
    yield
    assert state() == before


def read(path: Path, query: str = QUERY, reference: str = "o1") -> Order | None:
    return asyncio.run(SqlOrders(SqliteDatabase(path), query, OrderMapping()).read(reference))


@pytest.mark.usefixtures("unchanged")
def test_an_order_is_read_by_its_reference(path: Path) -> None:
    order = read(path)
    assert order == Order("o1", OrderState.PAID, "paid", 1999, "usd", 1)
    assert read(path, reference="nobody") is None


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("reference", ["x' OR '1'='1", "'; DROP TABLE orders; --", "", "\0", "ü"])
def test_a_reference_is_a_value_and_no_sql(path: Path, reference: str) -> None:
    order = read(path, reference=reference)
    assert (order and order.amount) == (5 if reference.startswith("x'") else None)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "query",
    [
        "UPDATE orders SET state = 'paid' WHERE id = :order",
        "UPDATE orders SET state = 'paid' WHERE id = :order RETURNING state AS status",
        "INSERT INTO orders (id) VALUES (:order)",
        "DELETE FROM orders WHERE id = :order",
        "DROP TABLE orders",
        "CREATE TABLE other (id)",
        "CREATE TEMP TABLE other AS SELECT :order",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = WAL",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "VACUUM INTO 'file:copy.db?mode=rwc'",
        "ATTACH 'other.db' AS other",
        "ATTACH 'file:other.db?mode=rwc' AS other",
        "BEGIN EXCLUSIVE",
        "SELECT load_extension('x')",
        "SELECT 'paid' AS status; DELETE FROM orders",
        "DELETE FROM orders; SELECT 'paid' AS status",
    ],
)
def test_a_query_that_writes_is_refused(path: Path, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(Inconclusive) as caught:
        read(path, query)
    assert caught.value.supply == "observers.order.query"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense",
        "SELECT",
        "SELECT state AS status FROM nowhere",
        "SELECT state AS status FROM orders WHERE id = :other",
        "SELECT state AS status FROM orders WHERE id = ?1 AND id = ?2",
        "SELECT state FROM orders WHERE id = :order",
        "SELECT NULL AS status",
    ],
)
def test_a_query_that_is_none_is_inconclusive(path: Path, query: str) -> None:
    with pytest.raises(Inconclusive) as caught:
        read(path, query)
    assert str(caught.value.supply).startswith("observers.order")


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_inconclusive(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "orders.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Inconclusive, match=r"orders\.db"):
        read(file)
    assert file.exists() is (content is not None)


def test_a_database_that_a_crash_left_is_not_repaired(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever opens it for writing rolls the broken transaction back; that is the target's to do."""
    crashed = tmp_path_factory.mktemp("crashed") / "orders.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.executemany("INSERT INTO orders (id, state) VALUES (?, 'paid')", ((f"n{n}" * 50,) for n in range(500)))
        journal = path.with_name(path.name + "-journal")
        crashed.write_bytes(path.read_bytes())
        crashed.with_name("orders.db-journal").write_bytes(journal.read_bytes())
    before = {one.name: one.read_bytes() for one in crashed.parent.iterdir()}
    with pytest.raises(Inconclusive):
        read(crashed)
    assert {one.name: one.read_bytes() for one in crashed.parent.iterdir()} == before


def test_a_relative_path_is_read_from_the_working_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert read(Path(path.name)) is not None


def test_text_that_is_no_utf8_is_read_all_the_same(path: Path) -> None:
    order = read(path, "SELECT state AS status, CAST(x'ff' AS TEXT) AS currency FROM orders WHERE id = :order")
    assert order is not None
    assert order.currency == "�"


def test_a_query_without_an_end_is_given_up(path: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS status FROM n"
    began = time.monotonic()
    with pytest.raises(Inconclusive, match="longer than"):
        asyncio.run(SqlOrders(SqliteDatabase(path, within=0.2), endless, OrderMapping()).read("o1"))
    assert time.monotonic() - began < 5


def test_a_slow_query_does_not_hold_up_the_loop(path: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS status FROM n"

    async def run() -> int:
        turns = 0
        reading = asyncio.create_task(SqlOrders(SqliteDatabase(path, within=0.3), endless, OrderMapping()).read("o1"))
        while not reading.done():
            turns += 1
            await asyncio.sleep(0.005)
        assert isinstance(reading.exception(), Inconclusive)
        return turns

    assert asyncio.run(run()) > 3


def test_what_another_process_is_writing_is_waited_for(path: Path) -> None:
    writer = sqlite3.connect(path, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("UPDATE orders SET sum = 2000 WHERE id = 'o1'")

    def finish() -> None:
        writer.commit()
        writer.close()

    timer = threading.Timer(0.15, finish)
    timer.start()
    order = read(path)
    timer.join()
    assert order is not None
    assert order.amount == 2000


def test_a_database_in_wal_mode_is_read_while_it_is_written(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("UPDATE orders SET sum = 2000 WHERE id = 'o1'")
        writer.commit()
        before = path.read_bytes()
        order = read(path)
        assert path.read_bytes() == before
    assert order is not None
    assert order.amount == 2000
