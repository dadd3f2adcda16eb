"""How observers are declared: each mistake is told with its line and what to do, and no password with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stripe_audit.errors import SettingsError
from stripe_audit.observers.databases.address import DatabaseAddress, read_address
from stripe_audit.observers.databases.query import check_select, names_in, with_values
from stripe_audit.redaction import Redactor
from stripe_audit.settings import Settings, load_settings
from stripe_audit.settings.held_secrets import held_secrets, shown_settings
from stripe_audit.settings.observing import (
    LogsObserverSettings,
    MailObserverSettings,
    NotificationsObserverSettings,
    OrderObserverSettings,
    RowsObserverSettings,
)
from stripe_audit.settings.unset import unset_variables

PASSWORD = "corr3ct-horse"
URL = f"postgresql://shop:{PASSWORD}@127.0.0.1/shop"
QUERY = "SELECT status FROM orders WHERE id = :order"


def loaded(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "stripe-audit.yaml"
    path.write_text(f"version: 1\nobservers:\n{text}\n")
    return load_settings(path, environ=environ)


ROWS = "  rows:\n    shipments:\n"
SQLITE = "  order:\n    kind: sqlite\n    path: x\n    query: "
API = "url: 'http://127.0.0.1:8025'"
IN_URL = f"url: '{URL}', query: '{QUERY}'"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (f"  order: {{kind: postgres, query: '{QUERY}'}}", 3, "order: kind postgres needs url, as {env: DATABASE_URL}"),
        (f"  order: {{kind: mysql, query: '{QUERY}'}}", 3, "order: kind mysql needs url"),
        (f"  order: {{kind: postgres, url: '{URL}'}}", 3, "order: kind postgres needs url and query"),
        (f"  order: {{kind: postgres, url: {{generated: true}}, query: '{QUERY}'}}", 3, "url cannot be generated"),
        (f"  order: {{kind: mysql, {IN_URL}}}", 3, "url must begin with mariadb://, for kind mysql"),
        (f"  order: {{kind: sqlite, path: x, {IN_URL}}}", 3, "url belongs to kind postgres or mysql"),
        (f"  order: {{kind: postgres, path: x, {IN_URL}}}", 3, "path belongs to kind sqlite"),
        (SQLITE + "DELETE FROM orders WHERE id = :order", 6, "must be one SELECT"),
        (SQLITE + "SELECT 1; SELECT :order", 6, "not several statements"),
        (SQLITE + "SELECT status FROM orders", 6, "is about, by :order"),
        (SQLITE + "SELECT :ordr", 6, "asks for :ordr; known are :order"),
        (f"{ROWS}      query: SELECT 1 FROM s WHERE a = :order", 3, "shipments needs kind, since observers.order"),
        (f"{ROWS}      kind: sqlite\n      path: x\n      query: SELECT 1 FROM s", 7, "by :order or :payment_intent"),
        (f"{ROWS}      kind: sqlite\n      query: SELECT :order", 4, "kind sqlite needs path"),
        (f"{ROWS}      path: x\n      query: SELECT :order", 4, "path and url need kind"),
        (f"{ROWS}      kind: mysql\n      query: SELECT :order", 4, "kind mysql needs url"),
        ("  rows: {Ship-ments: {kind: sqlite, path: x, query: 'SELECT :order'}}", 3, "should match pattern"),
        ("  order: {fulfilled_rows: shipments}", 3, "order.fulfilled_rows: there is no rows.shipments"),
        (
            "  order: {fulfilled_rows: licences}\n  rows: {licences: {kind: sqlite, path: x, query: 'SELECT :email'}}",
            3,
            "rows.licences.query must take :order and nothing else",
        ),
        ("  logs: {kind: journal}", 3, "kind journal needs either unit or path"),
        ("  logs: {kind: journal, unit: x, path: y}", 3, "kind journal needs either unit or path"),
        ("  logs: {kind: file, path: x, unit: y}", 3, "unit belongs to kind journal"),
        ("  mail: {kind: mailpit}", 3, "kind mailpit needs url"),
        ("  mail: {kind: maildir}", 3, "kind maildir needs path"),
        (f"  mail: {{kind: smtp, {API}}}", 3, "url, login and smtp belong to"),
        (f"  mail: {{kind: mailhog, {API}, path: x}}", 3, "path belongs to kind maildir"),
        (f"  mail: {{kind: mailhog, {API}, port: 9}}", 3, "port belongs to kind smtp"),
        (f"  mail: {{kind: mailpit, {API}, smtp: nowhere}}", 3, "mail.smtp"),
        ("  notifications: {alerts_to: ops}", 3, "notifications.alerts_to"),
        ("  notifications: {answer: {status: 500}}", 3, "notifications.answer.status"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)
    assert told in caught.value.message
    assert any(f"stripe-audit.yaml:{number}: observers" in caught.value.message for number in (line, 2))
    assert PASSWORD not in f"{caught.value.message} {caught.value.hint}"


def test_whole_settings_are_taken(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        f"""
  order: {{kind: postgres, url: {{env: DATABASE_URL}}, query: "{QUERY}", fulfilled_rows: shipments}}
  rows:
    shipments: {{query: "SELECT sku FROM shipments WHERE order_id = :order"}}
    licences: {{kind: mysql, url: "{URL.replace("postgresql", "mysql")}", query: "SELECT 1 FROM l WHERE o = :email"}}
  logs: {{kind: journal, unit: shop.service, format: text}}
  mail: {{kind: mailpit, url: "http://127.0.0.1:8025", login: {{env: MAILPIT}}, smtp: "127.0.0.1:1025"}}
  notifications: {{alerts_to: /ops, answer: {{status: 201, body: {{sid: SM1}}}}}}
""",
    )
    assert settings.model.observers.rows["shipments"].kind is None
    assert unset_variables(settings) == {"order": "DATABASE_URL", "rows.shipments": "DATABASE_URL"}


def test_the_examples_of_the_guide_load(tmp_path: Path, root: Path) -> None:
    guide = (root / "docs/observers.md").read_text("utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    path = tmp_path / "stripe-audit.yaml"
    for example in examples:
        path.write_text("version: 1\n" + example)
        load_settings(path, environ={})
    assert len(examples) == 3


def test_the_guide_tells_of_every_kind_and_setting(root: Path) -> None:
    guide = (root / "docs/observers.md").read_text("utf-8")
    models = (OrderObserverSettings, RowsObserverSettings, LogsObserverSettings, MailObserverSettings)
    kinds = {kind for model in models for kind in str(model.model_fields["kind"].annotation).split("'")[1::2]}
    names = {name for model in (*models, NotificationsObserverSettings) for name in model.model_fields}
    assert not [word for word in (kinds | names) - {"amount_unit"} if not re.search(rf"[`\s]{word}\b", guide)]


@pytest.mark.parametrize("given", [f"'{URL}'", "{env: DATABASE_URL}"])
def test_passwords_of_databases_are_known_and_shown_nowhere(tmp_path: Path, given: str) -> None:
    text = f"  order: {{kind: postgres, url: {given}, query: '{QUERY}'}}"
    settings = loaded(tmp_path, text, DATABASE_URL=URL.replace(PASSWORD, "p%40ss%2Fword") if "env" in given else "")
    secrets = held_secrets(settings)
    expected = {"p%40ss%2Fword", "p@ss/word"} if "env" in given else {PASSWORD}
    assert expected <= set(secrets)
    shown = f"{shown_settings(settings, Redactor(secrets))} {settings!r}"
    assert not any(secret in shown for secret in secrets)


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("postgres://u:p%40x@db/shop", "postgres", DatabaseAddress("postgres", "db", 5432, "shop", "u", "p@x")),
        ("postgresql+asyncpg://db:6432/shop", "postgres", DatabaseAddress("postgres", "db", 6432, "shop")),
        ("postgresql:///shop", "postgres", DatabaseAddress("postgres", "localhost", 5432, "shop")),
        ("mysql+pymysql://u@db/shop", "mysql", DatabaseAddress("mysql", "db", 3306, "shop", "u")),
        ("mariadb://[::1]/shop/", "mysql", DatabaseAddress("mysql", "::1", 3306, "shop")),
    ],
)
def test_addresses_are_read_as_apps_write_them(url: str, kind: str, expected: DatabaseAddress) -> None:
    assert read_address(url, kind) == expected
    assert "p@x" not in repr(read_address(url, kind)) + read_address(url, kind).label


@pytest.mark.parametrize(
    ("options", "encryption"),
    [("", ""), ("?sslmode=disable", "off"), ("?sslmode=require", "on"), ("?sslmode=verify-full", "verify"),
     ("?ssl=true", "on"), ("?ssl-mode=VERIFY_IDENTITY", "verify"), ("?sslaccept=strict", "verify"), ("?a=b", "")],
)  # fmt: skip
def test_what_is_asked_of_tls(options: str, encryption: str) -> None:
    assert read_address(f"mysql://db/shop{options}", "mysql").encryption == encryption


NO_ADDRESSES = ["", "x", "postgres://db", *(form.format(PASSWORD) for form in (
    "postgres://u:{}/@db/shop", "http://u:{}@db/shop", "postgres://u:{}@[db/shop", "postgres://u:{}@db:port/shop",
))]  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_is_none_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_address(url, "postgres")
    assert PASSWORD not in str(caught.value) and caught.value.__cause__ is None


# Queries


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT a FROM b WHERE c = :order AND d = :email", {"order", "email"}),
        ("SELECT ':no', \":no\", `:no`, $$:no$$, $x$ :no $x$ -- :no\n, /* :no */ a::text, b[1:2], x:=1, :yes", {"yes"}),
        ("SELECT 'it''s :no' || :order", {"order"}),
    ],
)
def test_the_values_of_a_query(query: str, names: set[str]) -> None:
    assert names_in(query) == names


def test_in_mysql_a_backslash_escapes_and_comments_are_dropped() -> None:
    query = r"SELECT 'a\' :no', 1--1 # :no" + "\n, /*! :no */ :order -- :no"
    assert (
        with_values(query, lambda name: f"<{name}>", is_mysql=True) == r"SELECT 'a\' :no', 1--1  " + "\n,   <order>  "
    )


@pytest.mark.parametrize(
    "query", ["select 1", " /* x */ (SELECT 1)", "-- x\nWITH a AS (SELECT 1) SELECT * FROM a;", "SELECT ';into'"]
)
def test_what_reads_is_taken(query: str) -> None:
    assert check_select(query) == query


@pytest.mark.parametrize(
    "query", ["", "UPDATE a SET b = 1", "selection", "SELECT 1; SELECT 2", "SELECT a INTO b FROM c", "SHOW x"]
)
def test_what_does_not_read_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="must be one SELECT"):
        check_select(query)
