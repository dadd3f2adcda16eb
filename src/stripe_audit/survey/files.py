"""The files of a project that a person would read: no dependencies, no builds, no binaries; bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SOURCE_SUFFIXES", "read_text", "source_files"]

_SKIPPED = {
    *("node_modules", "bower_components", "vendor", "site-packages", "venv", "env", "__pycache__"),
    *("dist", "build", "out", "target", "coverage", "tmp", "public", "static", "migrations"),
    *("test", "tests", "__tests__", "spec", "e2e", "fixtures", "examples", "docs"),
}
"""Folders that hold other people's code, what was built, or code that never serves."""
SOURCE_SUFFIXES = frozenset((".ts", ".js", ".mjs", ".cjs", ".tsx", ".jsx", ".mts", ".cts", ".py", ".rb", ".php"))
_MOST_FILES = 5_000
_LARGEST = 512 * 1024
"""Bytes; what is larger was generated."""


def source_files(root: Path) -> Iterator[Path]:
    """Source files below a folder, in a fixed order; hidden folders and tests are left out."""
    count = 0
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name.lower() not in _SKIPPED and not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            is_spec = ".test." in name or ".spec." in name or name.startswith("test_") or name.endswith(".d.ts")
            if path.suffix not in SOURCE_SUFFIXES or is_spec:
                continue
            count += 1
            if count > _MOST_FILES:
                return
            yield path


def read_text(path: Path) -> str:
    """A file's text, bytes that are not UTF-8 replaced; empty where it is too large or cannot be read."""
    try:
        if path.stat().st_size > _LARGEST:
            return ""
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
