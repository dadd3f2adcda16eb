"""The servers that Python apps run under: they fork, spawn, reload, and bring event loops of their own."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_audit.deployment.launch.injection import read_notes
from stripe_audit.deployment.launch.ports import free_port, listener_on
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec
from stripe_audit.emulator import Emulator
from tests.deployment.launch.injected import injection_for

APPS = {
    "wsgi.py": """
import os, stripe
stripe.api_key, stripe.enable_telemetry = os.environ["STRIPE_SECRET_KEY"], False
def app(environ, start):
    body = stripe.PaymentIntent.create(amount=100, currency="usd").id.encode()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
""",
    "asgi.py": """
import os, stripe
stripe.enable_telemetry = False
client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], http_client=stripe.HTTPXClient())
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    body = (await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})).id.encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
""",
    "manage.py": """
import os, sys, stripe
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
settings.configure(DEBUG=True, ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50)
stripe.enable_telemetry = False
def view(request):
    stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
    return HttpResponse(stripe.PaymentIntent.create(amount=100, currency="usd").id)
urlpatterns = [path("", view)]
execute_from_command_line(sys.argv)
""",
}
COMMANDS = {
    "gunicorn": "-m gunicorn -w 2 -b 0.0.0.0:{port} wsgi:app",
    "uvicorn on uvloop": "-m uvicorn --host 0.0.0.0 --port {port} --loop uvloop --lifespan off asgi:app",
    "uvicorn with workers": "-m uvicorn --host 0.0.0.0 --port {port} --workers 2 --lifespan off asgi:app",
    "uvicorn that reloads": "-m uvicorn --host 0.0.0.0 --port {port} --reload --lifespan off asgi:app",
    "django that reloads": "manage.py runserver 0.0.0.0:{port}",
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def answer(port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


@pytest.mark.parametrize("server", COMMANDS)
def test_an_app_reaches_the_emulator_under(server: str, emulator: Emulator, tmp_path: Path) -> None:
    for name, text in APPS.items():
        (tmp_path / name).write_text(text)
    port = free_port()
    injection = injection_for(emulator)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", **injection.pinned}
    command = [sys.executable, *COMMANDS[server].format(port=port).split()]
    spec = LaunchSpec(command, tmp_path, injection.install(tmp_path / "injection", env), tmp_path / "out", port)
    target = LaunchedTarget(spec)
    try:
        target.start()
        target.wait_ready(lambda: (answer(port) or "").startswith("pi_"))
        listener = listener_on(port)
        assert listener and set(listener.addresses) == {"127.0.0.1"}
    finally:
        target.stop()
    noted = read_notes(tmp_path / "injection")
    assert any(library.startswith("stripe ") for library in noted.libraries)
    assert not noted.refused
    assert json.loads((tmp_path / "injection" / "injection.json").read_text())["is_local"]
