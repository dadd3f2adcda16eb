"""A launched target that a check has brought down is started again before the next, so that the rest can be judged."""

from __future__ import annotations

import re
import threading

from stripe_audit.audit.stage import Stage
from stripe_audit.errors import LaunchError

__all__ = ["Revival"]

_MOST = 25
"""Starts; a target that falls more often is left alone."""
_LOOKED_AT, _SHOWN = 16_000, 300
"""Characters of what it said last."""
_ERROR = re.compile(r"^\s*(?:Uncaught |fatal error: )?[\w.]*(?:Error|Exception|panic)\b.*", re.MULTILINE)


class Revival:
    """For one run. Thread-safe. Checks that stop the target themselves run alone, and start it again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._turn = threading.Lock()
        self._falls = 0
        self._told = ""
        self._is_lost = False

    def before_check(self) -> None:
        """Start the target if it has ended by itself. One that does not come back is left to the checks."""
        launched = self._stage.launched
        if launched is None or not launched.has_fallen:
            return
        with self._turn:
            if not launched.has_fallen or self._is_lost or self._falls >= _MOST:
                return
            self._falls += 1
            words = _last_words(self._stage.safe(launched.output()[-_LOOKED_AT:]))
            self._told = f"exit code {launched.exit_code}" + (f", {words[:_SHOWN]}" if words else "")
            try:
                launched.restart()
            except LaunchError:
                self._is_lost = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What the report is to say of it."""
        if not self._falls:
            return ()
        times = "once" if self._falls == 1 else f"{self._falls} times"
        after = "did not start again" if self._is_lost else "was started again"
        return (f"the target ended by itself {times} during the run, and {after}; at last: {self._told}",)


def _last_words(output: str) -> str:
    """The last line that names an error, else the last line."""
    named = [line.strip() for line in _ERROR.findall(output)]
    lines = named or [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
