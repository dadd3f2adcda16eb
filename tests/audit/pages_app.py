"""A frontend that serves one page, or, without PAGE, an API that serves none.

Environment: PORT; PAGE: the page's HTML; POLICY: its Content-Security-Policy; EXITS: end at once with this code.
"""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = os.environ.get("PAGE", "").encode()


class App(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if PAGE and path == "/checkout":
            self._answer(200, PAGE, "text/html; charset=utf-8")
        elif PAGE and path == "/.env":
            self._answer(200, b"VITE_API=http://127.0.0.1\nSTRIPE_KEY=x\n", "text/plain")
        else:
            self._answer(200 if path == "/" else 404, b"{}", "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if os.environ.get("POLICY"):
            self.send_header("Content-Security-Policy", os.environ["POLICY"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


if "EXITS" in os.environ:
    sys.stderr.write("no configuration\n")
    sys.exit(int(os.environ["EXITS"]))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
