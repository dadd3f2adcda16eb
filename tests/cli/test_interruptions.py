"""Ctrl-C, SIGTERM and SIGKILL: the partial report is written where it can be, and nothing that was started is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

WAITING = '''
"""A check that waits for ever, once it has told where the target is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses


class WaitsForEver(Check):
    """It waits for ever.

    What it checks:
        Nothing.

    Why it matters:
        It does not.

    How to fix:
        Interrupt it.
    """

    id = "waits-for-ever"
    task = "2.1"
    severity = Severity.HIGH
    needs = ("launch",)
    effect = Effect.READ
    uses = Uses()

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        yield ctx.finding("Found before the end", "What was found until then is kept.")
        assert ctx.launched is not None
        if Path("with-browser").exists():
            from stripe_audit.web.devtools import open_browser

            async with open_browser("chromium") as talk:
                await talk.ask("Target.createTarget", url="about:blank")
                Path("running").touch()
                await asyncio.sleep(3600)
        Path("draft").write_text(f"{ctx.launched.pid}\\n{ctx.launched.spec.scratch[0]}")
        Path("draft").rename("running")
        await asyncio.sleep(3600)
'''


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def started(tmp_path: Path, scratch: Path | None = None) -> subprocess.Popen[str]:
    check = tmp_path / "mine" / "webhooks" / "waits_for_ever.py"
    check.parent.mkdir(parents=True)
    check.write_text(WAITING)
    words = ["run", "--demo", "--checks-dir", "mine", "--check", "waits-for-ever", "--check", "payment-intent-created"]
    return subprocess.Popen(
        [sys.executable, "-c", "from stripe_audit.cli import main; main()", *words],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch or tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def audit(tmp_path: Path):
    process = started(tmp_path)
    until(lambda: (tmp_path / "running").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_audit_reports_what_it_has(number: int, audit: subprocess.Popen[str], tmp_path: Path) -> None:
    pid, scratch = (tmp_path / "running").read_text().split("\n")
    audit.send_signal(number)
    out, err = audit.communicate(timeout=30)
    assert audit.returncode == 130, err
    assert "Traceback" not in err
    assert "Found before the end" in out
    assert "interrupted" in out
    (kept,) = (tmp_path / ".stripe-audit").glob("*/report.json")
    report = json.loads(kept.read_text())
    assert report["run"]["interrupted"] is True
    by_check = {result["check"]: result for result in report["results"]}
    assert by_check["waits-for-ever"]["outcome"] == "failed"
    assert by_check["payment-intent-created"]["outcome"] == "skipped"
    assert not is_alive(int(pid))
    assert not Path(scratch).exists()
    assert not list(tmp_path.glob("stripe-audit-*"))


def test_a_killed_audit_leaves_no_process_and_no_scratch(audit: subprocess.Popen[str], tmp_path: Path) -> None:
    pid, scratch = (tmp_path / "running").read_text().split("\n")
    assert is_alive(int(pid))
    assert Path(scratch).is_dir()
    audit.kill()
    audit.communicate()
    until(lambda: not is_alive(int(pid)))
    until(lambda: not list(tmp_path.glob("stripe-audit-*")))


def below(folder: Path) -> list[bytes]:
    """The command lines of what runs with a folder in its command line or environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            if bytes(folder) in line + (entry / "environ").read_bytes() and is_alive(int(entry.name)):
                found.append(line)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "moment", ["stripe-audit-*", "stripe-audit-*/demo/stripe-audit.yaml", "stripe-audit-*/stripe-*"]
)
def test_one_that_is_killed_before_its_target_runs_leaves_nothing_either(moment: str, tmp_path: Path) -> None:
    process = started(tmp_path)
    until(lambda: bool(list(tmp_path.glob(moment))) or process.poll() is not None)
    process.kill()
    process.communicate()
    until(lambda: not list(tmp_path.glob("stripe-audit-*")) and not below(tmp_path))


@pytest.mark.chromium
def test_one_that_is_killed_while_a_browser_runs_leaves_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "with-browser").touch()
    with tempfile.TemporaryDirectory(prefix="sa") as folder:  # short, as the browser has a socket there
        process = started(tmp_path, Path(folder))
        try:
            until(lambda: (tmp_path / "running").exists() or process.poll() is not None)
            assert process.poll() is None, process.communicate()
            assert any(b"--user-data-dir" in line for line in below(Path(folder)))
        finally:
            process.kill()
            process.communicate()
        until(lambda: not below(Path(folder)) and not list(Path(folder).iterdir()))
