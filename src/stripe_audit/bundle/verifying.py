"""Checking a bundle: which of its files is not what the manifest says, and who signed that."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.bundle.manifest import MANIFEST, SIGNATURE, Entry, chained, read_manifest
from stripe_audit.bundle.signing import signature_problem, signer_of
from stripe_audit.errors import UsageError

__all__ = ["Verdict", "verify_bundle"]

_MANIFEST_CAP = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problems`` names every file that is not as it was written. ``head`` is the manifest's last chain."""

    files: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    head: str = ""
    is_signed: bool = False
    signer: str | None = None
    """The fingerprint of the key that signed; whose it is only a file of allowed signers can say."""
    identity: str | None = None
    """Who signed, if allowed signers were given and the signature is one of theirs."""


def verify_bundle(path: Path, *, signers: Path | None = None, identity: str | None = None) -> Verdict:
    """Check a bundle, reading each file once and extracting none. Raises UsageError for what is no bundle."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verdict(archive, path, signers, identity)
    except FileNotFoundError:
        raise UsageError(f"{path} is not there", hint="'stripe-audit run --bundle FILE.zip' writes one") from None
    except zipfile.BadZipFile as error:
        raise UsageError(f"{path} is no bundle: {error}", hint="it is damaged, or another file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def _verdict(archive: zipfile.ZipFile, path: Path, signers: Path | None, identity: str | None) -> Verdict:
    names = archive.namelist()
    if MANIFEST not in names:
        raise UsageError(f"{path} is no bundle: it has no {MANIFEST}", hint="it is damaged, or another file")
    problems = [f"{name}: is there {names.count(name)} times" for name in dict.fromkeys(names) if names.count(name) > 1]
    text = _text(archive, MANIFEST)
    try:
        entries, head = read_manifest(text)
    except ValueError as error:
        return Verdict(problems=(*problems, f"{MANIFEST}: was changed: {error}"))
    problems += _chain_problems(entries, head)
    problems += [problem for entry in entries if (problem := _file_problem(archive, entry, names))]
    known = {entry.name for entry in entries} | {MANIFEST, SIGNATURE}
    problems += [
        f"{name}: was added; the manifest does not list it" for name in dict.fromkeys(names) if name not in known
    ]
    signature = _text(archive, SIGNATURE) if SIGNATURE in names else None
    signer = signer_of(text, signature) if signature is not None else None
    if signature is not None and signer is None:
        problems.append(f"{SIGNATURE}: is no signature of this manifest")
    if signers is not None:
        why = _signer_problem(text, signature, signers, identity or "")
        problems += [why] if why else []
    return Verdict(
        tuple(entry.name for entry in entries),
        tuple(dict.fromkeys(problems)),
        head,
        signature is not None,
        signer,
        identity if signers is not None and not problems else None,
    )


def _text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as member:
        return member.read(_MANIFEST_CAP).decode("utf-8", "replace")


def _chain_problems(entries: tuple[Entry, ...], head: str) -> Iterator[str]:
    linked = chained(entries)
    for entry, right in zip(entries, linked, strict=True):
        if entry.chain != right.chain:
            yield f"{MANIFEST}: was changed: its chain breaks at {entry.name}"
            return
    if head != (linked[-1].chain if linked else ""):
        yield f"{MANIFEST}: was changed: its head is not the end of its chain"


def _file_problem(archive: zipfile.ZipFile, entry: Entry, names: list[str]) -> str | None:
    if entry.name not in names:
        return f"{entry.name}: is missing"
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(entry.name) as member:
            while size <= entry.size and (chunk := member.read(_CHUNK)):
                digest.update(chunk)
                size += len(chunk)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        return f"{entry.name}: is damaged ({error})"
    if size != entry.size or digest.hexdigest() != entry.sha256:
        return f"{entry.name}: was changed"
    return None


def _signer_problem(text: str, signature: str | None, signers: Path, identity: str) -> str | None:
    if signature is None:
        return f"{SIGNATURE}: is missing, and signers were named"
    why = signature_problem(text, signature, signers, identity)
    return f"{SIGNATURE}: is not {identity}'s by {signers}: {why}" if why else None
