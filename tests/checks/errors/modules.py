"""The checks' modules, for tests of what they judge."""

from __future__ import annotations

import functools
import sys
from types import ModuleType

from stripe_audit.catalog import load_catalog
from stripe_audit.deployment.transport import Answer


@functools.cache
def module_of(check: str) -> ModuleType:
    load_catalog()
    return sys.modules[f"stripe_audit._checks.{check.replace('-', '_')}"]


def answered(status: int, body: str = "", *, truncated: bool = False) -> Answer:
    return Answer(status, (), body.encode(), "http://127.0.0.1/", 1.0, "x1", truncated)
