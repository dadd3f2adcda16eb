"""Programs of the machine that a defect replaces: they come first on the PATH while the shop is audited."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["programs_first"]


@contextmanager
def programs_first(defects: Sequence[str]) -> Iterator[None]:
    """Put the programs of defects first on the PATH, and take them away again.

    Raises ValueError for a defect that does not exist, OSError where the programs cannot be written.
    """
    programs = dict[str, str]()
    if defects:  # else their code, which brings the whole shop with it, is not loaded
        from stripe_audit.demo.defects import chosen

        programs = {name: text for defect in chosen(defects) for name, text in defect.programs.items()}
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
