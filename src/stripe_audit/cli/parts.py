"""A part of the checks: one shard of several, or those that did not pass in an earlier run."""

from __future__ import annotations

import re
from pathlib import Path

from stripe_audit.errors import UsageError

__all__ = ["checks_to_repeat", "parsed_shard"]


def parsed_shard(text: str | None) -> tuple[int, int] | None:
    """What ``I/N`` means. Raises UsageError."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text!r} is no part", hint="--shard 1/3 is the first of three")
    return int(match[1]), int(match[2])


def checks_to_repeat(path: Path) -> list[str]:
    """The checks of a saved report that failed, errored, or were inconclusive. Raises UsageError for none."""
    from stripe_audit.cli.outputs import saved_report
    from stripe_audit.models import Outcome

    wanted = (Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE)
    found = [result.check for result in saved_report(path).results if result.outcome in wanted or result.error]
    if not found:
        raise UsageError(f"{path}: nothing failed there", hint="drop --rerun-failed to run all checks")
    return found
