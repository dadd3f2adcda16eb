"""Who may run beside whom: the resources that checks declare, as reader–writer locks that are taken all at once."""

from __future__ import annotations

from collections import Counter

from stripe_audit.check import Uses

__all__ = ["Resources"]


class Resources:
    """Counts who holds what. Not thread-safe: only the engine's own thread asks."""

    def __init__(self) -> None:
        self._shared: Counter[str] = Counter()
        self._alone: set[str] = set()

    def is_free_for(self, uses: Uses, waiting: list[Uses]) -> bool:
        """Whether ``uses`` can be had now, without overtaking a check that waits to have something alone."""
        wanted = {*uses.shared, *uses.alone}
        if wanted & self._alone or any(self._shared[name] for name in uses.alone):
            return False
        return not any(wanted & set(earlier.alone) for earlier in waiting)

    def take(self, uses: Uses) -> None:
        """Hold everything in ``uses``."""
        self._shared.update(set(uses.shared) - set(uses.alone))
        self._alone |= set(uses.alone)

    def give_back(self, uses: Uses) -> None:
        """Let everything in ``uses`` go."""
        self._shared.subtract(set(uses.shared) - set(uses.alone))
        self._alone -= set(uses.alone)
