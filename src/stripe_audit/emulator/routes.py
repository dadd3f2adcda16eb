"""The route table: which function answers which call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["Endpoint", "Route", "RouteTable"]

Endpoint = Callable[[Call], Obj]
_VERBS = ("attach", "detach", "confirm", "capture", "cancel", "search", "retry")


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` is a template (``/v1/charges/{id}``); ``schema`` names the call in ``shapes/params.json``.

    ``is_public``: the customer's browser may call it with the publishable key. ``about``: the kind of object that it
    answers with, where the path does not say so.
    """

    method: str
    path: str
    endpoint: Endpoint
    schema: str = "retrieve"
    is_public: bool = False
    about: str = ""

    @property
    def kind(self) -> str:
        """What the call answers with, or lists: ``/v1/charges/{id}/refunds`` is about refunds."""
        if self.about:
            return self.about
        names = [part for part in self.path.split("/")[2:] if not part.startswith("{") and part not in _VERBS]
        return names[-1].removesuffix("s")

    @property
    def is_list(self) -> bool:
        """Whether it answers with a list."""
        return self.schema.endswith(("_list", "_search")) or "_list_" in self.schema


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    placeholder: _Node | None = None
    methods: dict[str, Route] = field(default_factory=dict)


class RouteTable:
    """Finds a route by one dict look-up per path segment; a literal segment wins over a placeholder.

    ``unanswered``, pairs of method and path template, has no routes: no placeholder takes its literal segments for ids.
    """

    def __init__(self, routes: Iterable[Route], unanswered: Iterable[tuple[str, str]] = ()) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in route.path.split("/")[1:]:
                if not part.startswith("{"):
                    node = node.literal.setdefault(part, _Node())
                    continue
                if node.placeholder is None:
                    node.placeholder = _Node()
                node = node.placeholder
            if route.method in node.methods:
                raise ValueError(f"two routes for {route.method} {route.path}")
            node.methods[route.method] = route
        for method, path in unanswered:
            if self.find(method, path) is not None:
                self._shadow(path)

    def _shadow(self, path: str) -> None:
        node = self._root
        for part in path.split("/")[1:]:
            known = node.placeholder if part.startswith("{") else node.literal.setdefault(part, _Node())
            if known is None:
                return
            node = known

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route and the ids in the path; None if nothing answers this call."""
        node, ids = self._root, []
        for part in path.split("/")[1:]:
            following = node.literal.get(part)
            if following is None:
                following = node.placeholder
                if following is None or not part:
                    return None
                ids.append(part)
            node = following
        route = node.methods.get(method)
        return None if route is None else (route, tuple(ids))
