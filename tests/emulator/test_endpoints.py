"""What is not emulated says so, and is listed."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import stripe

from stripe_audit.cli import main
from stripe_audit.emulator.endpoints import api_version, known_endpoints, missing_endpoints
from stripe_audit.emulator.resources import ROUTES
from stripe_audit.emulator.routes import Route, RouteTable
from tests.emulator.steps import pay

SCRIPT = Path(__file__).parents[2] / "scripts" / "derive_endpoints.py"


@pytest.fixture
def call(emulator):
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)

    def send(method, template):
        path = re.sub(r"\{[^}]*\}", "none", template)
        connection.request(method, path, headers={"Authorization": f"Bearer {emulator.keys.secret}"})
        with connection.getresponse() as answer:
            return answer.status, json.loads(answer.read()), path

    yield send
    connection.close()


def test_the_list_is_that_of_the_installed_library():
    result = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert api_version() == stripe.api_version and len(known_endpoints()) > 600


def test_every_missing_endpoint_says_so_and_no_other_does(call):
    missing = set(missing_endpoints(ROUTES))
    assert 0 < len(missing) < len(known_endpoints())
    for method, template in known_endpoints():
        status, answer, path = call(method, template)
        says_so = "does not implement it" in answer.get("error", {}).get("message", "")
        assert says_so == ((method, template) in missing), (method, template, answer)
        if says_so:
            assert status == 404 and answer["error"]["type"] == "invalid_request_error"
            assert f"({method}: {path}). Stripe has {method} {template};" in answer["error"]["message"]


def test_what_neither_has_says_so(call):
    for method, path in (("GET", "/v1/nothing"), ("PUT", "/v1/charges"), ("POST", "/v1/charges/x/refunds/y/z")):
        status, answer, _ = call(method, path)
        assert (status, answer["error"]["type"]) == (404, "invalid_request_error")
        assert "Neither the emulator nor Stripe" in answer["error"]["message"]


def test_the_word_of_a_missing_endpoint_is_no_id():
    def endpoint(call):
        return {}

    routes = [Route("GET", "/a/{id}", endpoint), Route("GET", "/a/{id}/b", endpoint)]
    table = RouteTable(routes, [("GET", "/a/search"), ("GET", "/a/{id}/c"), ("GET", "/b/{id}"), ("GET", "/a/{id}/b")])
    assert table.find("GET", "/a/search") is None
    assert table.find("GET", "/a/searches")[1] == ("searches",)
    assert table.find("GET", "/a/x/c") is None and table.find("GET", "/b/x") is None


def test_charges_are_searched(client):
    wanted, _ = pay(client, metadata={"order": "7"}), pay(client)
    found = client.v1.charges.search({"query": "metadata['order']:'7' AND status:'succeeded'"})
    assert [charge.id for charge in found.data] == [wanted.latest_charge]


class TestCommand:
    def test_it_lists_them(self, capsys):
        with pytest.raises(SystemExit) as caught:
            main(["emulator", "--unsupported"])
        out, err = capsys.readouterr()
        listed = [tuple(line.split()) for line in out.splitlines()]
        assert caught.value.code == 0 and listed == list(missing_endpoints(ROUTES))
        assert f"{len(known_endpoints()) - len(listed)} of Stripe's {len(known_endpoints())} endpoints" in err

    def test_it_lists_them_as_json(self, capsys):
        with pytest.raises(SystemExit):
            main(["emulator", "--unsupported", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert told["api_version"] == api_version() and told["known"] == len(known_endpoints())
        assert told["emulated"] + len(told["unsupported"]) == told["known"]
        assert {"method": "POST", "path": "/v1/climate/orders"} in told["unsupported"]
