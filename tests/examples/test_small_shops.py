"""Each example is audited as its README says: one command, unmodified, the official library. None has a finding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent / "examples"
SHOPS = (
    "flask-shop",
    pytest.param("express-shop", marks=[pytest.mark.node, pytest.mark.express]),
)
RUN = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--quiet", "--jobs", "8"]
CHECKS = (
    *("server-*", "health-endpoint-answers", "webhook-genuine-event-accepted", "webhook-signature-verified"),
    *("payment-intent-created", "payment-states-handled", "payment-amount-not-trusted", "csp-*", "secrets-not-logged"),
    *("customer-notified", "stripe-outage-handled", "one-time-payment-completes", "webhook-duplicates-harmless"),
)
"""A few of each phase, for two of the shops; ``make examples`` runs all checks on every one."""
Audit = Callable[[str], dict[str, Any]]


def audited(shop: str, folder: Path) -> dict[str, Any]:
    """The report of an audit of an example, in its own folder."""
    report = folder / f"{shop}.json"
    ended = subprocess.run(
        [
            *RUN,
            *(word for check in CHECKS for word in ("--check", check)),
            "--output",
            str(folder / shop),
            "--format",
            f"json={report}",
        ],
        cwd=ROOT / shop,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert report.exists(), ended.stderr[-2000:]
    return {"exit code": ended.returncode, **json.loads(report.read_text())}


@pytest.fixture(scope="module")
def audit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The reports of the chosen examples, made at the same time: an audit waits more than it computes."""
    folder = tmp_path_factory.mktemp("examples")
    chosen = {item.callspec.params["shop"] for item in request.session.items if item.path == request.path}
    pool = ThreadPoolExecutor(len(SHOPS))
    made: dict[str, Future[dict[str, Any]]] = {}

    def report(shop: str) -> dict[str, Any]:
        for name in chosen if not made else ():
            if name != "express-shop" or (ROOT / name / "node_modules").is_dir():
                made[name] = pool.submit(audited, name, folder)
        return made[shop].result()

    return report


@pytest.mark.parametrize("shop", SHOPS)
def test_a_shop_is_launched_as_it_is_and_has_no_finding(shop: str, audit: Audit) -> None:
    report = audit(shop)
    findings = [finding for result in report["results"] for finding in result["findings"]]
    found = [finding["title"] for finding in findings if finding["severity"] not in ("low", "info")]
    assert not found
    errors = [result["reason"] for result in report["results"] if result["outcome"] == "errored"]
    assert not errors
    assert report["exit code"] == 0, report["notes"]
    target = report["target"]
    assert target["allowed"] == "load" and "seen to use them" in target["proof"]
    assert not [note for note in report["notes"] if "does not reach" in note or "kept from Stripe" in note]
    judged = {result["task"][0] for result in report["results"] if result["outcome"] == "passed"}
    assert judged == set("123456")
    assert {result["outcome"] for result in report["results"]} == {"passed"}
    assert len(report["results"]) > len(CHECKS)
    left = {path.name for path in (ROOT / shop).iterdir()} & {"shop.db", "shop.jsonl", ".stripe-audit"}
    assert not left


@pytest.mark.parametrize("shop", ["flask-shop", "fastapi-shop", "django-shop", "express-shop", "nextjs-shop"])
def test_a_shop_knows_nothing_of_the_audit(shop: str) -> None:
    files = [path for path in (ROOT / shop).rglob("*") if not {"node_modules", ".next"} & {*path.parts}]
    sources = [path for path in files if path.suffix in (".py", ".js", ".txt") or path.name == "package.json"]
    assert len(sources) >= 3
    for path in sources:
        text = path.read_text().replace("It knows nothing of stripe-audit", "")
        assert "stripe-audit" not in text and "STRIPE_API_BASE" not in text and "{stripe_url}" not in text, path
