"""Reading a git repository by git itself, without running anything that the repository brings along.

A repository's own settings can name programs (a file-system monitor, hooks, transports): those are switched off, which
is why git may also read what another user owns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from stripe_audit.errors import Skip

__all__ = ["Blob", "Commit", "commits_of", "files_of", "is_ignored", "is_repository", "past_blobs", "tracked_files"]

_LARGEST_BLOB = "8m"
"""What is larger is no source; git leaves it out (docs: git rev-list --filter)."""
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"),
    *("-c", "core.pager=cat", "-c", "log.showSignature=false", "-c", "safe.directory=*"),
)
_ANSWERS_S = 60


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content at some time: its object id, and a path that it had; both as git tells them."""

    identity: str
    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Where a content came in: the commit and the path that it had there."""

    identity: str
    path: str


def _command(root: Path, *arguments: str) -> list[str]:
    program = shutil.which("git")
    if program is None:
        raise Skip("git is not found, so the repository cannot be read")
    return [program, "-C", str(root), *_SAFE, *arguments]


def _environment() -> dict[str, str]:
    """The caller's, without what would point git elsewhere; nothing is fetched, asked for or locked."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    return {**kept, **quiet, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def _told(root: Path, *arguments: str) -> bytes | None:
    """What git prints, or None where it fails."""
    done = subprocess.run(
        _command(root, *arguments), env=_environment(), capture_output=True, timeout=_ANSWERS_S, check=False
    )
    return done.stdout if done.returncode == 0 else None


def is_repository(root: Path) -> bool:
    """Whether a folder lies in a git work tree that git is willing to read. Raises Skip where there is no git."""
    return _told(root, "rev-parse", "--is-inside-work-tree") == b"true\n"


def _paths(output: bytes | None) -> list[str] | None:
    return None if output is None else [os.fsdecode(name) for name in output.split(b"\0") if name]


def tracked_files(root: Path) -> list[str] | None:
    """The paths below a folder that git tracks, relative to it; None where it is in no repository. Raises Skip."""
    return _paths(_told(root, "ls-files", "-z", "--cached")) if is_repository(root) else None


def files_of(root: Path) -> list[str] | None:
    """What git tracks, and what it would add; None where there is no repository. Raises Skip."""
    if not is_repository(root):
        return None
    return _paths(_told(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"))


@contextmanager
def _reading(command: list[str], source: IO[bytes]) -> Iterator[IO[bytes]]:
    """What a process prints; it is ended with the block."""
    process = subprocess.Popen(
        command, env=_environment(), stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def past_blobs(root: Path) -> Iterator[Blob]:
    """Every content that any branch or tag ever had, each once, through one ``git cat-file --batch``.

    Commit messages come along as blobs without a path. Of a repository that holds more than the source tree, only
    what lies below it. Raises Skip where there is no git.
    """
    limit = f"--filter=blob:limit={_LARGEST_BLOB}"
    is_part = bool((_told(root, "rev-parse", "--show-prefix") or b"").strip())
    below = ("--full-history", "--", ".") if is_part else ()
    listing = _told(root, "rev-list", "--objects", "--all", limit, *below) or b""
    objects = [line.partition(b" ") for line in listing.splitlines()]
    paths = {identity: path for identity, _, path in objects if path}
    with TemporaryFile() as wanted:
        wanted.write(b"".join(identity + b"\n" for identity, _, _ in objects))
        wanted.seek(0)
        with _reading(_command(root, "cat-file", "--batch", "--buffer"), wanted) as output:
            while header := output.readline():
                identity, kind, *size = header.split()
                if not size:
                    continue  # missing
                data = output.read(int(size[0]) + 1)[:-1]
                if kind in (b"blob", b"commit", b"tag"):
                    path = os.fsdecode(paths.get(identity, b"")) if kind == b"blob" else ""
                    yield Blob(identity.decode(), path, data)


def commits_of(root: Path, identities: Iterable[str]) -> dict[str, Commit]:
    """The oldest commit in which each content came in, with its path there; one walk through the history for all."""
    wanted, found = set(identities), dict[str, Commit]()
    if not wanted:
        return found
    arguments = ("log", "--all", "--raw", "--no-abbrev", "--no-renames", "-m", "--root", "-z", "--format=%x01%H")
    commit = ""
    fields = (_told(root, *arguments) or b"").split(b"\0")
    for position, part in enumerate(fields):
        text = part.lstrip(b"\n")
        if text.startswith(b"\x01"):
            commit = text[1:].split()[0].decode("ascii", "replace")
        elif text.startswith(b":"):
            identity = text.split()[3].decode("ascii", "replace")
            if identity in wanted and position + 1 < len(fields):
                found[identity] = Commit(commit, os.fsdecode(fields[position + 1]))
    return found


def is_ignored(root: Path, path: str) -> bool:
    """Whether git ignores a path below a folder. Raises Skip where there is no git."""
    return _told(root, "check-ignore", "-q", "--", path) is not None
