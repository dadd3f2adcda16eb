"""The observers of a run: what is declared is opened, what is missing is said, and doctor tells each before a run."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.audit.observing import Observers
from stripe_audit.audit.preflight import observed
from stripe_audit.audit.preflight.lines import Line
from stripe_audit.describe import declared_needs, target_spec
from stripe_audit.errors import SettingsError, UsageError
from stripe_audit.settings import Settings, load_settings
from tests.databases import PASSWORD, QUOTED, mysql_server
from tests.servers import Answers

QUERY = "SELECT status FROM orders WHERE id = :order"
ROWS = "SELECT 1 FROM shipments WHERE order_id = :order"


def loaded(folder: Path, observers: dict[str, Any], target: dict[str, Any] | None = None, **environ: str) -> Settings:
    path = folder / "stripe-audit.yaml"
    path.write_text(json.dumps({"version": 1, "target": target or {}, "observers": observers}))
    return load_settings(path, environ=environ)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id TEXT, status TEXT)")
        connection.execute("CREATE TABLE shipments (order_id TEXT)")
        connection.executemany("INSERT INTO shipments VALUES (?)", [("o1",), ("o1",)])
        connection.execute("INSERT INTO orders VALUES ('o1', 'paid')")
    connection.close()
    return path


def test_orders_and_rows_in_one_place_share_a_database(tmp_path: Path, database: Path) -> None:
    order = {"kind": "sqlite", "path": "{scratch}/shop.db", "query": QUERY, "fulfilled_rows": "shipments"}
    settings = loaded(tmp_path, {"order": order, "rows": {"shipments": {"query": ROWS}}})
    opened: list[Callable[[], None]] = []
    observers = Observers(settings)
    observers.open(tmp_path, opened)
    make = observers.orders(has_route=False)
    assert make is not None
    found = asyncio.run(make(None).read("o1"))  # type: ignore[arg-type]
    assert found and (found.raw_state, found.fulfilled) == ("paid", 2)
    assert asyncio.run(observers.rows()["shipments"].read({"order": "o1"})).count == 2
    assert asyncio.run(make(None).read("o2")) is None  # type: ignore[arg-type]
    assert len(observers._databases) == 1
    for close in opened:
        close()


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_without_the_extra_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name in ("pg8000", "pg8000.native", "pymysql"):
        monkeypatch.setitem(sys.modules, name, None)
    settings = loaded(tmp_path, {"order": {"kind": kind, "url": f"{kind}://u:{QUOTED}@db/shop", "query": QUERY}})
    with pytest.raises(UsageError, match="which is not installed") as caught:
        Observers(settings).open(tmp_path, [])
    assert caught.value.hint == "pip install 'stripe-audit[sql]'"
    (line,) = observed.order_lines(settings)
    assert (line.state, line.fix) == ("wrong", "pip install 'stripe-audit[sql]'")


def test_a_variable_that_is_not_set_is_a_reason_and_no_error(tmp_path: Path) -> None:
    order = {"kind": "postgres", "url": {"env": "DATABASE_URL"}, "query": QUERY}
    settings = loaded(tmp_path, {"order": order, "rows": {"shipments": {"query": ROWS}}})
    observers = Observers(settings)
    observers.open(tmp_path, [])
    assert observers.orders(has_route=True) is None and observers.rows() == {}
    declared = declared_needs(settings, target_spec(settings, {}, {}), is_launching=False)
    assert not {"observer:order", "observer:rows"} & declared.met
    assert declared.reasons["observer:order"] == declared.reasons["observer:rows"]
    assert declared.reasons["observer:order"] == "the variable DATABASE_URL is not set"
    assert [line.told for line in (*observed.order_lines(settings), *observed.rows_lines(settings))] == [
        "the variable DATABASE_URL is not set"
    ] * 2


def test_a_variable_that_holds_no_address_is_an_error_that_does_not_show_it(tmp_path: Path) -> None:
    order = {"kind": "postgres", "url": {"env": "DATABASE_URL"}, "query": QUERY}
    settings = loaded(tmp_path, {"order": order}, DATABASE_URL=f"mysql://u:{QUOTED}@db/shop")
    with pytest.raises(SettingsError, match="must begin with postgresql://") as caught:
        Observers(settings).open(tmp_path, [])
    (line,) = observed.order_lines(settings)
    assert line.state == "wrong" and "must begin with postgresql://" in line.told
    for text in (str(caught.value), str(caught.value.hint), str(line)):
        assert QUOTED not in text and PASSWORD not in text


def test_where_mails_go_is_told_to_the_target(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    declared: list[tuple[dict[str, Any] | None, tuple[str, int]]] = [
        (None, ("127.0.0.1", 0)),
        ({"kind": "maildir", "path": "{scratch}/mail"}, ("127.0.0.1", 0)),
        ({"kind": "mailpit", "url": url, "smtp": "localhost:1025"}, ("localhost", 1025)),
        ({"kind": "mailhog", "url": url}, ("127.0.0.1", 0)),
    ]
    for mail, expected in declared:
        assert Observers(loaded(tmp_path, {"mail": mail} if mail else {})).smtp == expected


# Doctor


def lines(look: Callable[[Settings], Any], settings: Settings) -> list[Line]:
    return list(look(settings))


def test_doctor_reads_a_database_once(tmp_path: Path, database: Path) -> None:
    order = {"kind": "sqlite", "path": "shop.db", "query": QUERY}
    rows = {"shipments": {"query": ROWS}, "licences": {"query": "SELECT 1 FROM licences WHERE owner = :email"}}
    settings = loaded(tmp_path, {"order": order, "rows": rows})
    (line,) = lines(observed.order_lines, settings)
    assert (line.state, line.told) == ("ok", "shop.db is read")
    good, bad = lines(observed.rows_lines, settings)
    assert (good.what, good.state) == ("observer rows shipments", "ok")
    assert (bad.what, bad.state, bad.fix) == ("observer rows licences", "wrong", "observers.rows.licences.query")
    assert "no such table" in bad.told


@pytest.mark.mariadb
def test_doctor_connects_to_a_server_and_tells_no_password(tmp_path: Path) -> None:
    with mysql_server(tmp_path / "server") as url:
        rows = {
            "shipments": {"kind": "mysql", "url": {"env": "DATABASE_URL"}, "query": "SELECT :order AS a, :email AS b"}
        }
        for address, state in ((url, "ok"), (url.replace(QUOTED, "wrong-word"), "wrong")):
            (line,) = lines(observed.rows_lines, loaded(tmp_path, {"rows": rows}, DATABASE_URL=address))
            assert line.state == state, line
            assert not any(secret in str(line) for secret in (PASSWORD, QUOTED, "wrong-word"))
        assert "cannot connect: Access denied" in line.told and line.fix == "observers.rows.shipments.url"


def test_doctor_opens_what_will_listen_and_asks_what_does(tmp_path: Path) -> None:
    from tests.observers.test_mailboxes import Catcher

    (tmp_path / "mail/new").mkdir(parents=True)
    (tmp_path / "mail/cur").mkdir()
    with Answers(Catcher().mailpit) as server:
        for mail, state, told in (
            ({"kind": "smtp"}, "ok", "a mail sink can be opened"),
            ({"kind": "mailpit", "url": server.url}, "ok", "the mailpit is read"),
            ({"kind": "mailhog", "url": server.url}, "wrong", "answered 404"),
            ({"kind": "mailpit", "url": "http://127.0.0.1:1"}, "wrong", "refused"),
            ({"kind": "maildir", "path": "mail"}, "ok", "the maildir is read"),
            ({"kind": "maildir", "path": "nowhere"}, "note", "is no maildir"),
            ({"kind": "maildir", "path": "{scratch}/mail"}, "ok", "which is made in the run"),
        ):
            (line,) = lines(observed.mail_lines, loaded(tmp_path, {"mail": mail}))
            assert line.state == state and told in line.told, line
            assert line.fix or line.state == "ok"


def test_doctor_sees_a_sink_that_the_target_is_not_told_of(tmp_path: Path) -> None:
    launch = {"command": "x", "env": {"SLACK": "{notification_url}/slack"}}
    for target, state in (({"launch": launch}, "ok"), ({"launch": {"command": "x"}}, "note"), ({}, "ok")):
        (line,) = lines(observed.notification_lines, loaded(tmp_path, {"notifications": {}}, target))
        assert line.state == state, line
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (line,) = lines(observed.notification_lines, loaded(tmp_path, {"notifications": {"port": port}}))
        assert line.state == "wrong" and "observers.notifications.port" in str(line.fix)


@pytest.mark.parametrize(
    ("script", "state", "told"),
    [
        ('echo \'{"MESSAGE": "x", "__CURSOR": "c"}\'', "ok", "the journal of shop.service is read"),
        ("true", "note", "shows no entry of shop.service"),
        ("echo denied >&2; exit 1", "wrong", "journalctl fails: denied"),
    ],
)
def test_doctor_asks_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, state: str, told: str
) -> None:
    program = tmp_path / "journalctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (line,) = lines(observed.log_lines, loaded(tmp_path, {"logs": {"kind": "journal", "unit": "shop.service"}}))
    assert line.state == state and told in line.told, line
