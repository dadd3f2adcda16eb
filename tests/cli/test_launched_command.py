"""``run -- COMMAND``: an app as it is, with settings or without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_audit.cli import main
from tests.deployment.launch.injected import LIVE
from tests.deployment.launch.test_process import eventually, is_alive

APP = """
import http.server, json, os, sys
import stripe
stripe.api_key, stripe.enable_telemetry = os.environ["STRIPE_SECRET_KEY"], False
print("hello from the app", flush=True)
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get(sys.argv[1], "0"))), App)
if "quiet" not in sys.argv:
    stripe.Balance.retrieve()
server.serve_forever()
"""
RUN = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--quiet"]


def ran(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, dict, str]:
    """Exit code, JSON report and standard error of a run in a folder."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    ended = subprocess.run(
        [*RUN, "--format", f"json={report}", *arguments],
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ended.returncode, json.loads(report.read_text()) if report.exists() else {}, ended.stderr


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def notes(report: dict) -> str:
    return "\n".join(report["notes"])


@pytest.mark.parametrize("variable", ["PORT", "NOTHING"], ids=["told", "found by watching"])
def test_an_app_without_settings_is_started_found_and_seen_at_the_emulator(app: Path, variable: str) -> None:
    checks = ("-c", "server-*", "-c", "health-*", "-c", "webhook-signature-verified")
    code, report, stderr = ran(app, *checks, "--", sys.executable, "app.py", variable)
    assert code in (0, 3), stderr
    outcomes = {result["check"]: result["outcome"] for result in report["results"]}
    assert outcomes["server-starts"] == outcomes["server-on-configured-port"] == "passed"
    assert report["target"]["launched"] and report["target"]["reached"]
    assert "does not reach the emulator" not in notes(report)
    assert report["target"]["allowed"] == "load" and "seen to use them" in report["target"]["proof"]
    assert "127.0.0.1" in str(report["results"])


def test_an_app_that_does_not_call_stripe_is_told_what_to_try(app: Path) -> None:
    checks = ("-c", "server-starts", "-c", "webhook-signature-verified")
    _, report, _ = ran(app, *checks, "--", sys.executable, "app.py", "PORT", "quiet")
    assert "the target does not reach the emulator: stripe " in notes(report)
    assert "target.routes.create_payment" in notes(report)
    assert report["target"]["allowed"] == "probe"


def test_what_no_selected_check_made_call_stripe_is_not_said_to_miss_the_emulator(app: Path) -> None:
    _, report, _ = ran(app, "-c", "server-starts", "--", sys.executable, "app.py", "PORT", "quiet")
    assert report["target"]["reached"] and "emulator" not in notes(report)


def test_an_app_that_shakes_the_injection_off_is_told_so(app: Path) -> None:
    _, report, _ = ran(app, "-c", "server-starts", "--", sys.executable, "-E", "app.py", "PORT", "quiet")
    assert "none of its processes took the injection" in notes(report)
    assert "python -I or -E" in notes(report)


def test_a_start_script_that_loses_the_injection_is_told_so_at_once(app: Path) -> None:
    (app / "start.sh").write_text(f"PYTHONPATH=src exec {sys.executable} app.py PORT quiet")
    _, report, _ = ran(app, "-c", "server-starts", "--", "sh", "start.sh")
    assert report["target"]["reached"]
    assert report["notes"][-2].startswith("the injection was lost: ")
    assert "PYTHONPATH is set anew for 'python" in report["notes"][-2] and "target.stripe: proxy" in report["notes"][-2]
    assert "none of its processes took the injection (" in report["notes"][-1]


def test_a_live_key_in_the_apps_files_goes_nowhere(app: Path) -> None:
    (app / ".env").write_text(f"STRIPE_SECRET_KEY={LIVE['secret_key']}\n")
    (app / "app.py").write_text("from dotenv import load_dotenv\nload_dotenv('.env', override=True)\n" + APP)
    code, report, stderr = ran(app, "-c", "server-starts", "--", sys.executable, "app.py", "PORT")
    assert code in (0, 3), stderr
    assert "hold a live key (STRIPE_SECRET_KEY)" in notes(report)
    assert "does not reach" not in notes(report)
    assert LIVE["secret_key"] not in json.dumps(report)


def test_a_live_key_in_the_code_is_refused_and_ends_all_writes(app: Path) -> None:
    hard_coded = APP.replace('os.environ["STRIPE_SECRET_KEY"]', repr(LIVE["secret_key"]))
    (app / "app.py").write_text(
        hard_coded.replace(
            "stripe.Balance.retrieve()", "try: stripe.Balance.retrieve()\n    except stripe.AuthenticationError: pass"
        )
    )
    checks = ("-c", "server-starts", "-c", "webhook-signature-verified")
    _, report, _ = ran(app, *checks, "--", sys.executable, "app.py", "PORT")
    assert report["target"]["allowed"] == "read"
    assert "live key" in report["target"]["proof"]
    assert LIVE["secret_key"] not in json.dumps(report)


PLAIN = """
import base64, http.server, os, urllib.request
key = base64.b64encode((os.environ["STRIPE_SECRET_KEY"] + ":").encode()).decode()
request = urllib.request.Request("https://api.stripe.com/v1/balance", headers={"Authorization": "Basic " + key})
try: print("answered", urllib.request.urlopen(request, timeout=10).status, flush=True)
except OSError as error: print("kept away:", error, flush=True)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler)
server.serve_forever()
"""
"""An app that uses no library of Stripe's; with -I it takes no injection, as an app in another language."""


def test_an_app_that_takes_no_injection_is_led_by_the_proxy(app: Path) -> None:
    (app / "plain.py").write_text(PLAIN)
    (app / "stripe-audit.yaml").write_text("version: 1\ntarget: {stripe: proxy}\n")
    checks = ("-c", "server-starts", "-c", "webhook-signature-verified")
    _, report, stderr = ran(app, *checks, "--", sys.executable, "-I", "plain.py")
    assert report["target"]["allowed"] == "load", (stderr, report["notes"])
    assert "does not reach" not in notes(report)


@pytest.mark.overlay
def test_an_app_that_takes_no_injection_has_no_way_to_the_real_stripe(app: Path) -> None:
    text = PLAIN.replace("server = ", "raise SystemExit(3)\nserver = ")
    (app / "plain.py").write_text(text)
    _, report, _ = ran(app, "-c", "server-starts", "--", sys.executable, "-I", "plain.py")
    told = json.dumps(report)
    assert "kept away: <urlopen error [Errno 111] Connection refused>" in told


def test_what_the_settings_say_counts_and_the_command_replaces_theirs(app: Path) -> None:
    (app / "stripe-audit.yaml").write_text(
        "version: 1\ntarget:\n  name: declared\n  launch: {command: [no-such-program], env: {OTHER: '{port}'}}\n"
    )
    code, report, stderr = ran(app, "-c", "server-*", "--", sys.executable, "app.py", "OTHER")
    assert code in (0, 3), stderr
    assert report["target"]["name"] == "declared" and report["target"]["reached"]


def test_the_last_output_of_an_app_that_dies_is_shown(app: Path) -> None:
    (app / "app.py").write_text("raise SystemExit('no module named payments')")
    code, report, _ = ran(app, "-c", "server-starts", "--", sys.executable, "app.py")
    assert code != 0
    assert "no module named payments" in json.dumps(report)


@pytest.mark.parametrize("way", ["inject", "proxy"])
def test_nothing_is_left_when_the_audit_is_killed(app: Path, way: str) -> None:
    (app / "app.py").write_text(
        "import os, pathlib, time\npathlib.Path('new').write_text(f'{os.getpid()} ' + os.environ['HERE'])\n"
        "os.rename('new', 'seen'); time.sleep(600)"
    )
    settings = {"stripe": way, "launch": {"command": "x", "env": {"HERE": "{scratch}"}}}
    (app / "stripe-audit.yaml").write_text(json.dumps({"version": 1, "target": settings}))
    audit = subprocess.Popen(
        [*RUN, "--", "sh", "-c", f"{sys.executable} app.py; true"], cwd=app, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: (app / "seen").exists() or audit.poll() is not None)
        pid, scratch = (app / "seen").read_text().split()
        assert is_alive(int(pid)) and Path(scratch).is_dir()
    finally:
        audit.kill()
        audit.wait()
    eventually(lambda: not is_alive(int(pid)) and not Path(scratch).exists())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--demo", "--", "x"), "--demo starts its own target"),
        (("--no-launch", "--", "x"), "--no-launch starts nothing"),
        (("--", "'"), "a quote in it is not closed"),
        (("--", ""), "it is empty"),
    ],
)
def test_what_makes_no_sense_is_said(
    app: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(app)
    with pytest.raises(SystemExit) as ended:
        main(["run", *arguments])
    assert ended.value.code == 2 and told in capsys.readouterr().err
