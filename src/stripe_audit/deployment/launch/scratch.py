"""One folder for all that a command keeps for its own time, which a SIGKILL of the command does not leave behind."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stripe_audit.deployment.launch import sweeper

__all__ = ["announce_draft", "swept_scratch"]

_sweepers: list[subprocess.Popen[bytes]] = []
"""Of this process; the last one hears of drafts."""


@contextmanager
def swept_scratch() -> Iterator[Path]:
    """While this lasts, ``tempfile`` makes everything below one folder, and a process waits to clear it away.

    For the main thread of a command: it changes where the whole process has its temporary files.
    """
    before = tempfile.tempdir
    folder = Path(tempfile.gettempdir()) / f"stripe-audit-{secrets.token_hex(4)}"
    waiting = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(sweeper.__file__)), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _sweepers.append(waiting)
    try:
        folder.mkdir(mode=0o700)
        tempfile.tempdir = str(folder)
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        _sweepers.remove(waiting)
        assert waiting.stdin
        with contextlib.suppress(OSError):
            waiting.stdin.close()
        waiting.wait()


def announce_draft(path: Path) -> None:
    """Have a file removed, if it is still there, should the command be killed. Nothing where nobody waits for that."""
    if not _sweepers:
        return
    source = _sweepers[-1].stdin
    assert source
    with contextlib.suppress(OSError):
        source.write(json.dumps(str(path.absolute())).encode() + b"\n")
        source.flush()
