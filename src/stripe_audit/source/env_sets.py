"""Env files beside each other: which of them an app loads together, and whether their keys are of one set. Pure, but
for the looking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stripe_audit.keys import KeyMode
from stripe_audit.source.env_files import EnvFile, read_env_file
from stripe_audit.source.key_sets import HeldKey, keys_in
from stripe_audit.source.tree import folders_below, is_env_file

__all__ = ["MixedSets", "env_files_below", "mixed_sets"]

_DEEPEST = 3
_STAGES = {
    "live": re.compile(r"\.(?:prod|production|live)(?:\.|$)", re.IGNORECASE),
    "test": re.compile(r"\.(?:dev|development|test|testing|ci|staging|stage|sandbox)(?:\.|$)", re.IGNORECASE),
}
_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class MixedSets:
    """Keys that do not belong together: ``modes`` or ``accounts`` of files that are loaded together, or a ``stage``
    whose file holds keys of the other mode."""

    kind: Literal["modes", "accounts", "stage"]
    files: tuple[EnvFile, ...]
    keys: tuple[HeldKey, ...]


def env_files_below(root: Path) -> list[EnvFile]:
    """The env files in a source tree, not deeper than three folders, in order of their paths."""
    names = [path for folder in folders_below(root, _DEEPEST) for path in folder.glob("*.env*") if path.is_file()]
    names += [path for folder in folders_below(root, _DEEPEST) for path in folder.glob(".env*") if path.is_file()]
    paths = sorted({path for path in names if is_env_file(path.name) and not path.is_symlink()})
    files = []
    for path in paths[:_MOST_FILES]:
        try:
            files.append(read_env_file(path))
        except OSError:
            continue
    return files


def _stage(file: EnvFile) -> str:
    return next((stage for stage, pattern in _STAGES.items() if pattern.search(file.path.name)), "")


def mixed_sets(files: Iterable[EnvFile]) -> Iterator[MixedSets]:
    """What does not belong together. A file's own keys are compared elsewhere; here one file's with another's.

    A frontend's file and its backend's are of one stage and of one account, or every payment fails.
    """
    held = {file.path: [key for key in keys_in(file) if key.named_mode is None] for file in files}
    known = [file for file in files if held[file.path]]
    for file in known:
        stage = _stage(file)
        wrong = tuple(key for key in held[file.path] if stage and key.key.mode is not _MODES[stage])
        if wrong:
            yield MixedSets("stage", (file,), wrong)
    groups: dict[str, list[EnvFile]] = {}
    for file in known:
        if len({key.key.mode for key in held[file.path]}) == 1:
            groups.setdefault(_stage(file), []).append(file)
    for group in groups.values():
        keys = tuple(key for file in group for key in held[file.path])
        modes = {key.key.mode for key in keys}
        accounts = {key.key.account_hint for key in keys if key.key.account_hint}
        if len(group) > 1 and len(modes) > 1:
            yield MixedSets("modes", tuple(group), keys)
        elif len(group) > 1 and len(accounts) > 1 and all(_accounts(held[file.path]) == 1 for file in group):
            yield MixedSets("accounts", tuple(group), keys)


_MODES = {"live": KeyMode.LIVE, "test": KeyMode.TEST}


def _accounts(keys: Iterable[HeldKey]) -> int:
    return len({key.key.account_hint for key in keys if key.key.account_hint})
