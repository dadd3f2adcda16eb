"""Turns an unmodified target towards the audit's Stripe, by what its own interpreter runs first.

Two files of ``inject/`` are copied to scratch with their instructions: ``sitecustomize.py``, found by Python on
``PYTHONPATH``, and ``preload.cjs``, required by Node.js for ``NODE_OPTIONS``. Children inherit both, so that servers
which fork, spawn or reload are covered. What the caller has in these variables stays.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Injection", "Noted", "changed_environment", "read_notes"]

VARIABLE = "INJECTED_BY_STRIPE_AUDIT"
_SOURCE = Path(__file__).parent / "inject"
_FILES = ("sitecustomize.py", "preload.cjs")
_NOTES = "notes.ndjson"
_NODE = """\
#!/bin/sh
case "$NODE_OPTIONS" in *preload.cjs*) ;; *) NODE_OPTIONS="$NODE_OPTIONS "{kept}; export NODE_OPTIONS ;; esac
exec {program} "$@"
"""
_PYTHON = """\
#!/bin/sh
case "$PYTHONPATH" in *{kept}*) ;; *) PYTHONPATH={kept}"${{PYTHONPATH:+:$PYTHONPATH}}"; export PYTHONPATH ;; esac
exec {program} "$@"
"""
_PYTHONS = ("python", "python3")
_NOTES_CAP = 1024 * 1024
"""Bytes of notes that are read; they are written by the target's processes."""


@dataclass(frozen=True, slots=True)
class Injection:
    """What the target's processes are told.

    ``keys`` holds ``secret_key``, ``publishable_key`` and perhaps ``webhook_secret``: what any variable that would hold
    a Stripe key gets instead. ``pinned`` are variables that the app's own files cannot change.
    """

    stripe_url: str
    keys: Mapping[str, str] = field(repr=False)
    pinned: Mapping[str, str] = field(repr=False)
    is_local: bool = True

    def install(self, folder: Path, env: Mapping[str, str]) -> dict[str, str]:
        """Write the files to a new folder. The environment, with what makes Python and Node.js run them."""
        folder.mkdir(mode=0o700)
        for name in _FILES:
            shutil.copyfile(_SOURCE / name, folder / name)
        order = {
            "stripe": self.stripe_url,
            "keys": dict(self.keys),
            "pinned": dict(self.pinned),
            "is_local": self.is_local,
            "notes": str(folder / _NOTES),
        }
        instructions = folder / "injection.json"
        instructions.touch(0o600)
        instructions.write_text(json.dumps(order), "utf-8")
        preload = f"--require={_quoted(str(folder / 'preload.cjs'))}"
        return {
            **env,
            **_stubborn(folder, preload, env.get("PATH", "")),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), env.get("PYTHONPATH")))),
            "NODE_OPTIONS": " ".join(filter(None, (env.get("NODE_OPTIONS"), preload))),
            VARIABLE: str(instructions),
        }


def _stubborn(folder: Path, preload: str, path: str) -> dict[str, str]:
    """A PATH on which interpreters keep the injection, though a script says ``NODE_OPTIONS=… node server.js``."""
    if os.name != "posix":
        return {}
    stubs = folder / "bin"
    stubs.mkdir()
    for name, text, kept in (("node", _NODE, preload), *((name, _PYTHON, str(folder)) for name in _PYTHONS)):
        if program := shutil.which(name, path=path):
            (stubs / name).write_text(text.format(kept=shlex.quote(kept), program=shlex.quote(program)))
            (stubs / name).chmod(0o700)
    return {"PATH": os.pathsep.join((str(stubs), path))}


def changed_environment(env: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """An environment with other values (None: without the variable), which an injection in it then holds to as well."""
    changed = {name: value for name, value in {**env, **changes}.items() if value is not None}
    if VARIABLE not in env:
        return changed
    instructions = Path(env[VARIABLE])
    order = json.loads(instructions.read_text("utf-8"))
    order["pinned"].update(changes)
    others = instructions.with_name(f"injection-{time.monotonic_ns()}.json")
    others.touch(0o600)
    others.write_text(json.dumps(order), "utf-8")
    return {**changed, VARIABLE: str(others)}


def _quoted(path: str) -> str:
    """As Node.js reads it in NODE_OPTIONS (nodejs.org/api/cli.html#node_optionsoptions)."""
    if not any(character in path for character in ' "\\'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Noted:
    """What the target's processes have said so far. Hostile text, like all that comes from a target."""

    runtimes: tuple[str, ...] = ()
    """Interpreters that took the injection."""
    libraries: tuple[str, ...] = ()
    """What was turned towards the audit's Stripe."""
    refused: tuple[str, ...] = ()
    """Hosts of Stripe's that were asked for, and refused."""
    replaced: tuple[str, ...] = ()
    """Variables in which the app would have put a Stripe key of its own."""
    live: tuple[str, ...] = ()
    """Those of them that would have held a live key."""
    processes: frozenset[int] = frozenset()
    """Those that took it."""


def read_notes(folder: Path) -> Noted:
    """Read what was noted in the folder of an injection; nothing, if there is none."""
    try:
        with (folder / _NOTES).open("rb") as file:
            text = file.read(_NOTES_CAP).decode("utf-8", "replace")
    except OSError:
        return Noted()
    found: dict[str, dict[str, None]] = {}
    processes = set()
    for line in text.splitlines():
        try:
            event = json.loads(line)
            kind = str(event["event"])
        except (ValueError, TypeError, KeyError):
            continue
        words = (event.get(name) for name in ("runtime", "library", "host", "variable"))
        said = next((str(word) for word in words if word), "")
        if kind == "loaded" and isinstance(event.get("pid"), int):
            processes.add(event["pid"])
        if kind == "redirected":
            said = f"{said} {event.get('version') or ''}".strip()
        found.setdefault(kind, {})[said] = None
        if kind == "key replaced" and event.get("live") is True:
            found.setdefault("live", {})[said] = None
    runtimes, libraries, refused, replaced, live = (
        tuple(found.get(kind, ())) for kind in ("loaded", "redirected", "refused", "key replaced", "live")
    )
    return Noted(runtimes, libraries, refused, replaced, live, frozenset(processes))
