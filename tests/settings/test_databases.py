"""How a target's database may be declared, and which ways are open to which runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit.errors import SettingsError
from stripe_audit.settings import load_settings
from stripe_audit.settings.model import TargetSettings

PROXY = "database: {kind: proxy, upstream: 'localhost:5432'}"
TOLD = "launch: {command: x, env: {DATABASE_URL: 'postgres://{database_host}:{database_port}/shop'}}"


def target(folder: Path, text: str) -> TargetSettings:
    (folder / "stripe-audit.yaml").write_text(f"version: 1\ntarget: {{{text}}}\n")
    return load_settings(folder=folder, environ={}).model.target


@pytest.mark.parametrize(
    ("text", "launched", "running"),
    [
        ("database: {kind: sqlite, path: '{scratch}/shop.db'}", True, False),
        ("database: {kind: sqlite, path: var/shop.db}", True, True),
        (f"{TOLD}, {PROXY}", True, False),
        ("database: {kind: proxy, upstream: 'localhost:5432', port: 15432}", True, True),
        ("database: {kind: commands, down: docker stop db, up: docker start db}", True, False),
    ],
)
def test_which_runs_can_take_it_away(text: str, launched: bool, running: bool, tmp_path: Path) -> None:
    database = target(tmp_path, text).database
    assert database is not None
    assert database.is_within_reach(is_launching=True) is launched
    assert database.is_within_reach(is_launching=False) is running


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("database: {kind: sqlite}", "kind sqlite needs path"),
        ("database: {kind: commands, up: x}", "kind commands needs down"),
        ('database: {kind: commands, down: "x \'", up: x}', "a quote in a command is not closed"),
        ("database: {kind: sqlite, path: '{port}.db'}", "unknown placeholder {port}"),
        ("database: {kind: proxy, upstream: 'localhost:70000'}", "the port of upstream cannot be used"),
        ("database: {kind: proxy, upstream: 'postgres://u:p@localhost:5432'}", "target.database.upstream"),
        (PROXY, "the app is not told of the proxy"),
        (TOLD, "{database_port} in launch is the port of database"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        target(tmp_path, text)
    assert told in str(caught.value)


def test_an_address_is_taken_apart(tmp_path: Path) -> None:
    database = target(tmp_path, f"{TOLD}, {PROXY}").database
    assert database is not None and database.address == ("localhost", 5432)
