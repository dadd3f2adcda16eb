"""Which hosts are Stripe's, and which of them the emulator stands for."""

from __future__ import annotations

__all__ = ["API_HOSTS", "is_stripes"]

API_HOSTS = ("api.stripe.com", "files.stripe.com", "connect.stripe.com", "meter-events.stripe.com")
"""The base addresses of Stripe's own libraries."""


def is_stripes(host: str) -> bool:
    """Whether a host name is stripe.com or below it."""
    name = host.rstrip(".").lower()
    return name == "stripe.com" or name.endswith(".stripe.com")
