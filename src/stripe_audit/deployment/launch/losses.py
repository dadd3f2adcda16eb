"""Why what a launched target listens with has not taken the injection, read from the processes themselves (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from stripe_audit.deployment.launch.injection import VARIABLE, read_notes
from stripe_audit.deployment.launch.ports import listeners_below

__all__ = ["loss_below"]

_CARRIERS = {"python": "PYTHONPATH", "node": "NODE_OPTIONS"}
"""By which variable each interpreter takes it."""
_DEAF = ("-I", "-E")
"""Flags with which Python takes nothing from its environment."""


def loss_below(ancestor: int, folder: Path) -> str | None:
    """What lost it, in words, or None: nothing did, or it cannot be told. ``folder`` is that of the injection."""
    noted = read_notes(folder)
    for pid in listeners_below(ancestor):
        program = _program(pid)
        has_it = any(one in noted.processes and _program(one) == program for one in _lineage(pid))
        told = None if has_it else _told(pid, program, folder, has_taken=bool(noted.runtimes))
        if told:
            return told
    return None


def _told(pid: int, program: str, folder: Path, *, has_taken: bool) -> str | None:
    words, env = _words(pid), _environment(pid)
    named = " ".join([program, *words[1:3]])
    carrier = next((variable for name, variable in _CARRIERS.items() if program.startswith(name)), None)
    if not program:
        return None
    if carrier is None:  # it may stand before what took it
        return None if has_taken else f"{program} takes no injection"
    if env is None:
        return None
    if carrier == "PYTHONPATH" and any(word in _DEAF for word in words[1:]):
        return f"'{named}' is started with -I or -E, which keep Python from it"
    if VARIABLE not in env:
        return f"'{named}' is started with an environment of its own"
    if str(folder) not in env.get(carrier, ""):
        return f"{carrier} is set anew for '{named}'"
    return None


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def _lineage(pid: int) -> Iterator[int]:
    """A process and those above it: a fork has what its parent took."""
    while pid > 1:
        yield pid
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return


def _words(pid: int) -> list[str]:
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        return []


def _environment(pid: int) -> Mapping[str, str] | None:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if b"=" in entry)
    return {name: value for name, _, value in pairs}
