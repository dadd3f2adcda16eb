"""A target without settings: what is found of it, and that no more than reading follows."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from stripe_audit.audit.discovery import discover
from stripe_audit.cli import run as run_command

DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/api/pay": {"$ref": "nowhere"},
        "/v2/create-payment-intent": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pay"}}}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"properties": {"client_secret": {}}}}}}
                },
            }
        },
        "/v2/orders/{orderId}": {"get": {"responses": {}}},
        "/v2/tenants/{tenant}/orders/{id}": {"get": {}},
        "/hooks/webhook": {"post": {}},
    },
    "components": {
        "schemas": {"Pay": {"allOf": [{"properties": {"amount": {}}}, {"$ref": "#/components/schemas/Pay"}]}}
    },
}


class Site:
    """Answers GETs from a table, and counts whatever else comes."""

    def __init__(self, pages: dict[str, tuple[int, bytes]], otherwise: int = 404) -> None:
        self.others: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = pages.get(self.path, (otherwise, b"<html>"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                site.others.append(self.path)
                self.send_error(500)

            do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_POST  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_an_openapi_document_is_read(tmp_path):
    with Site({"/openapi.json": (200, json.dumps(DOCUMENT).encode())}) as site:
        found = discover(site.url, tmp_path)
    assert found.routes["create_payment"] == {
        "method": "POST",
        "path": "/v2/create-payment-intent",
        "body": {"amount": "{amount}"},
        "response": {"client_secret": "client_secret"},
    }
    assert found.routes["order"]["path"] == "/v2/orders/{order}"
    assert [webhook["path"] for webhook in found.routes["webhook"]] == ["/hooks/webhook"]
    assert "webhook is POST /hooks/webhook (/openapi.json)" in found.assumed


def test_well_known_paths_are_told_from_a_site_that_answers_all(tmp_path):
    pages = {"/api/health": (200, b"{}"), "/api/webhooks/stripe": (405, b"")}
    with Site(pages) as site:
        assert set(discover(site.url, tmp_path).routes) == {"health", "webhook"}
    with Site({}, otherwise=200) as site:
        assert not discover(site.url, tmp_path).routes


def test_the_source_at_hand_is_read(tmp_path):
    (tmp_path / "a.js").write_text("app.post('/stripe/hook', f)\napp.get('/up', f)\n")
    with Site({}) as site:
        found = discover(site.url, tmp_path)
    assert found.routes["health"]["path"] == "/up"
    assert "webhook is POST /stripe/hook (a.js:1)" in found.assumed
    assert found.is_from_source and not found.items


def test_the_price_in_the_source_is_assumed_and_told(tmp_path):
    (tmp_path / "a.js").write_text("app.post('/pay', () => stripe.create({ amount: 500, currency: 'eur' }))\n")
    with Site({}) as site:
        found = discover(site.url, tmp_path)
    assert found.items == ({"id": "anything", "price": "5.00", "currency": "eur"},)
    assert "the price is 5.00 eur (a.js:1)" in found.assumed


def test_what_the_target_serves_makes_no_source_of_the_folder(tmp_path):
    with Site({"/api/health": (200, b"{}")}) as site:
        assert not discover(site.url, tmp_path).is_from_source


@pytest.mark.parametrize(
    "body",
    [
        b"[",
        b"[]",
        b"{}",
        b'{"paths": []}',
        b'{"paths": {"/a": 1}}',
        b'{"paths": {"\\u001b/webhook": {"post": {}}}}',
        b"[" * 9999,
    ],
)
def test_a_hostile_document_does_no_harm(tmp_path, body):
    with Site({"/openapi.json": (200, body)}) as site:
        found = discover(site.url, tmp_path)
    assert "\x1b" not in "".join(found.assumed)


def test_nothing_that_answers_is_no_error(tmp_path):
    assert not discover("http://127.0.0.1:1", tmp_path).routes


def test_a_bare_run_reads_and_says_what_it_assumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Site({"/api/health": (200, b"{}"), "/api/webhooks/stripe": (405, b"")}) as site:
        done = CliRunner().invoke(
            run_command.make({}), ["--url", site.url, "--format", "json", "--quiet"], catch_exceptions=False
        )
        assert site.others == []
    report = json.loads(done.stdout)
    assert any("routes are assumed" in note and "GET /api/health" in note for note in report["notes"])
    assert report["target"]["allowed"] == "read"
    outcomes = {result["check"]: result["outcome"] for result in report["results"]}
    assert outcomes["health-endpoint-answers"] in ("passed", "failed")
    assert outcomes["webhook-service-reached"] == "skipped"


def test_the_source_that_shows_the_routes_is_read_in_a_bare_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.js").write_text(
        "app.get('/up', f)\nconst key = 'sk_live_51" + "HqLx7RzKd0" + "aB3dE5fG7hJ9kLmN" * 5 + "'\n"
    )
    with Site({"/up": (200, b"{}")}) as site:
        words = ["--url", site.url, "--format", "json", "--quiet", "-c", "secrets-not-in-source"]
        done = CliRunner().invoke(run_command.make({}), words, catch_exceptions=False)
    (result,) = json.loads(done.stdout)["results"]
    assert result["outcome"] == "failed", result
