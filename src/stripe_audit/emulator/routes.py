"""The route table: which function answers which call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["Endpoint", "Route", "RouteTable"]

Endpoint = Callable[[Call], Obj]


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` is a template (``/v1/charges/{id}``); ``schema`` names the call in ``shapes/params.json``.

    ``is_public``: the customer's browser may call it with the publishable key.
    """

    method: str
    path: str
    endpoint: Endpoint
    schema: str = "retrieve"
    is_public: bool = False


class RouteTable:
    """Finds a route by one dict look-up per path segment; a literal segment wins over a placeholder."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root: dict[str, Any] = {}
        for route in routes:
            node = self._root
            for part in route.path.split("/")[1:]:
                node = node.setdefault("*" if part.startswith("{") else part, {})
            methods = node.setdefault("", {})
            if route.method in methods:
                raise ValueError(f"two routes for {route.method} {route.path}")
            methods[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route and the ids in the path; None if nothing answers this call."""
        node, ids = self._root, []
        for part in path.split("/")[1:]:
            if not part:
                return None
            following = node.get(part)
            if following is None:
                following = node.get("*")
                if following is None:
                    return None
                ids.append(part)
            node = following
        route = node.get("", {}).get(method)
        return None if route is None else (route, tuple(ids))
