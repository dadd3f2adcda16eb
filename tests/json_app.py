"""What the small apps of the tests share: they are started as programs, and answer with JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class JsonApp(BaseHTTPRequestHandler):
    """Prints nothing of its own."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, value: object) -> None:
        self.answer_with(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def answer_with(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def intent_made(form: Mapping[str, object]) -> dict[str, Any]:
    """The PaymentIntent that Stripe makes of a form, at the address STRIPE with the key KEY."""
    request = urllib.request.Request(
        os.environ["STRIPE"] + "/v1/payment_intents",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Bearer {os.environ['KEY']}"},
    )
    with OPENER.open(request, timeout=10) as answer:
        intent: dict[str, Any] = json.load(answer)
    return intent


def is_genuine(body: bytes, header: str) -> bool:
    """Whether it is signed with SECRET. How old it is, nobody asks."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    signed = parts.get("t", "").encode() + b"." + body
    right = hmac.new(os.environ["SECRET"].encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, parts.get("v1", ""))


def serve(app: type[JsonApp]) -> None:
    """Answer on PORT of the loopback, for ever."""
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), app).serve_forever()
