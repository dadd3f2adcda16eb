"""A target that falls is started again before the next check; one that was stopped on purpose is left alone."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stripe_audit.audit.reviving import Revival
from stripe_audit.audit.stage import Stage
from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec

APP = """
import http.server, os, pathlib, sys
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/fall":
            print("Error: no such currency\\n    at line 3\\n{ code: undefined }", flush=True)
            os._exit(3)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *words): pass
if pathlib.Path("broken").exists(): sys.exit("cannot start")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
"""


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LaunchedTarget]:
    port = free_port()
    command = [sys.executable, "-c", APP, str(port)]
    launched = LaunchedTarget(LaunchSpec(command, tmp_path, dict(os.environ), tmp_path / "log", port, ready_within=5))
    launched.start()
    launched.wait_ready()
    yield launched
    launched.stop()


def revival_of(launched: LaunchedTarget | None) -> Revival:
    return Revival(cast(Stage, SimpleNamespace(launched=launched, safe=str)))


def ask(launched: LaunchedTarget, path: str) -> Any:
    return urllib.request.urlopen(f"http://127.0.0.1:{launched.spec.port}{path}", timeout=5).close()


def fall(launched: LaunchedTarget) -> None:
    with pytest.raises(OSError):
        ask(launched, "/fall")
    deadline = time.monotonic() + 10
    while not launched.has_fallen:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_falls_is_started_again_and_told_with_its_last_words(target: LaunchedTarget) -> None:
    revival = revival_of(target)
    revival.before_check()
    ask(target, "/")
    assert revival.notes == ()
    for _ in range(2):
        fall(target)
        revival.before_check()
        ask(target, "/")
        assert not target.has_fallen
    (note,) = revival.notes
    assert "2 times" in note and "was started again" in note and "exit code 3" in note
    assert note.endswith("exit code 3, Error: no such currency")


def test_one_that_does_not_come_back_is_tried_once(target: LaunchedTarget, tmp_path: Path) -> None:
    revival = revival_of(target)
    (tmp_path / "broken").touch()
    fall(target)
    revival.before_check()
    (tmp_path / "broken").unlink()
    revival.before_check()
    with pytest.raises(urllib.error.URLError):
        ask(target, "/")
    assert "did not start again" in revival.notes[0]


@pytest.mark.parametrize("end", [LaunchedTarget.stop, LaunchedTarget.kill])
def test_one_that_was_stopped_on_purpose_is_left_alone(target: LaunchedTarget, end: Any) -> None:
    revival = revival_of(target)
    end(target)
    assert target.wait_exited(10)
    revival.before_check()
    assert not target.is_running and revival.notes == ()


def test_without_a_launch_nothing_is_started() -> None:
    revival = revival_of(None)
    revival.before_check()
    assert revival.notes == ()
