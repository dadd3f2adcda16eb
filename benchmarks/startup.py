"""How long ``--help`` and ``--version`` take, in starts of the bare interpreter.

    python benchmarks/startup.py [ROUNDS]

Each is run ROUNDS times (default 15), taking turns; the fastest of each counts, so that a busy machine does not.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("stripe-audit"))
CASES = {
    "bare": [sys.executable, "-c", "pass"],
    "--version": [sys.executable, COMMAND, "--version"],
    "--help": [sys.executable, COMMAND, "--help"],
    "run --help": [sys.executable, COMMAND, "run", "--help"],
}
LIMITS = {"--version": 4.0, "--help": 8.0}


def measure(rounds: int = 15) -> dict[str, float]:
    """Seconds for each case."""
    best = dict.fromkeys(CASES, float("inf"))
    for _ in range(rounds):
        for name, command in CASES.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def main() -> int:
    """Print the table; 1 if a limit is passed."""
    best = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
    is_slow = False
    for name, seconds in best.items():
        ratio = seconds / best["bare"]
        limit = LIMITS.get(name)
        is_slow |= limit is not None and ratio > limit
        print(
            f"{name:<12} {seconds * 1000:6.1f} ms  {ratio:4.1f} bare starts"
            + (f"  (at most {limit:g})" if limit else "")
        )
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())
