"""A measured figure beside its bound."""

from __future__ import annotations


def judged(what: str, value: float, *, at_least: float = 0.0, at_most: float = float("inf")) -> bool:
    """Print a figure with its bound, and return whether it is kept."""
    is_met = at_least <= value <= at_most
    bound = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    shown = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    print(f"  {shown} {what}: {bound}, {'met' if is_met else 'MISSED'}", flush=True)
    return is_met
