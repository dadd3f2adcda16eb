"""A frontend that serves one page, or, without PAGE, an API that serves none.

Environment: PORT; PAGE: the page's HTML; POLICY: its Content-Security-Policy; ENV_FILE: where an
env file lies open; EXITS: end at once with this code.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.json_app import JsonApp, serve

PAGE = os.environ.get("PAGE", "").encode()


class App(JsonApp):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        policy = {"Content-Security-Policy": os.environ["POLICY"]} if os.environ.get("POLICY") else {}
        if PAGE and path == "/checkout":
            self.answer_with(200, PAGE, {"Content-Type": "text/html; charset=utf-8", **policy})
        elif path == os.environ.get("ENV_FILE"):
            self.answer_with(200, b"VITE_API=http://127.0.0.1\nSTRIPE_KEY=x\n", {"Content-Type": "text/plain"})
        else:
            self.answer(200 if path == "/" else 404, {})


if "EXITS" in os.environ:
    sys.stderr.write("no configuration\n")
    sys.exit(int(os.environ["EXITS"]))
serve(App)
