"""HAR as a validator that is not ours has it (npm's har-validator, by the schema of HAR 1.2)."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from stripe_audit.bundle.har import har_pieces
from stripe_audit.models import Exchange, Message, Party
from tests.conftest import NODE_MODULES
from tests.reporters.golden import EXCHANGES
from tests.reporters.hostile import CORPUS, INERT, RAW

VALIDATE = """
const { har } = require(process.argv[1]);
const archive = JSON.parse(require('fs').readFileSync(0));
har(archive).then(
  (known) => console.log('valid', known.log.entries.length),
  (error) => { console.log(JSON.stringify(error.errors.slice(0, 5))); process.exit(1) },
);
"""


def har(exchanges):
    return "".join(har_pieces(exchanges, "1.0"))


def judged(text: str) -> str:
    command = ["node", "-e", VALIDATE, str(NODE_MODULES / "har-validator")]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60).stdout.strip()


def exchange(**members):
    return dataclasses.replace(EXCHANGES[0], **members)


ODD = [
    exchange(url=url)
    for url in ("", "/no/scheme", "smtp://127.0.0.1:25", "http://[::1", "http://a/?q=ü&b=%zz&c", "http://a b/\u202e")
]
CASES = {
    "golden": EXCHANGES,
    "none": (),
    "raw": RAW.exchanges,
    "inert": INERT.exchanges,
    "odd addresses": ODD,
    "odd times": [exchange(started_at=at, duration_ms=at) for at in (1e300, -1.0, float("inf"))],
    "hostile": [exchange(method=t[:999], url=t[:999], request=Message(((t[:99], t[:99]),), t)) for t in CORPUS],
}


@pytest.mark.node
@pytest.mark.parametrize("name", CASES)
def test_it_is_valid(name: str) -> None:
    assert judged(har(CASES[name])) == f"valid {len(CASES[name])}"


@pytest.mark.node
def test_the_validator_finds_what_is_wrong() -> None:
    archive = json.loads(har(EXCHANGES))
    archive["log"]["entries"][0]["startedDateTime"] = "yesterday"
    assert "valid" not in judged(json.dumps(archive))


def test_an_entry_says_what_was_sent_and_answered() -> None:
    first, second, *_ = json.loads(har(EXCHANGES))["log"]["entries"]
    assert first["request"]["method"] == "POST"
    assert first["request"]["postData"]["mimeType"] == "application/json"
    assert first["response"]["status"] == 200
    assert first["response"]["content"] == {"size": 17, "mimeType": "application/json", "text": '{"received":true}'}
    assert (first["_id"], first["_source"], first["_destination"]) == ("x1", "webhook", "app")
    assert (second["response"]["status"], second["_error"]) == (0, "no answer within 5 s")
    assert (second["_fault"], second["_duplicate"]) == ("timeout", True)


def test_a_query_and_a_redirect_are_told_apart() -> None:
    answer = Message((("Location", "/next"),))
    (entry,) = json.loads(har([exchange(url="http://a/x?q=1&q=&r=%C3%BC", response=answer, status=302)]))["log"][
        "entries"
    ]
    assert entry["request"]["queryString"] == [
        {"name": "q", "value": "1"},
        {"name": "q", "value": ""},
        {"name": "r", "value": "ü"},
    ]
    assert entry["response"]["redirectURL"] == "/next"


def test_what_was_cut_says_so() -> None:
    (entry,) = json.loads(har([exchange(response=Message((), "x" * 10, truncated=True))]))["log"]["entries"]
    assert entry["response"]["content"]["comment"] == "cut when it was recorded"
    assert entry["response"]["content"]["size"] == -1


def test_it_is_written_an_exchange_at_a_time() -> None:
    taken: list[str] = []

    def many() -> object:
        for number in range(3):
            taken.append(str(number))
            yield Exchange(
                f"x{number}", Party.AUDIT, Party.APP, "GET", "http://a/", Message(), None, None, None, 0.0, 0.0
            )

    pieces = har_pieces(many(), "1.0")  # type: ignore[arg-type]
    next(pieces)
    next(pieces)
    assert taken == ["0"]


def test_the_validator_is_the_one_that_npm_has() -> None:
    package = NODE_MODULES / "har-validator" / "package.json"
    if package.is_file():
        assert json.loads(package.read_text())["name"] == "har-validator"
    assert "har-validator" in (Path(__file__).parent.parent / "node" / "package.json").read_text()
