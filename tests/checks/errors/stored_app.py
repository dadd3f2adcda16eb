"""A small app that keeps its orders on a database server.

Environment: PORT, STRIPE (address), KEY, SECRET (of the webhook), STORE: the words that lead to the database, as
``postgres HOST PORT`` or ``mysql SOCKET USER PASSWORD DATABASE``; FLAWS: ``acknowledges`` (what cannot be stored is
acknowledged), ``remembers`` (an event counts as handled before it is stored), ``never-reconnects`` (the one connection
is kept, whatever became of it), or nothing.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Lock
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.json_app import JsonApp, intent_made, is_genuine, serve

FLAWS = os.environ.get("FLAWS", "").split()
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
    intent = intent_made(form)
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


class App(JsonApp):
    def do_GET(self) -> None:
        self.answer(200, {})

    def do_POST(self) -> None:
        body = self.body()
        if self.path == "/payments":
            return self.answer(200, create(json.loads(body)))
        if not is_genuine(body, self.headers.get("Stripe-Signature", "")):
            return self.answer(400, {})
        try:
            handle(json.loads(body))
        except Exception:
            return self.answer(200 if "acknowledges" in FLAWS else 500, {})
        return self.answer(200, {})


if __name__ == "__main__":
    serve(App)
