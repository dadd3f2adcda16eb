"""A page in Debian's Chromium: what it asks for, what its policy forbids, and that nothing else is reached or left."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_audit.web.browser import BrowserError, Loaded, load_page
from stripe_audit.web.devtools import open_browser

PROGRAM = "/usr/bin/chromium"
POLICY = (
    "script-src 'self' https://js.stripe.com https://cdn.foreign.example; frame-src https://js.stripe.com;"
    " connect-src 'self' https://api.stripe.com"
)
PAGE = """<!doctype html><body><script src=https://js.stripe.com/clover/stripe.js></script><script src=/own.js></script>
<script src=https://cdn.foreign.example/t.js></script><script>inline()</script><img src="http://127.0.0.1:1/pixel">
<img src=https://q.stripe.com/x></body>"""
OWN = """
const late = document.createElement('script');
late.src = 'https://cdn.foreign.example/late.js';
late.onerror = () => console.debug('stripe-audit:refused');
document.body.append(late);
Stripe('pk_test_51abc').elements().create('payment').mount('#x');
document.body.append(missing);
"""


@contextlib.contextmanager
def serving(pages: dict[str, tuple[str, str]], policy: str) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            kind, text = pages.get(self.path, ("text/plain", ""))
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def visited() -> tuple[Loaded, list[str]]:
    pages = {"/pay": ("text/html", PAGE), "/own.js": ("text/javascript", OWN)}
    with serving(pages, POLICY) as (base, asked):
        return asyncio.run(load_page(PROGRAM, f"{base}/pay", [base])), asked


@pytest.mark.chromium
class TestAPage:
    def test_every_request_has_an_owner_and_foreign_ones_are_refused(self, visited):
        loaded, asked = visited
        by_host = {one.url.split("/")[2].split(":")[0]: one.whose for one in loaded.requests}
        assert by_host["js.stripe.com"] == by_host["q.stripe.com"] == "stripe"
        assert by_host["cdn.foreign.example"] == "foreign"
        assert {one.whose for one in loaded.requests if one.url.startswith("http://127.0.0.1:1/")} == {"foreign"}
        assert set(asked) - {"/favicon.ico"} == {"/pay", "/own.js"}

    def test_violations_are_the_browsers_own_reports(self, visited):
        told = {(one.directive, one.blocked) for one in visited[0].violations}
        assert ("script-src-elem", "inline") in told
        assert any(directive == "frame-src" and "hooks.stripe.com" in blocked for directive, blocked in told)
        assert not any("cdn.foreign.example" in blocked for _, blocked in told), "refused by us, not by the policy"
        assert not any("js.stripe.com" in blocked or "api.stripe.com" in blocked for _, blocked in told)

    def test_the_stand_in_tells_what_the_page_does_with_stripe(self, visited):
        assert visited[0].said == ["key pk_test_", "mounted", "refused"]
        assert any("missing is not defined" in error for error in visited[0].errors)
        assert visited[0].is_loaded and visited[0].is_quiet


@pytest.mark.chromium
def test_the_browser_is_gone_afterwards_and_its_profile_too(monkeypatch):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is too long for the name of Chromium's socket
        _is_gone_afterwards(Path(folder), monkeypatch)


def _is_gone_afterwards(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    async def version() -> str:
        async with open_browser(PROGRAM) as talk:
            assert len(list(tmp_path.glob("stripe-audit-browser-*"))) == 1
            told = await talk.ask("Browser.getVersion")
            with pytest.raises(BrowserError):
                await talk.ask("No.suchThing")
            return str(told["product"])

    assert "Chrome/" in asyncio.run(version())
    assert not list(tmp_path.glob("stripe-audit-browser-*"))


def test_a_program_that_is_no_browser_is_told_and_leaves_no_descriptor():
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(BrowserError):
        asyncio.run(load_page("/bin/false", "http://127.0.0.1:1/", []))
    assert set(Path("/proc/self/fd").iterdir()) <= before
