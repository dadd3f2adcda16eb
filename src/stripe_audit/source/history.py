"""Secrets in a git repository's history that the files of today no longer hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stripe_audit.source.git import commits_of, past_blobs, tracked_files
from stripe_audit.source.secrets import Secret, secrets_in

__all__ = ["History", "PastSecret", "read_history"]


@dataclass(frozen=True, slots=True)
class PastSecret:
    """A secret, the path that its file had, and the commit that brought it in (empty where none shows it).

    In a commit's own message the path is empty.
    """

    path: str
    commit: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class History:
    """How many contents were read, and the secrets in them that no tracked file holds now."""

    contents: int
    found: tuple[PastSecret, ...]


def read_history(root: Path) -> History | None:
    """Read everything that branches and tags ever had; None where there is no repository. Raises Skip without git."""
    tracked = tracked_files(root)
    if tracked is None:
        return None
    contents = 0
    places: dict[str, tuple[str, str, Secret]] = {}
    for blob in past_blobs(root):
        contents += 1
        for secret in secrets_in(blob.data):
            places.setdefault(secret.digest, (blob.identity, blob.path, secret))
    if places:
        for digest in _held_now(root, tracked):
            places.pop(digest, None)
    commits = commits_of(root, {identity for identity, path, _ in places.values() if path})
    found = []
    for identity, path, secret in places.values():
        commit = commits.get(identity)
        found.append(
            PastSecret(commit.path if commit else path, commit.identity if commit else "" if path else identity, secret)
        )
    return History(contents, tuple(found))


def _held_now(root: Path, tracked: list[str]) -> set[str]:
    """The digests of secrets in files that are tracked now: those are no matter of the past."""
    held: set[str] = set()
    for path in tracked:
        place = root / path
        if place.is_file() and not place.is_symlink():
            held |= {secret.digest for secret in secrets_in(place.read_bytes())}
    return held
