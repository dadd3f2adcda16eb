"""The files of a source tree, and the secrets in them. Read only; symbolic links are not followed."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from stripe_audit.errors import Skip
from stripe_audit.source.git import files_of
from stripe_audit.source.secrets import ANCHORS, Secret, secrets_in

__all__ = ["FoundSecret", "Place", "Tree", "folders_below", "is_env_file", "read_tree"]

_NOT_SOURCE = frozenset(
    (".git", ".hg", ".svn", "node_modules", "bower_components", "vendor", ".venv", "venv", "site-packages")
) | {"__pycache__", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".cache", ".stripe-audit"}
"""Folders of other people's code, and of what tools keep."""
_BUILT = frozenset(("dist", "build", "out", ".next", ".nuxt", ".output", ".svelte-kit", ".vercel", "public", "www"))
_DEEPEST_BUILD = 3
"""How far below the root a folder of build output is looked for: ``apps/shop/dist``."""
_ENV = re.compile(r"\.env(?:\.[A-Za-z0-9_-]+)*|[A-Za-z0-9_-]+\.env|\.envrc")
_EXAMPLE = re.compile(r"example|sample|template|dist\b|default", re.IGNORECASE)
_FOR_EXAMPLE = re.compile(
    r"(?:^|[/_.-])(?:tests?|specs?|__tests__|__mocks__|fixtures?|mocks?|examples?|samples?|stories|docs?)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_LARGEST = 16 * 1024 * 1024
"""Bytes of a file that are read."""
_WORTH_RG = 3000
"""Files from which on ripgrep, where there is one, finds those worth a look sooner than we read them all."""
_RG_S = 60


class Place(StrEnum):
    """What a file is for."""

    SOURCE = "source"
    BUILD = "build output"
    EXAMPLE = "test or example"


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A secret in a file (its path relative to the tree's root)."""

    path: str
    place: Place
    secret: Secret


@dataclass(frozen=True, slots=True)
class Tree:
    """What was read: how many files and bytes, the secrets in them, and the files of which only the beginning was."""

    files: int
    bytes: int
    found: tuple[FoundSecret, ...]
    cut: tuple[str, ...] = ()


def is_env_file(path: str) -> bool:
    """Whether a file is where secrets belong: ``.env`` and its like, but no example of one."""
    name = path.rpartition("/")[2]
    return bool(_ENV.fullmatch(name)) and not _EXAMPLE.search(name)


def read_tree(root: Path) -> Tree:
    """Read every file that belongs to the source, and the build output.

    In a git work tree that is what git does not ignore; elsewhere all but other people's code. Env files are left out.
    """
    try:
        names = files_of(root)
    except Skip:  # no git: every file counts
        names = None
    paths = list(dict.fromkeys([*(_known(names) if names else _walked(root)), *_built(root)]))
    likely = _candidates(root) if len(paths) > _WORTH_RG else None
    found: list[FoundSecret] = []
    files = size = 0
    cut: list[str] = []
    base = os.fspath(root)
    for path in paths:
        if likely is not None and path not in likely:
            files += _is_regular(f"{base}/{path}")
            continue
        data = _content(f"{base}/{path}")
        if data is None:
            continue
        files, size = files + 1, size + len(data)
        if len(data) > _LARGEST:
            cut.append(path)
        found += [FoundSecret(path, place_of(path), secret) for secret in secrets_in(data)]
    return Tree(files, size, tuple(found), tuple(cut))


def place_of(path: str) -> Place:
    """What a file is for, by its path."""
    folders = PurePosixPath(path).parts[:-1]
    if any(folder in _BUILT for folder in folders[: _DEEPEST_BUILD + 1]):
        return Place.BUILD
    return Place.EXAMPLE if _FOR_EXAMPLE.search(path) else Place.SOURCE


def _known(names: Iterable[str]) -> list[str]:
    return [name for name in names if not is_env_file(name) and not _NOT_SOURCE & set(name.split("/")[:-1])]


def _walked(root: Path, at: str = "") -> Iterator[str]:
    """Every file below, in order of names; paths relative to the root."""
    folders: list[str] = []
    for entry in _entries(root / at):
        path = f"{at}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NOT_SOURCE:
                folders.append(f"{path}/")
        elif entry.is_file(follow_symlinks=False) and not is_env_file(path):
            yield path
    for folder in folders:
        yield from _walked(root, folder)


def _built(root: Path, at: str = "", depth: int = 0) -> Iterator[str]:
    """The files of build output, which git ignores as a rule."""
    for entry in _entries(root / at):
        if entry.is_dir(follow_symlinks=False) and entry.name not in _NOT_SOURCE:
            if entry.name in _BUILT:
                yield from _walked(root, f"{at}{entry.name}/")
            elif depth < _DEEPEST_BUILD:
                yield from _built(root, f"{at}{entry.name}/", depth + 1)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _content(path: str) -> bytes | None:
    """The bytes of a regular file, one more than are read where there are more; None where it cannot be read."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            return None
        return os.read(number, min(about.st_size, _LARGEST) + 1)
    except OSError:
        return None
    finally:
        os.close(number)


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _candidates(root: Path) -> set[str] | None:
    """The files that ripgrep finds an anchor in; None where there is none, or where it could not read something."""
    program = shutil.which("rg")
    if program is None:
        return None
    anchors = [word for anchor in ANCHORS for word in ("-e", anchor.decode())]
    command = [program, "--no-config", "-uuu", "--encoding", "none", "--no-messages", "-l0F", *anchors, "--", "."]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=_RG_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode not in (0, 1):
        return None
    return {os.fsdecode(name).removeprefix("./") for name in done.stdout.split(b"\0") if name}


def folders_below(root: Path, deepest: int) -> Iterator[Path]:
    """The root and the folders of its source, down to a depth."""
    yield root
    for entry in _entries(root) if deepest else []:
        if entry.is_dir(follow_symlinks=False) and entry.name not in _NOT_SOURCE | _BUILT:
            yield from folders_below(root / entry.name, deepest - 1)
