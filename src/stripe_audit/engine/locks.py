"""Who may run beside whom: the resources that checks declare, as reader–writer locks that are taken all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stripe_audit.check import Uses

__all__ = ["Resources", "conflict"]


def conflict(one: Uses, other: Uses) -> bool:
    """Whether one of them uses alone what the other uses at all."""
    return bool({*one.alone} & {*other.shared, *other.alone} or {*other.alone} & {*one.shared, *one.alone})


class Resources:
    """Counts who holds what. Not thread-safe: only the engine's own thread asks."""

    def __init__(self) -> None:
        self._shared: Counter[str] = Counter()
        self._alone: set[str] = set()

    def is_free_for(self, uses: Uses, earlier: Iterable[Uses]) -> bool:
        """Whether ``uses`` can be had now, without overtaking one of the ``earlier`` checks that wait.

        Nobody overtakes a check that it conflicts with. So nobody starves, and conflicting checks follow each other in
        the order of the plan, however many run at once.
        """
        wanted = {*uses.shared, *uses.alone}
        if wanted & self._alone or any(self._shared[name] for name in uses.alone):
            return False
        return not any(conflict(uses, other) for other in earlier)

    def take(self, uses: Uses) -> None:
        """Hold everything in ``uses``."""
        self._shared.update(set(uses.shared) - set(uses.alone))
        self._alone |= set(uses.alone)

    def give_back(self, uses: Uses) -> None:
        """Let everything in ``uses`` go."""
        self._shared.subtract(set(uses.shared) - set(uses.alone))
        self._alone -= set(uses.alone)
