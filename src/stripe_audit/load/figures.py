"""What a load came to, in numbers: latencies, errors by kind, and what became of the orders."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.load.shots import ShotAnswered, is_taken

__all__ = ["Loaded", "Spread", "kinds_of_errors", "spread_of"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds from the moment when events were due to their answers: nearest-rank percentiles, and the longest."""

    p50: float
    p95: float
    p99: float
    longest: float

    def __str__(self) -> str:
        return f"p50 {self.p50:,.0f} ms, p95 {self.p95:,.0f} ms, p99 {self.p99:,.0f} ms, longest {self.longest:,.0f} ms"


def spread_of(answered: Sequence[ShotAnswered]) -> Spread:
    """Of all of them: what was not answered waited too."""
    ordered = sorted(one.latency_ms for one in answered) or [0.0]
    ranks = [ordered[max(0, math.ceil(share * len(ordered)) - 1)] for share in (0.5, 0.95, 0.99)]
    return Spread(*(round(one, 1) for one in (*ranks, ordered[-1])))


def kinds_of_errors(answered: Sequence[ShotAnswered]) -> dict[str, int]:
    """What was not taken, by its status or by what went wrong; the commonest first."""
    counted = Counter(one.error or f"answered {one.status}" for one in answered if not is_taken(one))
    return dict(counted.most_common())


@dataclass(frozen=True, slots=True)
class Loaded:
    """One load and what was seen afterwards.

    ``due`` events were to be sent at ``rate`` a second; ``sent`` were, in ``took_s`` seconds, ``repeats`` of them for
    the second time. ``late_ms`` is by how much the sender itself was late at worst. ``errors`` are the first attempts
    that were not taken, by kind; they were delivered again, and ``untaken`` is how many events never were.
    ``lost`` are orders whose success was acknowledged and has no effect, ``doubled`` those with more than one effect,
    each with the state that was read. ``is_fulfilment_seen`` says whether doubling could be seen at all.
    """

    rate: float
    due: int
    sent: int
    repeats: int
    took_s: float
    late_ms: float
    connections: int
    latency: Spread
    errors: Mapping[str, int]
    untaken: int
    orders: int
    lost: Mapping[str, Mapping[str, Any]]
    doubled: Mapping[str, Mapping[str, Any]]
    is_fulfilment_seen: bool
    workers: int = 1
    notes: tuple[str, ...] = field(default=())

    @property
    def refused(self) -> int:
        """First attempts that were not taken."""
        return sum(self.errors.values())

    @property
    def achieved(self) -> float:
        """Events sent a second."""
        return self.sent / self.took_s if self.took_s else 0.0
