"""How fast secrets are found in a source tree and in a history, beside grep, ripgrep and detect-secrets.

    python benchmarks/secret_scan.py [MEGABYTES]

Makes a tree of files as projects have them (default 120 MB, 3 to 60 KB each) with secrets strewn in, and a repository
of 3,000 commits. Every tool runs three times on the warm tree, the fastest counts; MB/s are per second of processor
time, since some use every core. The found sets are compared: which files, of those that hold a secret and of those that
do not. detect-secrets, which needs minutes, gets one folder of 90; its Stripe detector looks for live keys alone.
``STRIPE_AUDIT_TOOLS`` is a folder with ``rg`` and ``detect-secrets`` where they are not on the path.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from stripe_audit.keys import make_test_keys
from stripe_audit.source import read_history, read_tree

PATTERN = r"(?<![A-Za-z0-9])((sk|rk)_(live|test)_|sk_org_(live_|test_)?|whsec_|absec_)[A-Za-z0-9+/]{24,250}"
COMMITS = 3000
PART = "src/m0"
LEAST_MB_S, MOST_HISTORY_S = 200.0, 3.0


def make_tree(folder: Path, megabytes: int) -> set[str]:
    """Files of words, with keys in every 97th and what only looks like one in every 53rd; the ones with keys."""
    source = random.Random(1)
    words = ["".join(source.choices("etaoinshrdlucmfw_(){};= ", k=source.randint(2, 12))) for _ in range(4000)]
    held, written, number = set(), 0, 0
    while written < megabytes * 1_000_000:
        text = " ".join(source.choices(words, k=source.randint(400, 8000)))
        name = f"src/m{number % 90}/f{number}.js"
        if number % 97 == 0:
            keys = make_test_keys(seed=number)
            text += "\nkey = '" + source.choice([keys.secret, keys.webhook_secret]) + "'\n"
            held.add(name)
        elif number % 53 == 0:
            text += "\nkey = 'sk_test_your_own_key_goes_in_here' // whsec_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        written, number = written + len(text), number + 1
    return held


def make_history(folder: Path) -> None:
    """3,000 commits, each of which changes one of 300 files; two held a key for a while."""
    source, lines = random.Random(2), []
    key = make_test_keys(seed=3).secret
    for commit in range(COMMITS):
        held = key if commit in (500, 2000) else ""
        text = f"{held}\n" + "".join(f"line {source.random()} of some source code\n" for _ in range(120))
        mark = commit + 1
        lines.append(f"blob\nmark :{mark}\ndata {len(text)}\n{text}")
        lines.append(f"commit refs/heads/main\ncommitter A <a@example.com> {1750000000 + commit} +0000\ndata 1\nx")
        lines.append(f"M 100644 :{mark} src/f{commit % 300}.py\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    done = subprocess.run(
        ["git", "-C", str(folder), "fast-import", "--quiet"], input="\n".join(lines).encode(), check=True
    )
    assert done.returncode == 0


def own(folder: Path) -> set[str]:
    """Ours."""
    return {found.path for found in read_tree(folder).found}


def alone(folder: Path) -> set[str]:
    """Ours, where there is no ripgrep on the path."""
    before = os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="stripe-audit-path-") as programs:
        Path(programs, "git").symlink_to(shutil.which("git") or "git")
        os.environ["PATH"] = programs
        try:
            return own(folder)
        finally:
            os.environ["PATH"] = before


def program(name: str) -> str | None:
    """A tool on the path, or in STRIPE_AUDIT_TOOLS."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("STRIPE_AUDIT_TOOLS", ""), os.environ["PATH"]]))


def listed(command: list[str], folder: Path) -> set[str]:
    """The files that a tool prints, one a line."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return {line.removeprefix("./") for line in done.stdout.splitlines()}


def detect_secrets(folder: Path) -> set[str]:
    """What detect-secrets finds with its Stripe detector."""
    command = [program("detect-secrets") or "", "scan", "--all-files", PART]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)["results"]
    return {name for name, found in results.items() if any("Stripe" in one["type"] for one in found)}


def megabytes_of(folder: Path) -> float:
    """Of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def timed(function: Callable[[Path], set[str]], folder: Path, rounds: int) -> tuple[set[str], float, float]:
    """What it finds, and the least processor and wall time."""
    best = (float("inf"), float("inf"))
    found: set[str] = set()
    for _ in range(rounds):
        began, spent = time.perf_counter(), seconds()
        found = function(folder)
        best = min(best, (seconds() - spent, time.perf_counter() - began))
    return found, *best


def main() -> int:
    """Print both tables; 1 if a limit is missed or the found sets differ from the truth."""
    with tempfile.TemporaryDirectory(prefix="stripe-audit-scan-") as name:
        tree, repository = Path(name) / "tree", Path(name) / "repository"
        held = make_tree(tree, int(sys.argv[1]) if len(sys.argv) > 1 else 120)
        size = megabytes_of(tree)
        print(f"tree: {size:.0f} MB, {sum(1 for path in tree.rglob('*.js'))} files, {len(held)} with a secret")
        tools: dict[str, Callable[[Path], set[str]]] = {"without rg": alone}
        if shutil.which("rg"):
            tools = {"stripe-audit": own, **tools}
        tools["grep -P"] = lambda folder: listed(["grep", "-rlP", PATTERN, "src"], folder)
        if rg := program("rg"):
            tools["rg -P"] = lambda folder: listed([rg, "-uuu", "-lP", PATTERN, "src"], folder)
            tools["rg -F"] = lambda folder: listed(
                [rg, "-uuu", "-lF", *(word for a in ("k_live_", "k_test_", "whsec_") for word in ("-e", a)), "src"],
                folder,
            )
        if program("detect-secrets"):
            tools["detect-secrets"] = detect_secrets
        is_bad = False
        for tool, function in tools.items():
            is_part = tool == "detect-secrets"
            read = megabytes_of(tree / PART) if is_part else size
            wanted = {name for name in held if name.startswith(f"{PART}/")} if is_part else held
            found, spent, wall = timed(function, tree, 1 if is_part else 3)
            told = f"{read / spent:7.1f} MB/s a core, {wall:6.2f} s"
            print(f"{tool:<15} {told}; missed {len(wanted - found)}, wrong {len(found - wanted)}")
            is_bad |= function in (own, alone) and (found != held or size / spent < LEAST_MB_S)
        make_history(repository)
        began = time.perf_counter()
        history = read_history(repository)
        wall = time.perf_counter() - began
        assert history is not None
        print(f"history: {COMMITS} commits, {history.contents} contents, {len(history.found)} secret, {wall:.2f} s")
        return int(is_bad or len(history.found) != 1 or wall > MOST_HISTORY_S)


if __name__ == "__main__":
    sys.exit(main())
