"""Who else can read an env file: everybody on this machine, everybody with the repository."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.errors import Skip
from stripe_audit.source.git import is_ignored, tracked_files

__all__ = ["Exposure", "exposures"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """How an env file is open: ``tracked`` or ``unignored`` by git, ``readable`` or ``writable`` by other users."""

    kind: str
    detail: str


def exposures(path: Path) -> Iterator[Exposure]:
    """Every way that is seen. Raises OSError where the file is not there."""
    mode = stat.S_IMODE(path.stat().st_mode)
    folder = path.parent
    try:
        tracked = tracked_files(folder)
        if tracked is not None and path.name in tracked:
            yield Exposure("tracked", "git tracks it, so that every clone has it")
        elif tracked is not None and not is_ignored(folder, path.name):
            yield Exposure("unignored", "git does not ignore it, so that the next git add takes it along")
    except Skip:
        pass
    if os.name == "posix" and mode & stat.S_IWOTH:
        yield Exposure("writable", f"its mode is {mode:o}: every user of the machine may change it")
    elif os.name == "posix" and mode & stat.S_IROTH:
        yield Exposure("readable", f"its mode is {mode:o}: every user of the machine may read it")
