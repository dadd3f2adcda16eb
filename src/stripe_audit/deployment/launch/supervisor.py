"""Runs the target, and outlives the audit for as long as it takes to stop it.

Started as ``python supervisor.py`` in a session of its own. The first line on stdin is a JSON object: ``command``,
``cwd``, ``env``, ``output`` (file for both streams), ``scratch`` (folders to remove at the end) and
``stop_within`` (seconds). Further lines: ``{"signal": n}``, and ``{"farewell": true}`` before an orderly end.
stdin's end means stop: the target's process group, then whatever it left behind. Without a farewell the audit is gone,
even by SIGKILL, and scratch is removed too. Events leave on stdout, a JSON object a line:
``{"started": pid}``, ``{"failed": text}``, ``{"exited": code}``.

Standard library only, and no import of the package, so that it starts fast.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def _adopt_orphans() -> None:
    """On Linux, what the target leaves behind becomes our child, so that a double fork cannot escape."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        except (OSError, AttributeError):
            pass


def _descendants() -> list[int]:
    """Every living process below this one (Linux; elsewhere none is seen)."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _stop(process: subprocess.Popen[bytes], within: float) -> None:
    """SIGTERM to the group and to what left it, SIGKILL after ``within`` seconds to all that is still below us."""
    _signal_group(process, signal.SIGTERM)
    asked = {process.pid}
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and ((left := _descendants()) or process.poll() is None):
        for pid in set(left) - asked:
            _signal(pid, signal.SIGTERM)
        asked.update(left)
        time.sleep(0.01)
    _signal_group(process, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 5
    while (left := _descendants()) and time.monotonic() < deadline:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        _reap()
        time.sleep(0.01)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _bury_orphans(process: subprocess.Popen[bytes] | None) -> None:
    """Reap what we adopted and has ended; the target's own end is left to ``poll``."""
    try:
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if process and dead.si_pid == process.pid:
                return
            os.waitpid(dead.si_pid, 0)
    except ChildProcessError:
        pass


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _say(**event: Any) -> None:
    try:
        os.write(1, json.dumps(event).encode() + b"\n")
    except OSError:
        pass  # the audit is gone; stdin will say so


def _lines(buffer: bytearray) -> list[dict[str, Any]]:
    *whole, rest = bytes(buffer).split(b"\n")
    buffer[:] = rest
    return [json.loads(line) for line in whole if line.strip()]


def main() -> int:
    """Run one target to its end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the pipe's end stops us
    _adopt_orphans()
    first = sys.stdin.buffer.readline()
    if not first.strip():
        return 0
    order = json.loads(first)
    process = None
    try:
        with Path(order["output"]).open("ab") as output:
            process = subprocess.Popen(
                order["command"],
                cwd=order["cwd"],
                env=order["env"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                restore_signals=True,
                preexec_fn=_default_signals,  # safe: this process has one thread
            )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        named = getattr(error, "filename", None) or " ".join(order["command"][:1])
        _say(failed=f"{named}: {getattr(error, 'strerror', None) or error}")
    if process:
        _say(started=process.pid)
    is_orderly = _watch(process)
    if process:
        _stop(process, order["stop_within"])
        _say(exited=process.returncode)
    for folder in () if is_orderly else order["scratch"]:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _watch(process: subprocess.Popen[bytes] | None) -> bool:
    """Until the pipe ends; whether a farewell came before. A target that exits by itself is reported once."""
    buffer = bytearray()
    is_told = is_orderly = False
    while True:
        if process and process.poll() is not None and not is_told:
            is_told = True
            _say(exited=process.returncode)
        _bury_orphans(process)
        readable, _, _ = select.select([0], [], [], 0.05)
        if readable:
            data = os.read(0, 65536)
            if not data:
                return is_orderly
            buffer += data
            for line in _lines(buffer):
                is_orderly = is_orderly or bool(line.get("farewell"))
                if "signal" in line and process:
                    _signal_group(process, int(line["signal"]))


if __name__ == "__main__":
    sys.exit(main())
