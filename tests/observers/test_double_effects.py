"""A small app that is launched, and does twice what only rows of another table, or a gateway of SMS, can show."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path

import pytest
from tests.scenario.test_reading import HEAD

from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Catalog, load_catalog
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks

APP = Path(__file__).with_name("shipping_app.py")
QUERY = "SELECT item, email FROM shipments WHERE order_id = :order"
DUPLICATES = "webhook-duplicates-harmless"


def settings(folder: Path, flaws: str, *, fulfilled_rows: str) -> Path:
    names = {"PORT": "{port}", "STRIPE": "{stripe_url}", "KEY": "{secret_key}", "SECRET": "{webhook_secret}"}
    env = {**names, "DATA": "{scratch}/shop.db", "GATEWAY": "{notification_url}", "FLAWS": flaws}
    path = folder / "stripe-audit.yaml"
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "target": {
                    "launch": {"command": [sys.executable, str(APP)], "env": env},
                    "items": [{"id": "mug", "price": "19.99", "currency": "usd"}],
                    "routes": {
                        "create_payment": {
                            "method": "POST",
                            "path": "/payments",
                            "body": {"order": "{order}", "email": "{email}"},
                            "response": {"client_secret": "clientSecret"},
                        },
                        "order": {"path": "/orders/{order}", "response": {"status": "status", "amount": "amount"}},
                        "webhook": [{"path": "/webhook", "secret": {"generated": True}}],
                    },
                },
                "observers": {
                    "order": {"states": {"paid": ["paid"], "pending": ["pending"]}, "fulfilled_rows": fulfilled_rows},
                    "rows": {"shipments": {"kind": "sqlite", "path": "{scratch}/shop.db", "query": QUERY}},
                    "logs": {"kind": "process", "format": "json"},
                    "notifications": {},
                },
                "audit": {"patience": 3},
            }
        )
    )
    return path


def scenario(folder: Path, name: str, steps: str) -> Path:
    path = folder / f"{name.replace('-', '_')}.yaml"
    path.write_text(HEAD.replace("my-scenario", name) + "steps:\n" + textwrap.indent(steps, "  "))
    return path


TWICE = """
- create_payment: {}
- rows: {table: shipments, of: payment}
  save: before
- pay: {}
- eventually: {order: payment, that: {state: paid}}
- deliver: {of: payment, again: true, copies: 2}
"""
SCENARIOS = {
    "ships-once": TWICE
    + """\
- name: shipped once
  expect: {rows: shipments, of: payment, that: {count: "{{ add(before.count, `1`) }}"}}
""",
    "tells-once": TWICE
    + """\
- name: told once
  expect: {notifications: [thank you], of: payment, at: /sms, that: {count: 1, "fields[0].To": "+49123"}}
- notifications: {with: ["paid:"], of: payment}
  save: chat
- expect: {value: "{{ chat }}", that: {count: 1, "paths[0]": /chat}}
""",
    "documented-example": (
        "- create_payment: {}\n"
        + next(
            block
            for block in re.findall(
                r"^```yaml\n(.*?)^```$", (APP.parents[2] / "docs/scenarios.md").read_text("utf-8"), re.M | re.S
            )
            if "rows:" in block
        )
    ),
    "nothing-of-the-kind": """
- create_payment: {}
- expect: {rows: licences, of: payment, that: {count: 0}}
""",
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("scenarios")
    return load_catalog(scenarios=[scenario(folder, name, text) for name, text in SCENARIOS.items()])


def results(catalog: Catalog, folder: Path, flaws: str, *checks: str) -> dict[str, CheckResult]:
    path = settings(folder, flaws, fulfilled_rows="shipments")
    with Stage(load_settings(path, environ={})) as stage:
        assert stage.unreached is None
        return run_checks([*SCENARIOS, *checks], stage, catalog=catalog)


def test_what_is_done_once_passes(catalog: Catalog, tmp_path: Path) -> None:
    found = results(catalog, tmp_path, "", DUPLICATES)
    assert {name: one.outcome for name, one in found.items() if name in SCENARIOS} == {
        "ships-once": Outcome.PASSED,
        "tells-once": Outcome.PASSED,
        "documented-example": Outcome.PASSED,
        "nothing-of-the-kind": Outcome.SKIPPED,
    }, found
    assert found["nothing-of-the-kind"].setting == "observers.rows.licences"
    assert found[DUPLICATES].outcome is Outcome.PASSED, found[DUPLICATES]


def test_what_is_shipped_twice_shows_in_rows_and_by_them_to_every_check(catalog: Catalog, tmp_path: Path) -> None:
    found = results(catalog, tmp_path, "ships-twice", DUPLICATES)
    (finding,) = found["ships-once"].findings
    assert "count is 3, not 1" in finding.detail
    assert found["tells-once"].outcome is Outcome.PASSED
    assert found[DUPLICATES].outcome is Outcome.FAILED


def test_what_is_told_twice_shows_in_notifications(catalog: Catalog, tmp_path: Path) -> None:
    found = results(catalog, tmp_path, "tells-twice")
    (finding,) = found["tells-once"].findings
    assert "count is 3, not 1" in finding.detail
    assert found["ships-once"].outcome is Outcome.PASSED
