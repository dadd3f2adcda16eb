from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import answered, module_of

PAGE = "<!doctype html><title>Shop</title>"
NOTHING = answered(404, "{}")
REFUSED, TAKEN = answered(400, '{"error": "bad_signature"}'), answered(200, "{}")
LOGIN, CSRF = "A login stands before a webhook endpoint", "A CSRF check stands before a webhook endpoint"
MISSING, CRASH = "A webhook endpoint is not there", "A webhook endpoint answers with a server error"


@pytest.mark.parametrize(
    ("answer", "beside", "signed", "there", "title"),
    [
        (REFUSED, NOTHING, None, True, None),
        (TAKEN, NOTHING, None, True, None),
        (answered(204), NOTHING, None, True, None),
        (answered(401, '{"reason": "bad_signature"}'), NOTHING, None, True, None),
        (answered(403, "No signatures found matching", "text/plain"), NOTHING, None, True, None),
        (REFUSED, answered(401, "{}"), None, True, None),  # all but the webhook is behind a login
        (REFUSED, answered(400, "{}"), None, False, None),  # inconclusive: everything is answered so
        (REFUSED, answered(400, "{}"), TAKEN, True, None),
        (answered(404, "{}"), NOTHING, TAKEN, True, None),  # hides from whoever does not sign
        (answered(404, "{}"), NOTHING, answered(404), False, MISSING),
        (answered(410, "{}"), NOTHING, None, False, MISSING),
        (answered(405, "{}", allow="GET"), NOTHING, None, False, "A webhook endpoint does not take POST"),
        (answered(401, "{}"), NOTHING, None, False, None),
        (answered(401, "{}"), answered(401, "{}"), answered(401, "{}"), False, LOGIN),
        (answered(401, "{}"), answered(401, "{}"), TAKEN, True, None),
        (answered(401, "", "text/plain", www_authenticate="Basic"), NOTHING, None, False, LOGIN),
        (answered(403, PAGE, "text/html"), NOTHING, answered(403, PAGE, "text/html"), False, LOGIN),
        (answered(419, PAGE, "text/html"), NOTHING, None, False, CSRF),
        (answered(403, '{"error": "csrf"}'), NOTHING, None, False, CSRF),
        (answered(403, '{"error": "csrf"}'), NOTHING, TAKEN, True, None),
        (answered(500, "{}"), NOTHING, answered(500), False, CRASH),
        (answered(500, "{}"), NOTHING, TAKEN, True, None),
        (answered(502, PAGE, "text/html"), answered(502), None, False, CRASH),
        (
            answered(200, PAGE, "text/html"),
            answered(200, PAGE, "text/html"),
            answered(200, PAGE, "text/html"),
            False,
            "A web page stands in for a webhook endpoint",
        ),
        (TAKEN, TAKEN, TAKEN, False, None),
        (None, None, None, False, "A webhook endpoint does not answer"),
    ],
)
def test_what_stands_between_stripe_and_an_endpoint(answer, beside, signed, there, title):
    module = module_of("webhook-endpoint-reachable")
    seen = module.Seen(answer, beside, signed, "no connection" if answer is None else "")
    wrong = module.assess(seen)
    assert (wrong and wrong[0]) == title
    assert module.is_there(seen) is there


def test_a_host_that_answers_by_ipv6_alone_is_told(monkeypatch):
    async def answers(url, connects=None):
        return {"IPv6": True, "IPv4": False}

    monkeypatch.setattr("stripe_audit.trials.address_families.answers_by", answers)
    with demo_stage() as stage:
        (result,) = run_checks(["webhook-endpoint-reachable"], stage).values()
    assert [finding.title for finding in result.findings] == ["The webhook endpoints cannot be reached by IPv4"]


APP = """
import os, socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(400 if self.path == "/webhook" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_GET = do_POST
    def log_message(self, *args): pass

class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6

Server(("::1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.mark.overlay
def test_an_app_that_listens_on_ipv6_alone_is_found(tmp_path):
    """In a view of the machine in which ``localhost`` has addresses of both kinds, as on most."""
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (tmp_path / "app.py").write_text(APP)
    settings = {
        "version": 1,
        "target": {
            "url": "http://localhost:{port}",
            "launch": {"command": [sys.executable, str(tmp_path / "app.py")], "env": {"PORT": "{port}"}},
            "routes": {"webhook": [{"path": "/webhook"}]},
        },
    }
    (tmp_path / "stripe-audit.yaml").write_text(json.dumps(settings))
    run = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--format", "json"]
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(tmp_path / "hosts")]
    done = subprocess.run(
        [*own, *run, "--quiet", "-c", "webhook-endpoint-reachable"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (result,) = json.loads(done.stdout)["results"]
    assert [finding["title"] for finding in result["findings"]] == ["The webhook endpoints cannot be reached by IPv4"]
    assert done.returncode == 1, done.stderr
