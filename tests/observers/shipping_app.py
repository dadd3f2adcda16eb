"""A small app whose orders always look right: what is done twice shows in other tables, or at an SMS gateway only.

Environment: PORT, STRIPE (address), KEY, SECRET (of the webhook), DATA (a SQLite file), GATEWAY (where notifications
go), FLAWS: ``ships-twice`` (each event ships again), ``tells-twice`` (each event sends another SMS), or nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.json_app import OPENER, JsonApp, intent_made, is_genuine, serve

FLAWS = os.environ.get("FLAWS", "").split()
TABLES = """
    CREATE TABLE orders (id TEXT PRIMARY KEY, status TEXT, amount INTEGER, currency TEXT, intent TEXT);
    CREATE TABLE shipments (order_id TEXT, item TEXT, email TEXT);
"""


def database() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(os.environ["DATA"], isolation_level=None, timeout=10))


def log(request: str, **fields: object) -> None:
    sys.stderr.write(json.dumps({"level": "info", "request_id": request, **fields}) + "\n")


def create(given: dict[str, str]) -> dict[str, object]:
    form = {"amount": 1999, "currency": "usd", "metadata[order]": given["order"], "metadata[email]": given["email"]}
    intent = intent_made(form)
    with database() as connection:
        row = (given["order"], "pending", 1999, "usd", intent["id"])
        connection.execute("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?)", row)
    return {"clientSecret": intent["client_secret"]}


def handle(event: dict[str, object]) -> None:
    if event["type"] != "payment_intent.succeeded":
        return
    intent = event["data"]["object"]  # type: ignore[index]
    order, email = intent["metadata"]["order"], intent["metadata"]["email"]
    with database() as connection:
        connection.execute("BEGIN IMMEDIATE")
        paid = connection.execute("UPDATE orders SET status = 'paid' WHERE id = ? AND status = 'pending'", (order,))
        is_first = paid.rowcount == 1
        if is_first or "ships-twice" in FLAWS:
            connection.execute("INSERT INTO shipments VALUES (?, 'mug', ?)", (order, email))
        connection.execute("COMMIT")
    if is_first or "tells-twice" in FLAWS:
        text = urllib.parse.urlencode({"To": "+49123", "Body": f"Order {order}: thank you"}).encode()
        OPENER.open(os.environ["GATEWAY"] + "/sms", data=text, timeout=10).close()
    if is_first:
        told = json.dumps({"text": f"paid: {order}"}).encode()
        request = urllib.request.Request(os.environ["GATEWAY"] + "/chat", told, {"Content-Type": "application/json"})
        OPENER.open(request, timeout=10).close()


class App(JsonApp):
    def do_GET(self) -> None:
        with database() as connection:
            connection.row_factory = sqlite3.Row
            order = self.path.rpartition("/")[2]
            row = connection.execute("SELECT * FROM orders WHERE id = ?", (order,)).fetchone()
        self.answer(200 if row else 404, dict(row) if row else {})

    def do_POST(self) -> None:
        body = self.body()
        request = f"r{id(self)}"
        if self.path == "/payments":
            given = json.loads(body)
            log(request, msg="payment asked for", order=given["order"])
            made = create(given)
            log(request, msg="payment made")
            self.answer(200, made)
        elif not is_genuine(body, self.headers.get("Stripe-Signature", "")):
            self.answer(400, {})
        else:
            handle(json.loads(body))
            self.answer(200, {})


if __name__ == "__main__":
    with database() as created:
        created.executescript(TABLES)
    serve(App)
