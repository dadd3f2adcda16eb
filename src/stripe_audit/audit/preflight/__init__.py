"""What would stop a run, or make it say less, found out before it: nothing is launched and nothing is changed.

Files are read, ports of the audit's own are opened and closed, a target that already runs is asked with GET where the
settings declare a route that is read by GET. Values of keys are never told, only their kinds and modes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from stripe_audit.audit.preflight.lines import Line, State
from stripe_audit.audit.preflight.observed import (
    log_lines,
    mail_lines,
    notification_lines,
    order_lines,
    rows_lines,
)
from stripe_audit.audit.preflight.own_side import (
    env_file_lines,
    plan_lines,
    settings_lines,
    stripe_cli_lines,
    stripe_lines,
)
from stripe_audit.audit.preflight.target_side import route_lines, target_lines
from stripe_audit.settings import Settings

__all__ = ["Line", "State", "preflight"]

_LOOKS: tuple[Callable[[Settings], Iterator[Line]], ...] = (
    settings_lines,
    env_file_lines,
    target_lines,
    route_lines,
    order_lines,
    rows_lines,
    log_lines,
    mail_lines,
    notification_lines,
    stripe_lines,
    stripe_cli_lines,
    plan_lines,
)
"""In the order of a run."""


def preflight(settings: Settings) -> list[Line]:
    """All lines. Takes under three seconds, whatever does not answer."""
    with ThreadPoolExecutor(len(_LOOKS)) as pool:
        parts = list(pool.map(lambda look: list(look(settings)), _LOOKS))
    return [line for part in parts for line in part]
