"""Programs of the machine that a defect replaces: they come first on the PATH while the shop is audited."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["programs_first"]


@contextmanager
def programs_first(programs: Mapping[str, str]) -> Iterator[None]:
    """Put programs (name and text, a script with its first line) first on the PATH, and take them away again.

    Raises OSError where they cannot be written.
    """
    if not programs:
        yield
        return
    before = os.environ.get("PATH", "")
    with tempfile.TemporaryDirectory(prefix="stripe-audit-programs-") as folder:
        for name, text in programs.items():
            path = Path(folder, name)
            path.write_text(text, "utf-8")
            path.chmod(0o700)
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before
