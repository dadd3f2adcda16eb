"""A small git repository, written without git: what the demo's project was, commit by commit, and what it tracks now.

The format is that of git's own documentation (gitrepository-layout, gitformat-index, version 2). Times and names are
constant, so that the same files give the same commits.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["write_repository"]

_AUTHOR = "Demo Shop <shop@example.com> 1750000000 +0000"


def write_repository(folder: Path, commits: Sequence[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Make ``folder`` a repository of these commits (a message and the tracked files of each); their ids.

    The index is that of the last commit. No file is written but git's own. Raises OSError.
    """
    git = folder / ".git"
    for name in ("objects", "refs/heads"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n", "utf-8")
    (git / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n", "utf-8")
    made: list[str] = []
    blobs: dict[str, str] = {}
    for message, files in commits:
        blobs = {path: _store(git, "blob", text.encode()) for path, text in files.items()}
        parent = f"parent {made[-1]}\n" if made else ""
        body = f"tree {_tree(git, blobs)}\n{parent}author {_AUTHOR}\ncommitter {_AUTHOR}\n\n{message}\n"
        made.append(_store(git, "commit", body.encode()))
    (git / "refs/heads/main").write_text(f"{made[-1]}\n", "utf-8")
    (git / "index").write_bytes(_index(blobs))
    return made


def _store(git: Path, kind: str, content: bytes) -> str:
    data = f"{kind} {len(content)}\0".encode() + content
    identity = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = git / "objects" / identity[:2] / identity[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(data, 1))
    return identity


def _tree(git: Path, blobs: Mapping[str, str]) -> str:
    """A tree object of paths; folders become trees of their own."""
    below: dict[str, dict[str, str]] = {}
    entries: list[tuple[bytes, bytes, str]] = []
    for path, identity in blobs.items():
        first, _, rest = path.partition("/")
        if rest:
            below.setdefault(first, {})[rest] = identity
        else:
            entries.append((first.encode(), b"100644 ", identity))
    entries += [(f"{name}/".encode(), b"40000 ", _tree(git, inner)) for name, inner in below.items()]
    content = b"".join(
        mode + name.rstrip(b"/") + b"\0" + bytes.fromhex(identity) for name, mode, identity in sorted(entries)
    )
    return _store(git, "tree", content)


def _index(blobs: Mapping[str, str]) -> bytes:
    """The index of version 2; sizes and times are 0, so that git compares contents."""
    entries = b""
    for path, identity in sorted((path.encode(), identity) for path, identity in blobs.items()):
        entry = struct.pack(">10I", 0, 0, 0, 0, 0, 0, 0o100644, 0, 0, 0) + bytes.fromhex(identity)
        entry += struct.pack(">H", min(len(path), 0xFFF)) + path
        entries += entry + b"\0" * (8 - len(entry) % 8)
    data = b"DIRC" + struct.pack(">2I", 2, len(blobs)) + entries
    return data + hashlib.sha1(data, usedforsecurity=False).digest()
