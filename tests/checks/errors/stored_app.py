"""A small app that keeps its orders on a database server.

Environment: PORT, STRIPE (address), KEY, SECRET (of the webhook), STORE: the words that lead to the database, as
``postgres HOST PORT`` or ``mysql SOCKET USER PASSWORD DATABASE``; FLAWS: ``acknowledges`` (what cannot be stored is
acknowledged), ``remembers`` (an event counts as handled before it is stored), ``never-reconnects`` (the one connection
is kept, whatever became of it), or nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

FLAWS = os.environ.get("FLAWS", "").split()
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SEEN: set[str] = set()
TURN = Lock()
KEPT: list[Any] = []


def connected() -> Any:
    """A connection; a new one, or the only one there ever is."""
    if KEPT and "never-reconnects" in FLAWS:
        return KEPT[0]
    kind, *words = os.environ["STORE"].split()
    if kind == "postgres":
        import pg8000.dbapi

        made: Any = pg8000.dbapi.connect("postgres", host=words[0], port=int(words[1]), ssl_context=False, timeout=5)
    else:
        import pymysql

        socket, user, password, name = words
        made = pymysql.connect(unix_socket=socket, user=user, password=password, database=name, connect_timeout=5)
    KEPT.append(made)
    return made


def do(statement: str, values: tuple[object, ...] = ()) -> int:
    """Run a statement in a transaction of its own; how many rows it touched."""
    with TURN:
        connection = connected()
        try:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            connection.commit()
            return int(cursor.rowcount)
        finally:
            if "never-reconnects" not in FLAWS:
                connection.close()


def create(given: dict[str, str]) -> dict[str, object]:
    form = {"amount": 1999, "currency": "usd", "metadata[order]": given["order"]}
    request = urllib.request.Request(
        os.environ["STRIPE"] + "/v1/payment_intents",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Bearer {os.environ['KEY']}"},
    )
    with OPENER.open(request, timeout=10) as answer:
        intent = json.load(answer)
    do(
        "INSERT INTO orders (id, status, amount, currency, fulfilled) VALUES (%s, 'pending', 1999, 'usd', 0)",
        (given["order"],),
    )
    return {"clientSecret": intent["client_secret"]}


def handle(event: dict[str, Any]) -> None:
    if event["type"] != "payment_intent.succeeded" or event["id"] in SEEN:
        return
    if "remembers" in FLAWS:
        SEEN.add(event["id"])
    order = event["data"]["object"]["metadata"]["order"]
    do("UPDATE orders SET status = 'paid', fulfilled = fulfilled + 1 WHERE id = %s AND status = 'pending'", (order,))


def is_genuine(body: bytes, header: str) -> bool:
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    signed = parts.get("t", "").encode() + b"." + body
    return hmac.compare_digest(
        hmac.new(os.environ["SECRET"].encode(), signed, hashlib.sha256).hexdigest(), parts.get("v1", "")
    )


class App(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/payments":
            return self._answer(200, create(json.loads(body)))
        if not is_genuine(body, self.headers.get("Stripe-Signature", "")):
            return self._answer(400, {})
        try:
            handle(json.loads(body))
        except Exception:
            return self._answer(200 if "acknowledges" in FLAWS else 500, {})
        return self._answer(200, {})

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
