from __future__ import annotations

import json

import pytest

from stripe_audit.web import asks_for_csrf_token, complaints, is_page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": "ok"}, []),
        ({"status": "ok", "uptime": 17.3, "error": None, "errors": []}, []),
        ({"status": "degraded"}, []),
        ({"status": "error"}, ["status: error"]),
        ({"status": "DOWN "}, ["status: down"]),
        ({"ok": False}, ["ok: false"]),
        ({"status": "ok", "checks": {"database": "down"}}, ["checks.database: down"]),
        ({"status": "ok", "checks": [{"name": "stripe", "healthy": False}]}, ["checks[0].healthy: false"]),
        ({"debug": False, "maintenance": False}, []),
        ([], []),
        ("unhealthy", []),
        (None, []),
    ],
)
def test_what_a_health_body_complains_of(body, said):
    assert complaints(json.dumps(body)) == said


@pytest.mark.parametrize(
    ("text", "said"), [("OK", []), ("", []), ("error", ["body: error"]), (" DOWN\n", ["body: down"])]
)
def test_a_word_instead_of_json(text, said):
    assert complaints(text) == said


def test_depth_and_length_are_bounded():
    deep: object = "down"
    for _ in range(50):
        deep = {"a": deep}
    assert complaints(json.dumps(deep)) == []
    assert complaints("[" * 100_000) == []
    assert len(complaints(json.dumps(["down"] * 10_000))) == 50


@pytest.mark.parametrize(
    ("status", "text", "asks"),
    [
        (419, "", True),
        (403, "<h1>CSRF verification failed. Request aborted.</h1>", True),
        (422, "ActionController::InvalidAuthenticityToken", True),
        (403, '{"error": "invalid_csrf_token"}', True),
        (403, '{"error": "forbidden"}', False),
        (400, '{"error": "bad_signature"}', False),
        (200, "csrf", False),
    ],
)
def test_csrf_checks_are_known_by_what_frameworks_answer(status, text, asks):
    assert asks_for_csrf_token(status, text) is asks


@pytest.mark.parametrize(
    ("kind", "text", "page"),
    [
        ("text/html; charset=utf-8", "OK", True),
        (None, " <!DOCTYPE html><p>", True),
        ("text/plain", "<html>", True),
        ("application/json", "{}", False),
        (None, "", False),
    ],
)
def test_a_page_is_known_by_its_header_or_its_beginning(kind, text, page):
    assert is_page(kind, text) is page
