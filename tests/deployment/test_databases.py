"""Databases that are taken away for a moment, and are back afterwards, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.deployment.databases import CommandedDatabase, LockedDatabase, ProxiedDatabase
from stripe_audit.errors import Inconclusive, TargetError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop with #1.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE orders (id TEXT)")
    return path


def is_writable(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as writer:
        try:
            writer.execute("INSERT INTO orders VALUES ('o1')")
        except sqlite3.OperationalError:
            return False
        return True


def test_a_locked_file_takes_no_writes_until_it_is_let_go(file: Path) -> None:
    database = LockedDatabase(file)

    async def use() -> None:
        async with database.away():
            assert not is_writable(file)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(use())
    assert is_writable(file)


def test_what_is_left_locked_is_let_go_when_the_run_ends(file: Path) -> None:
    database = LockedDatabase(file)
    database._take_down()
    database.stop()
    database.stop()
    assert is_writable(file)


def test_a_lock_writes_nothing(file: Path) -> None:
    before = file.read_bytes()
    database = LockedDatabase(file)
    database._take_down()
    database.stop()
    assert file.read_bytes() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Inconclusive) as caught:
        LockedDatabase(tmp_path / "none.db")._take_down()
    assert caught.value.supply == "target.database.path"
    assert list(tmp_path.iterdir()) == []


def commanded(folder: Path, down: str, up: str, within: float = 10.0) -> CommandedDatabase:
    words = [[sys.executable, "-I", "-S", "-c", code] for code in (down, up)]
    return CommandedDatabase(*words, cwd=folder, env={}, within=within)


NOTE = "open('{0}', 'a').write('x')"


def test_commands_run_in_turn_and_in_their_folder(tmp_path: Path) -> None:
    database = commanded(tmp_path, NOTE.format("down"), NOTE.format("up"))

    async def use() -> None:
        async with database.away():
            assert {path.name for path in tmp_path.iterdir()} == {"down"}

    asyncio.run(use())
    database.stop()  # it is up: nothing is run again
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"down": "x", "up": "x"}


@pytest.mark.parametrize(
    ("down", "within", "told"),
    [
        ("raise SystemExit('no such container')", 10.0, "ended with code 1: no such container"),
        ("import time; time.sleep(60)", 0.3, "did not end within 0.3 s"),
    ],
)
def test_a_command_that_fails_is_told_and_the_other_runs_all_the_same(
    down: str, within: float, told: str, tmp_path: Path
) -> None:
    database = commanded(tmp_path, down, NOTE.format("up"), within)
    with pytest.raises(Inconclusive) as caught:
        database._take_down()
    assert told in str(caught.value)
    assert caught.value.supply == "target.database.down"
    database._within = 10.0
    database.stop()
    assert (tmp_path / "up").exists()


def test_a_command_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(Inconclusive, match=r"target\.database\.down cannot be run: No such file"):
        CommandedDatabase(["no-such-command"], ["x"], cwd=tmp_path, env={}, within=1)._take_down()


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that says back what it hears."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                met, _ = listener.accept()
            except OSError:
                return
            with met, contextlib.suppress(ConnectionError):
                while heard := met.recv(100):
                    met.sendall(heard)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def says(connection: socket.socket, word: bytes) -> bytes:
    connection.sendall(word)
    return connection.recv(100)


def test_a_proxied_database_hangs_up_and_comes_back(echo: tuple[str, int]) -> None:
    database = ProxiedDatabase(echo)
    database.start()
    try:
        with socket.create_connection(database.address, timeout=5) as first:
            assert says(first, b"one") == b"one"
            database._take_down()
            with pytest.raises(ConnectionResetError):
                first.recv(100)
            with pytest.raises(ConnectionError), socket.create_connection(database.address, timeout=5) as second:
                assert says(second, b"two") != b"", "it ended without a reset"
        database._bring_up()
        with socket.create_connection(database.address, timeout=5) as third:
            assert says(third, b"three") == b"three"
            third.shutdown(socket.SHUT_WR)
            assert third.recv(100) == b""  # the end is passed on, both ways
    finally:
        database.stop()
    database.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(database.address, timeout=5)


def test_a_database_that_is_not_there_hangs_up_too() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = taken.getsockname()
    database = ProxiedDatabase(address)
    database.start()
    try:
        with pytest.raises(ConnectionError), socket.create_connection(database.address, timeout=5) as first:
            assert says(first, b"one") != b"", "it ended without a reset"
    finally:
        database.stop()


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(TargetError) as caught:
        ProxiedDatabase(("127.0.0.1", 1), taken.getsockname()[1]).start()
    assert "cannot listen" in str(caught.value)
    assert caught.value.hint == "target.database.port: 0 takes a free one"
