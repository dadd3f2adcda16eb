"""Clears away what a command of the audit's leaves, once that command is gone, even by SIGKILL.

Started as ``python sweeper.py FOLDER`` in a session of its own, before the folder is made. Lines on stdin are JSON
strings: paths of drafts elsewhere, which are no more if all went well. stdin's end means that the command is over.
A command that ends in order has removed the folder by then. If it has not, what still runs with the folder in its
command line or environment is killed, but for what has a supervisor of its own, and the folder and the drafts are
removed until they stay away: a program that is about to end may make its folder once more.

Standard library only, and no import of the package, so that it starts fast.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_SUPERVISOR = b"supervisor.py"
_AWAY_S = 1.0
"""A folder is gone for good once it has been away for so long."""
_WITHIN_S = 60.0


def _parents() -> dict[int, int]:
    """Every process of this machine and its parent (Linux; elsewhere none is seen)."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _lineage(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = parents.get(pid, 0)


def _left(folder: bytes) -> list[int]:
    """What runs with the folder in its command line or environment, and has no supervisor."""
    parents = _parents()
    using = [
        pid
        for pid in parents
        if pid != os.getpid() and (folder in _read(pid, "cmdline") or folder in _read(pid, "environ"))
    ]
    return [pid for pid in using if not any(_SUPERVISOR in _read(one, "cmdline") for one in _lineage(pid, parents))]


def _sweep(folder: Path, drafts: list[Path]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    since = time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < _AWAY_S:
        for pid in _left(os.fsencode(folder)):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            since = time.monotonic()
        for draft in drafts:
            draft.unlink(missing_ok=True)
        if folder.exists():
            since = time.monotonic()
            shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


def main() -> int:
    """Wait for the end of the command, then sweep."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the pipe's end counts
    folder = Path(sys.argv[1])
    drafts = [Path(json.loads(line)) for line in sys.stdin.buffer]
    if folder.exists() or any(draft.exists() for draft in drafts):
        _sweep(folder, drafts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
