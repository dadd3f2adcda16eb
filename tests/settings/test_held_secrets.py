from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.redaction import Redactor
from stripe_audit.settings import load_settings
from stripe_audit.settings.held_secrets import held_secrets, shown_settings

YAML = """\
version: 1
target:
  url: http://127.0.0.1:3001
  env_files: [.env, missing.env]
  launch:
    command: [node, app.js]
    env: {DB_PASSWORD: hidden-In-Launch-1, PORT: "{port}", STRIPE_SECRET_KEY: "{secret_key}", TOKEN_TTL: 15minutes}
  routes:
    webhook:
      - {name: main, path: /hook, secret: whsec_hiddenInWebhook123}
      - {name: other, path: /other, secret: {env: OTHER_WEBHOOK_SECRET_NAME}}
    create_payment:
      method: POST
      path: /pay
      headers: {Authorization: Bearer hidden-In-Header-2, X-Api-Key: hidden-In-Header-9, X-Plain: shown-in-header}
      body: {order: "{order}", login: {password: hidden-In-Body-3}, item: mug}
      response: {client_secret: clientSecretMember}
      login:
        path: /login
        body: {user: someone, password: hidden-In-Login-4}
        token: access_token_member
"""
ENV = """\
DATABASE_URL=postgres://shop:hidden-In-Url-5@127.0.0.1/shop
SESSION_SECRET=hidden-In-Env-6
STRIPE_PUBLISHABLE_KEY=pk_test_shown123456789012
OTHER_WEBHOOK_SECRET_NAME=hidden-Signing-7
TOKEN_MODE=production-like
API_KEY_FILE=/run/secrets/shown
COOKIE_DOMAIN=shop.example.com
PORT=3001
"""


@pytest.fixture
def settings(tmp_path: Path):
    (tmp_path / "stripe-audit.yaml").write_text(YAML)
    (tmp_path / ".env").write_text(ENV)
    environ = {
        "GITHUB_TOKEN": "hidden-In-Environ-8",
        "HOME": "/home/shown",
        "PWD": "/work/shown",
        "MY_PASSWORD": "true",
    }
    return load_settings(tmp_path / "stripe-audit.yaml", environ=environ)


def test_what_stands_under_a_secrets_name_is_known(settings):
    assert set(held_secrets(settings)) == {
        "whsec_hiddenInWebhook123",
        "hidden-In-Launch-1",
        "hidden-In-Header-2",
        "hidden-In-Header-9",
        "Bearer hidden-In-Header-2",
        "hidden-In-Body-3",
        "hidden-In-Login-4",
        "hidden-In-Url-5",
        "hidden-In-Env-6",
        "hidden-Signing-7",
        "hidden-In-Environ-8",
    }


def test_settings_are_shown_without_them(settings):
    shown = json.dumps(shown_settings(settings, Redactor(held_secrets(settings))))
    assert "hidden" not in shown.replace("[hidden]", "")
    for text in ("/pay", "shown-in-header", "clientSecretMember", "access_token_member", "{secret_key}", "15minutes"):
        assert text in shown
    assert "OTHER_WEBHOOK_SECRET_NAME" in shown


def test_settings_without_secrets_hold_none(tmp_path):
    (tmp_path / "stripe-audit.yaml").write_text("version: 1\ntarget: {env_files: [.env]}\n")
    assert held_secrets(load_settings(tmp_path / "stripe-audit.yaml", environ={})) == ()


def test_an_env_file_that_cannot_be_read_is_let_pass(tmp_path):
    (tmp_path / "stripe-audit.yaml").write_text("version: 1\ntarget: {env_files: [.env, folder]}\n")
    (tmp_path / ".env").write_bytes(b"\xff\xfe=\x00SECRET\n")
    (tmp_path / "folder").mkdir()
    assert held_secrets(load_settings(tmp_path / "stripe-audit.yaml", environ={})) == ()
