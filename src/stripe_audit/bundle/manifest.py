"""The manifest: every file of a bundle with its digest, each line chained to those before it.

``chain`` of an entry is SHA-256 over the chain before it, the file's name and the file's digest, a newline between
each; the first chain before is empty. So the last one, ``head``, stands for all files, their names and their order, and
whoever notes it elsewhere, or signs the manifest, can tell later that nothing was changed, added or taken away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["MANIFEST", "SCHEMA", "SIGNATURE", "Entry", "chained", "manifest_text", "read_manifest"]

SCHEMA = "stripe-audit-bundle/v1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: ``size`` in bytes, ``sha256`` and ``chain`` in hex."""

    name: str
    size: int
    sha256: str
    chain: str = ""


def chained(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The same entries, each with its chain."""
    found: list[Entry] = []
    chain = ""
    for entry in entries:
        chain = hashlib.sha256(f"{chain}\n{entry.name}\n{entry.sha256}".encode("utf-8", "surrogatepass")).hexdigest()
        found.append(Entry(entry.name, entry.size, entry.sha256, chain))
    return tuple(found)


def manifest_text(entries: Iterable[Entry], run: str, version: str) -> str:
    """The manifest of a bundle. ``run`` is the run's tag, ``version`` the release that wrote the bundle."""
    linked = chained(entries)
    document = {
        "schema": SCHEMA,
        "run": run,
        "made_by": f"stripe-audit {version}",
        "files": [{"name": one.name, "size": one.size, "sha256": one.sha256, "chain": one.chain} for one in linked],
        "head": linked[-1].chain if linked else "",
    }
    return json.dumps(document, indent=2) + "\n"


def read_manifest(text: str) -> tuple[tuple[Entry, ...], str]:
    """Entries and head of a manifest. Raises ValueError, in words, for what is none."""
    try:
        document: Any = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        entries = tuple(
            Entry(str(one["name"]), int(one["size"]), str(one["sha256"]), str(one["chain"]))
            for one in document["files"]
        )
        return entries, str(document["head"])
    except (KeyError, TypeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"it is no manifest ({type(error).__name__})") from None
