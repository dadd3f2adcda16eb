"""A small app for the tests of proof: it calls Stripe only when a payment is created, or not at all.

Environment: PORT; STRIPE (address) and KEY, if it is to call Stripe; ANSWER, a JSON text that it answers with instead;
NEEDS, a variable without which it dies once it is asked.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.json_app import JsonApp, intent_made, serve


class App(JsonApp):
    def do_GET(self) -> None:
        if not os.environ.get(os.environ.get("NEEDS", "PORT")):
            os._exit(4)
        self.answer(200, {"status": "ok"})

    def do_POST(self) -> None:
        self.body()
        if "ANSWER" in os.environ:
            self.answer(200, json.loads(os.environ["ANSWER"]))
        else:
            self.answer(200, {"clientSecret": intent_made({"amount": 1999, "currency": "usd"})["client_secret"]})


serve(App)
