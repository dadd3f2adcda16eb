"""A missing order is a finding where everything that the target stores was searched, and a question elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from stripe_audit.observers.databases.sqlite import SqliteDatabase
from stripe_audit.observers.interface import OrderMapping
from stripe_audit.observers.sql import SqlOrders


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id TEXT, status TEXT)")
        connection.execute('CREATE TABLE "odd ""table" ("a ""column" TEXT, blob BLOB, n INTEGER)')
        connection.execute('INSERT INTO "odd ""table" VALUES (?, ?, ?)', ("say pi_abc twice", b"\xff pi_blob \x00", 42))
        connection.execute("CREATE TABLE empty (x)")
    connection.close()
    return path


def holds(path, *texts, query="SELECT status FROM orders WHERE id = :order"):
    return asyncio.run(SqlOrders(SqliteDatabase(path), query, OrderMapping()).holds(texts))


@pytest.mark.parametrize("text", ["pi_abc", "pi_blob", "42"])
def test_a_text_is_found_in_any_column_of_any_table(database, text):
    assert holds(database, "nowhere", text) is True


def test_what_is_nowhere_is_not_found(database):
    assert holds(database, "sa1-001", "pi_none", "a@example.com") is False
    assert holds(database, "%", "_none") is False


def test_a_database_that_cannot_be_read_proves_nothing(tmp_path):
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    assert holds(tmp_path / "broken.db", "x") is None
    assert holds(tmp_path / "missing.db", "x") is None


def test_searching_changes_nothing(database):
    before = database.read_bytes()
    holds(database, "x")
    assert database.read_bytes() == before
