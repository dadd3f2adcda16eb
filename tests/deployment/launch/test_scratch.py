"""What a command keeps for its own time is gone after it, however it ended; what it has finished stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from stripe_audit.deployment.launch.scratch import announce_draft, swept_scratch

COMMAND = """
import json, os, subprocess, sys, tempfile, time
from pathlib import Path
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec
from stripe_audit.deployment.launch.scratch import announce_draft, swept_scratch

with swept_scratch() as scratch:
    own = Path(tempfile.mkdtemp(prefix="stripe-audit-browser-"))
    (own / "profile").write_text("scratch")
    for name in (".report.json.1", ".report.json.2"):
        announce_draft(Path(name))
        Path(name).write_text("{}")
    Path(".report.json.1").rename("report.json")
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    browser = subprocess.Popen(["sleep", "600"], env={**os.environ, "HOME": str(own)}, start_new_session=True, **quiet)
    script = "trap 'touch farewell; exit' TERM; touch ready; while :; do sleep 0.05; done"
    spec = LaunchSpec(["sh", "-c", script], Path.cwd(), {**os.environ, "HOME": str(own)}, scratch / "log")
    target = LaunchedTarget(spec)
    target.start()
    target.wait_ready(Path("ready").exists)
    Path("draft").write_text(json.dumps([str(scratch), browser.pid, target.pid]))
    Path("draft").rename("running")
    time.sleep(600)
"""


def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="what is left is found by /proc")
def test_a_killed_command_leaves_no_process_and_no_scratch_and_keeps_what_it_finished(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", COMMAND], cwd=tmp_path, env=env)
    try:
        until(lambda: (tmp_path / "running").exists() or process.poll() is not None)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    scratch, browser, target = json.loads((tmp_path / "running").read_text())
    until(lambda: not is_alive(browser) and not is_alive(target))
    until(lambda: not Path(scratch).exists())
    until(lambda: not (tmp_path / ".report.json.2").exists())
    assert Path(scratch).parent == tmp_path
    assert (tmp_path / "report.json").read_text() == "{}"
    assert (tmp_path / "farewell").exists(), "what has a supervisor is asked to end, not killed"


def test_an_orderly_end_leaves_nothing_either(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyError), swept_scratch() as scratch:
        inner = Path(tempfile.mkdtemp())
        assert inner.parent == scratch and scratch.parent == tmp_path
        announce_draft(tmp_path / "draft")
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() == str(tmp_path)
    announce_draft(tmp_path / "draft")  # nobody hears it, and nothing fails
