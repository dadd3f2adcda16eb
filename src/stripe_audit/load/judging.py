"""What is wrong with a load's outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.load.figures import Loaded
from stripe_audit.models import Severity

__all__ = ["LoadFlaw", "flaws_of"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class LoadFlaw:
    """One kind of thing that is wrong; ``id`` is stable."""

    id: str
    severity: Severity
    title: str
    detail: str
    data: Mapping[str, Any] = field(default_factory=dict)


def flaws_of(loaded: Loaded, *, most_errors: float = 0.01, longest_p99_ms: float | None = None) -> list[LoadFlaw]:
    """Worst first. ``most_errors`` is the share of events (0 to 1) that may be refused at first."""
    flaws = []
    if loaded.lost:
        detail = (
            f"{len(loaded.lost)} of {loaded.orders} paid orders got no effect, although the target acknowledged the "
            "success of their payment (2xx). Stripe does not deliver again what was acknowledged."
        )
        flaws.append(
            _flaw("lost", Severity.CRITICAL, "Under load, events are acknowledged and lost", detail, loaded.lost)
        )
    if loaded.doubled:
        detail = f"{len(loaded.doubled)} of {loaded.orders} orders, each paid once, were fulfilled more than once."
        flaws.append(
            _flaw("doubled", Severity.CRITICAL, "Under load, events have their effect twice", detail, loaded.doubled)
        )
    share = loaded.refused / loaded.sent if loaded.sent else 0.0
    if share > most_errors:
        kinds = "; ".join(f"{count} × {kind}" for kind, count in list(loaded.errors.items())[:_SHOWN])
        never = f" {loaded.untaken} were refused to the end." if loaded.untaken else ""
        detail = (
            f"Of {loaded.sent} events at {loaded.rate:g} a second {loaded.refused} were not acknowledged at first: "
            f"{kinds}.{never} Stripe delivers them again hours later, and switches endpoints off that go on so."
        )
        severity = Severity.HIGH if loaded.untaken else Severity.MEDIUM
        flaws.append(LoadFlaw("refused", severity, "Under load, events are refused", detail, dict(loaded.errors)))
    if longest_p99_ms is not None and loaded.latency.p99 > longest_p99_ms:
        detail = f"One in a hundred events waited longer than {loaded.latency.p99:,.0f} ms: {loaded.latency}."
        flaws.append(LoadFlaw("slow", Severity.MEDIUM, "Under load, acknowledgements take too long", detail))
    return flaws


def _flaw(identity: str, severity: Severity, title: str, detail: str, orders: Mapping[str, Any]) -> LoadFlaw:
    return LoadFlaw(identity, severity, title, detail, dict(list(orders.items())[:_SHOWN]))
