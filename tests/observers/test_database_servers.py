"""PostgreSQL and MariaDB, the real ones: what is read, that nothing is written, and that no password is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.databases import PASSWORD, QUOTED, mysql_server, postgres_server

from stripe_audit.audit.observing import Observers
from stripe_audit.errors import Inconclusive
from stripe_audit.observers.databases.interface import Database, Unreadable
from stripe_audit.observers.databases.opening import open_server
from stripe_audit.observers.interface import Order, OrderMapping, OrderState
from stripe_audit.observers.sql import SqlOrders, SqlRows
from stripe_audit.settings import load_settings

SELECT = "SELECT state AS status, amount, currency FROM orders WHERE id = :order"
KINDS = [
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mariadb),
]


@dataclass
class Shop:
    """A database, the observer's view of it, and a connection that writes."""

    kind: str
    url: str
    database: Database
    do: Callable[[str], Any]

    def select(self, query: str, **values: str) -> list[dict[str, Any]]:
        return self.database.rows(query, values)

    @property
    def connections(self) -> int:
        """How many there are now."""
        listed = {
            "postgres": "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stripe-audit'",
            "mysql": "SELECT count(*) FROM information_schema.processlist",
        }
        return int(self.do(listed[self.kind])[0][0])

    @property
    def everything(self) -> Any:
        return [self.do(f"SELECT * FROM {table} ORDER BY 1") for table in ("orders", "shipments")]


@contextmanager
def writer(kind: str, url: str) -> Iterator[Callable[[str], Any]]:
    if kind == "postgres":
        import pg8000.native

        socket = url.partition("?host=")[2] + "/.s.PGSQL.5432"
        server = pg8000.native.Connection("postgres", database="postgres", unix_sock=socket, ssl_context=False)
        with closing(server):
            yield server.run
        return
    import pymysql

    socket = url.partition("?socket=")[2]
    connection = pymysql.connect(unix_socket=socket, user="audit", password=PASSWORD, database="shop", autocommit=True)

    def do(query: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    with closing(connection):
        yield do


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    kind = request.param
    server = {"postgres": postgres_server, "mysql": mysql_server}[kind]
    with server(tmp_path_factory.mktemp(kind)) as address:
        with writer(kind, address) as do:
            do("CREATE TABLE orders (id varchar(80), n int, state varchar(20), amount decimal(10,2), currency char(3))")
            do("CREATE TABLE shipments (id int, order_id varchar(80), sku char(10), at timestamp NULL, weight float)")
        yield kind, address


@pytest.fixture
def shop(url: tuple[str, str]) -> Iterator[Shop]:
    kind, address = url
    with writer(kind, address) as do, closing(open_server(kind, address, within=2)) as database:
        for table in ("orders", "shipments"):
            do(f"DELETE FROM {table}")
        do("INSERT INTO orders VALUES ('o1', 7, 'done', 19.99, 'usd'), ('x'' OR ''1''=''1', 8, 'open', 5, 'usd')")
        yield Shop(kind, address, database, do)


def each(test: Any) -> Any:
    return pytest.mark.parametrize("url", KINDS, indirect=True)(test)


@each
def test_an_order_is_read_as_it_is_by_then(shop: Shop) -> None:
    orders = SqlOrders(shop.database, SELECT, OrderMapping({"paid": ("done",)}, "major"))
    assert asyncio.run(orders.read("o1")) == Order("o1", OrderState.PAID, "done", 1999, "usd")
    assert asyncio.run(orders.read("nobody")) is None
    shop.do("UPDATE orders SET amount = 20 WHERE id = 'o1'")
    order = asyncio.run(orders.read("o1"))
    assert order and order.amount == 2000


@each
@pytest.mark.parametrize("reference", ["x' OR '1'='1", "'; DROP TABLE orders; --", "", "\\", "\\' OR 1=1 -- ", "ü✓"])
def test_a_reference_is_a_value_and_no_sql(shop: Shop, reference: str) -> None:
    before = shop.everything
    found = shop.select(SELECT, order=reference)
    assert [int(row["amount"]) for row in found] == ([5] if reference == "x' OR '1'='1" else [])
    assert shop.everything == before


@each
def test_a_query_may_hold_what_looks_like_a_value(shop: Shop) -> None:
    query = "SELECT ':no' AS a, '%' AS b, 'it''s' AS c /* :no */ FROM orders WHERE id = :order AND id = :order; -- :no"
    assert shop.select(query, order="o1") == [{"a": ":no", "b": "%", "c": "it's"}]
    assert [row["n"] for row in shop.select("SELECT n FROM orders WHERE n = :order", order="7")] == [7]
    with pytest.raises(Unreadable, match="asks for :other, and there is no such value"):
        shop.select("SELECT 1 FROM orders WHERE id = :other", order="o1")


WRITING = [
    "UPDATE orders SET state = 'paid' WHERE id = :order",
    "INSERT INTO orders (id) VALUES (:order)",
    "DELETE FROM orders",
    "DROP TABLE orders",
    "CREATE TABLE other (id int)",
    "SELECT 1; DELETE FROM orders",
    "SELECT 1; COMMIT",
    "COMMIT",
    "SET TRANSACTION READ WRITE",
    "SELECT id INTO other FROM orders",
    "SELECT 'x' INTO OUTFILE '/tmp/never-written'",
    "COPY orders TO PROGRAM 'cat'",
]


@each
def test_what_writes_is_refused_before_it_is_sent(shop: Shop) -> None:
    before = shop.everything
    for query in WRITING:
        with pytest.raises(Unreadable, match="must be one SELECT") as caught:
            shop.select(query, order="o2")
        assert caught.value.part == "query"
    assert shop.everything == before


@each
def test_the_server_refuses_what_comes_through(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection itself is read-only: the same statements, sent."""
    monkeypatch.setattr("stripe_audit.observers.databases.server.check_select", lambda query: query)
    before = shop.everything
    told = set()
    for query in WRITING[:5]:
        with pytest.raises(Unreadable) as caught:
            shop.select(query, order="o2")
        told.add(re.sub(r"(execute) [A-Z ]+( in)", r"\1 …\2", caught.value.told))
    assert (
        told
        == {
            "postgres": {"cannot execute … in a read-only transaction"},
            "mysql": {"Cannot execute statement in a READ ONLY transaction"},
        }[shop.kind]
    )
    for query in WRITING[5:7]:
        with pytest.raises(Unreadable):
            shop.select(query)
    assert shop.everything == before


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_select_of_postgres_cannot_write_by_what_it_calls(shop: Shop) -> None:
    shop.do(
        "CREATE OR REPLACE FUNCTION pay() RETURNS int LANGUAGE sql AS $$ UPDATE orders SET state='paid' RETURNING 1 $$"
    )
    before = shop.everything
    for query in (
        "SELECT pay()",
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
        "SELECT set_config('transaction_read_only', 'off', false), pay()",
        "SELECT lo_create(0)",
    ):
        with pytest.raises(Unreadable, match=r"read-only transaction|must be set before any query"):
            shop.select(query)
    shop.select("SELECT set_config('default_transaction_read_only', 'off', false)")
    with pytest.raises(Unreadable, match="read-only transaction"):
        shop.select("SELECT pay()")
    assert shop.everything == before


@pytest.mark.mariadb
@pytest.mark.parametrize("url", ["mysql"], indirect=True)
def test_a_select_of_mysql_cannot_write_by_what_it_calls(shop: Shop) -> None:
    shop.do("DROP FUNCTION IF EXISTS pay")
    shop.do("CREATE FUNCTION pay() RETURNS int BEGIN UPDATE orders SET state = 'paid'; RETURN 1; END")
    before = shop.everything
    with pytest.raises(Unreadable, match="READ ONLY transaction"):
        shop.select("SELECT pay()")
    assert shop.everything == before


@each
def test_rows_are_counted_and_shown(shop: Shop) -> None:
    rows = SqlRows(
        "shipments", shop.database, "SELECT id, sku, at, weight FROM shipments WHERE order_id = :order ORDER BY id"
    )
    assert asyncio.run(rows.read({"order": "o1"})).count == 0
    shop.do("INSERT INTO shipments VALUES (1, 'o1', 'mug', '2026-11-25 01:02:03', 0.5), (2, 'o1', 'mug', NULL, 2)")
    found = asyncio.run(rows.read({"order": "o1", "email": "unused"}))
    assert found.count == 2
    assert [str(row["weight"]) for row in found.rows] == ["0.5", "2"]
    assert found.rows[0]["at"] == "2026-11-25T01:02:03" and found.rows[1]["at"] is None


@each
def test_a_text_is_found_in_any_table(shop: Shop) -> None:
    shop.do("INSERT INTO shipments VALUES (1, 'o1', 'a pi_abc b', NULL, NULL)")
    assert shop.database.search(("nowhere", "pi_abc")) is True
    assert shop.database.search(("%", "_none", "pi_abd")) is False


@each
def test_one_connection_is_kept_and_made_anew_when_it_was_lost(shop: Shop) -> None:
    number = {"postgres": "pg_backend_pid()", "mysql": "connection_id()"}[shop.kind]
    end = {"postgres": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}[shop.kind]

    def current() -> int:
        return int(shop.select(f"SELECT {number} AS n")[0]["n"])

    first = current()
    with pytest.raises(Unreadable):
        shop.select("SELECT nothing FROM orders")
    assert current() == first

    async def at_once() -> list[Any]:
        query = f"SELECT {number} AS n"
        return await asyncio.gather(*(shop.database.select(query, {}) for _ in range(8)))

    assert {int(found[0]["n"]) for found in asyncio.run(at_once())} == {first}
    shop.do(end.format(first))
    assert current() != first


@each
def test_orders_and_rows_of_a_run_share_one_connection_and_leave_none(shop: Shop, tmp_path: Path) -> None:
    shop.do("INSERT INTO shipments VALUES (1, 'o1', 'mug', NULL, 2), (2, 'o1', 'mug', NULL, 2)")
    by_url = {"kind": shop.kind, "url": {"env": "DATABASE_URL"}}
    order = {**by_url, "query": SELECT, "states": {"paid": ["done"]}, "amount_unit": "major"}
    counted = "SELECT sku FROM shipments WHERE order_id = :order"
    declared = {"order": {**order, "fulfilled_rows": "shipments"}, "rows": {"shipments": {"query": counted}}}
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(json.dumps({"version": 1, "observers": declared}))
    observers, opened = Observers(load_settings(path, environ={"DATABASE_URL": shop.url})), []
    observers.open(tmp_path, opened)
    make, rows = observers.orders(has_route=False), observers.rows()["shipments"]
    assert make is not None

    async def look() -> tuple[Any, Any]:
        return await asyncio.gather(make(None).read("o1"), rows.read({"order": "o1"}))  # type: ignore[arg-type]

    before = shop.connections
    found, counts = asyncio.run(look())
    assert (found.state, found.amount, found.fulfilled, counts.count) == (OrderState.PAID, 1999, 2, 2)
    assert shop.connections == before + 1
    for close in reversed(opened):
        close()
    deadline = time.monotonic() + 5
    while shop.connections > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shop.connections == before


@each
def test_a_query_that_takes_too_long_is_given_up(url: tuple[str, str]) -> None:
    database = open_server(*url, within=0.2)
    slow = {
        "postgres": "SELECT pg_sleep(30)",
        "mysql": "SELECT count(*) AS n FROM information_schema.columns a, information_schema.columns b, "
        "information_schema.columns c, information_schema.columns d",
    }[url[0]]
    with pytest.raises(Unreadable, match=r"statement timeout|interrupted"):
        database.rows(slow, {})
    assert database.rows("SELECT 1 AS one", {}) == [{"one": 1}]
    database.close()
    database.close()


@each
@pytest.mark.parametrize("flaw", ["password", "database", "address"])
def test_what_cannot_connect_says_so_without_the_password(url: tuple[str, str], flaw: str) -> None:
    kind, address = url
    changed = {
        "password": address.replace(QUOTED, "wrong-pass-word").replace("postgres:", "nobody:"),
        "database": re.sub(r"/(shop|postgres)\?", "/elsewhere?", address),
        "address": re.sub(r"=(/.*)", r"=/nowhere", address),
    }[flaw]
    orders = SqlOrders(open_server(kind, changed, within=1), SELECT, OrderMapping())
    with pytest.raises(Inconclusive, match="cannot connect") as caught:
        asyncio.run(orders.read("o1"))
    assert caught.value.supply == "observers.order.url"
    for secret in (PASSWORD, QUOTED, "wrong-pass-word"):
        assert secret not in str(caught.value) and secret not in repr(orders.__dict__)
