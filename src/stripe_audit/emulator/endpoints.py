"""Which endpoints Stripe has (``shapes/endpoints.json``), and which of them the emulator does not implement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from stripe_audit.emulator import shapes
from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.routes import Route

__all__ = ["api_version", "known_endpoints", "missing_endpoints", "unsupported"]

_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@cache
def _listed() -> tuple[str, tuple[tuple[str, str], ...]]:
    found = json.loads(Path(shapes.__file__).with_name("endpoints.json").read_text("utf-8"))
    return found["api_version"], tuple(tuple(line.split(" ")) for line in found["endpoints"])


def api_version() -> str:
    """The version whose endpoints are listed."""
    return _listed()[0]


def known_endpoints() -> tuple[tuple[str, str], ...]:
    """Method and path template of every endpoint that the official library calls, by path."""
    return _listed()[1]


def missing_endpoints(routes: Iterable[Route]) -> Iterator[tuple[str, str]]:
    """Those of them that no route answers."""
    answered = {(route.method, _PLACEHOLDER.sub("{}", route.path)) for route in routes}
    return (one for one in known_endpoints() if (one[0], _PLACEHOLDER.sub("{}", one[1])) not in answered)


def unsupported(method: str, path: str) -> ApiError:
    """404 in Stripe's words for an unknown URL, saying whether it is the emulator alone that does not know it.

    Not a 5xx: the official libraries would try again.
    """
    template = _template(method, path)
    if template is None:
        why = f"Neither the emulator nor Stripe (as of {api_version()}) has it."
    else:
        why = (
            f"Stripe has {method} {template}; the emulator does not implement it, and did nothing. "
            "`stripe-audit emulator --unsupported` lists all such endpoints."
        )
    return ApiError(f"Unrecognized request URL ({method}: {path}). {why}", status=404)


def _template(method: str, path: str) -> str | None:
    """The most literal endpoint that a call is meant for."""
    parts = path.split("/")
    fitting = [
        template
        for known, template in known_endpoints()
        if known == method and len(found := template.split("/")) == len(parts) and all(map(_fits, found, parts))
    ]
    return min(fitting, key=lambda template: template.count("{"), default=None)


def _fits(pattern: str, part: str) -> bool:
    return pattern == part or (pattern.startswith("{") and part != "")
