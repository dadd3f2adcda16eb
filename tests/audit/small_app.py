"""A small app for the tests of proof: it calls Stripe only when a payment is created, or not at all.

Environment: PORT; STRIPE (address) and KEY, if it is to call Stripe; ANSWER, a JSON text that it answers with instead.
"""

from __future__ import annotations

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer({"status": "ok"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "ANSWER" in os.environ:
            self._answer(json.loads(os.environ["ANSWER"]))
            return
        request = urllib.request.Request(
            os.environ["STRIPE"] + "/v1/payment_intents",
            data=b"amount=1999&currency=usd",
            headers={"Authorization": f"Bearer {os.environ['KEY']}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            self._answer({"clientSecret": json.load(answer)["client_secret"]})

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
