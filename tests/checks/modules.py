"""The checks' modules, and answers for what they judge."""

from __future__ import annotations

import functools
import sys
from types import ModuleType

from stripe_audit.catalog import load_catalog
from stripe_audit.deployment.transport import Answer


@functools.cache
def module_of(check: str) -> ModuleType:
    return sys.modules[f"stripe_audit._checks.{load_catalog().path(check).stem}"]


def answered(status: int, body: str = "", kind: str = "application/json", url: str = "", **headers: str) -> Answer:
    named = ((name.replace("_", "-"), value) for name, value in {"content_type": kind, **headers}.items())
    return Answer(status, tuple(named), body.encode(), url or "http://shop.test/hook", 1.0, "x1")
