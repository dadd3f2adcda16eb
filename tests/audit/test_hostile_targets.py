"""Targets that are broken in ways that have nothing to do with payments: nothing hangs, and the report says why."""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.catalog import Selection
from stripe_audit.models import Outcome
from stripe_audit.report import Report, closing_verdict, exit_code, exit_reasons
from stripe_audit.settings import Settings, load_settings
from tests.audit.test_proof import TEST_KEY
from tests.servers import Answering, Answers, always

SECRET = "whsec_" + "k" * 32


def settings(folder: Path, url: str, **audit: Any) -> Settings:
    """A target that is declared in full, and runs already."""
    secret = {"secret": SECRET}
    routes = {
        "health": {"path": "/health"},
        "webhook": [{"name": "main", "path": "/webhook", "events": ["payment_intent.succeeded"], **secret}],
        "create_payment": {
            "method": "POST",
            "path": "/pay",
            "body": {"order": "{order}", "item": "{item}", "quantity": "{quantity}", "email": "{email}"},
            "response": {"client_secret": "clientSecret"},
        },
        "order": {"path": "/orders/{order}", "response": {"status": "status"}},
        "page": {"path": "/checkout"},
    }
    target = {
        "url": url,
        "environment": "test",
        "stripe": "env",
        "items": [{"id": "mug", "price": "19.99", "currency": "usd"}],
        "routes": routes,
    }
    whole = {
        "version": 1,
        "target": target,
        "stripe": {"secret_key": TEST_KEY},
        "observers": {"order": {"kind": "http"}},
        "audit": {"patience": 0.3, "timeout": 3, "jobs": 8, **audit},
    }
    path = folder / "stripe-audit.yaml"
    path.write_text(json.dumps(whole))
    return load_settings(path, environ={})


def audited(folder: Path, url: str, selection: Selection | None = None, **audit: Any) -> Report:
    return Audit(settings(folder, url, **audit), Options(selection or Selection())).run()


@pytest.mark.parametrize("status", [200, 400])
def test_a_target_that_gives_one_answer_to_everything_is_not_called_sound(status: int, tmp_path: Path) -> None:
    with always(status) as target:
        report = audited(tmp_path, target.url)
    assert exit_code(report) != 0
    reasons = [text for _, text in exit_reasons(report)]
    assert reasons
    assert closing_verdict(report).value in ("not proven", "not safe", "functional with gaps")
    told = " ".join(
        [*(finding.detail for finding in report.findings), *(result.reason or "" for result in report.results)]
    )
    assert str(status) in told or "2xx" in told
    passed = {result.check for result in report.results if result.outcome is Outcome.PASSED}
    assert passed & {"payment-intent-created", "webhook-signature-verified", "one-time-payment-completes"} == set()


def endless(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"x" * 3_000_000, content_type="text/plain")


BOMB = gzip.compress(b"0" * 30_000_000)


def bomb(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


def loop(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": request.path})


def hostile_text(request: web.BaseRequest) -> web.StreamResponse:
    text = "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07 ‮ <script>alert(1)</script> [x](http://evil.example) \x00"
    return web.Response(body=text.encode("utf-8", "surrogatepass"), status=500)


@pytest.mark.parametrize("answer", [endless, bomb, loop, hostile_text])
def test_nothing_that_a_target_answers_stops_the_audit(answer: Answering, tmp_path: Path) -> None:
    with Answers(answer) as target:
        report = audited(tmp_path, target.url, budget={"body_bytes": 100_000})
    assert exit_code(report) in (1, 3)
    assert report.results
    text = repr(report)
    assert "\x1b" not in text and "\\x1b" not in text


def test_an_unreachable_target_leaves_a_whole_report(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        report = audited(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert exit_code(report) == 3
    assert not report.target.reached
    assert any("no connection" in note for note in report.notes)
    looked = {result.check for result in report.results if result.outcome.is_judged}
    assert "payment-intent-created" not in looked


def test_a_target_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        began = time.monotonic()
        chosen = Selection(checks=("webhook-signature-verified", "payment-intent-created"))
        report = audited(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}", chosen, timeout=1)
    assert time.monotonic() - began < 20
    assert exit_code(report) == 3


def test_a_spent_budget_ends_a_check_without_a_verdict(tmp_path: Path) -> None:
    with always(200) as target:
        report = audited(tmp_path, target.url, budget={"requests": 1})
    assert exit_code(report) != 0
    assert any("budget" in (result.reason or "") for result in report.results)
