"""How fast secrets are looked for, beside other programs, and whether all of them find the same files.

    python scripts/scan_benchmark.py [--megabytes 100] [--commits 3000]

The tree is made up: files like code, with keys of the real ones' shapes in some. Each program reads it once to warm the
disk's cache and once for the figure, in CPU seconds of one core. ripgrep and detect-secrets are used where they are.
"""

from __future__ import annotations

import argparse
import importlib.util
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
from stripe_audit.source.history import read_history
from stripe_audit.source.tree import read_tree

SHAPE = r"(?<![A-Za-z0-9])(?:(?:sk|rk)_(?:live|test)_|sk_org_(?:live_|test_)?|whsec_|absec_)[A-Za-z0-9+/]{24,250}"
FILE_BYTES = 50_000
PLANTED_EVERY = 50
"""One file of so many holds a key."""
SLOW_FILES = 40
"""Files that the slow one reads: it would take minutes for all."""


def write_tree(root: Path, megabytes: int) -> set[str]:
    """Files like code; the paths of those with a key."""
    chance, planted = random.Random("tree"), set()  # noqa: S311 - made-up files
    words = ["const", "return", "payment", "intent", "order", "await", "stripe", "{", "}", "=>", "amount", "if (paid)"]
    lines = ["  " + " ".join(chance.choices(words, k=9)) + ";\n" for _ in range(400)]
    for number in range(megabytes * 1_000_000 // FILE_BYTES):
        text = "".join(chance.choices(lines, k=FILE_BYTES // 55))
        path = root / f"src/part{number % 40}/file{number}.ts"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % PLANTED_EVERY == 0:
            planted.add(path.relative_to(root).as_posix())
            text += f"const key = '{make_test_keys(f'bench {number}').secret}';\n"
        path.write_text(text, "utf-8")
    return planted


def write_history(root: Path, commits: int) -> None:
    """A repository with so many commits, each of one small file; one of them held a key."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    parts = []
    for number in range(commits):
        text = f"export const value = {number};\n" * 20
        text += f"const key = '{make_test_keys('history').secret}';\n" if number == commits // 2 else ""
        about = f"commit refs/heads/main\ncommitter A <a@example.com> {1_700_000_000 + number} +0000\ndata 4\nwork\n"
        parts.append(f"{about}M 100644 inline src/file{number % 50}.ts\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input="".join(parts).encode(), check=True)
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=root, check=True)


def cpu(work: Callable[[], set[str]]) -> tuple[float, set[str]]:
    """CPU seconds of the second of two runs, children's too, and what was found."""
    work()
    began = _spent()
    found = work()
    return _spent() - began, found


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def listed(root: Path, *command: str) -> Callable[[], set[str]]:
    """What a program lists, as paths relative to the tree."""

    def work() -> set[str]:
        done = subprocess.run([*command, "."], cwd=root, capture_output=True, text=True)
        return {line.removeprefix("./") for line in done.stdout.splitlines()}

    return work


def slowly(root: Path, paths: list[str]) -> set[str]:
    """detect-secrets, with its Stripe detector alone, on some of the files."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    with transient_settings({"plugins_used": [{"name": "StripeDetector"}]}):
        return {path for path in paths if list(scan_file(str(root / path)))}


def main() -> int:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description="How fast secrets are looked for.")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--commits", type=int, default=3000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scan-benchmark-") as folder:
        root, past = Path(folder) / "tree", Path(folder) / "past"
        planted = write_tree(root, asked.megabytes)
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.ts"))
        programs = {
            "stripe-audit": (lambda: {one.path for one in read_tree(root).found}, len(paths)),
            "grep -P": (listed(root, "grep", "-rlP", SHAPE), len(paths)),
        }
        if shutil.which("rg"):
            programs["rg -P"] = (listed(root, "rg", "-uuu", "-j1", "-lP", SHAPE), len(paths))
        if importlib.util.find_spec("detect_secrets"):
            programs["detect-secrets"] = (lambda: slowly(root, paths[:SLOW_FILES]), SLOW_FILES)
        is_same = True
        for name, (work, count) in programs.items():
            seconds, found = cpu(work)
            wanted = planted & set(paths[:count])
            is_same = is_same and found == wanted
            rate = count * FILE_BYTES / 1e6 / max(seconds, 1e-9)
            sys.stdout.write(f"{name:<16}{rate:8.0f} MB/s a core   {len(found)} of {len(wanted)} files found\n")
        write_history(past, asked.commits)
        began = time.monotonic()
        history = read_history(past)
        spent = time.monotonic() - began
        is_same = is_same and history is not None and len(history.found) == 1
        sys.stdout.write(
            f"history of {asked.commits} commits: {spent:.2f} s, {history and history.contents} contents\n"
        )
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
