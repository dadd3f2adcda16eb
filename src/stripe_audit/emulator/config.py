"""What an emulator is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.keys import TestKeys

__all__ = ["API_VERSION", "EmulatorConfig"]

API_VERSION = "2026-08-26.dahlia"
"""The account's default API version: the last that still takes ``payment_method_types`` (docs.stripe.com/changelog)."""


@dataclass(frozen=True, slots=True)
class EmulatorConfig:
    """``port`` 0 takes a free one. ``seed`` makes ids and keys reproducible. Times are in seconds.

    ``clock``, in Unix seconds, is where the emulator's clock stands still until it is advanced; None: it runs with the
    wall's. ``retry_schedule`` holds the waits before each further attempt to deliver a webhook event, on the emulator's
    clock: Stripe's own hours, compressed (docs.stripe.com/webhooks, "Retry behavior": three retries in a sandbox).
    ``refund_delay`` and ``debit_delay`` are how long late refunds, and debits of bank accounts, take. ``keep`` bounds
    the calls that the journal remembers, and the answers that idempotency keys do. ``record`` is a file that every
    exchange is added to; at ``record_limit`` bytes it makes room for a new one. ``allow_remote`` permits deliveries
    beyond the loopback. ``webhooks`` (pairs of URL and signing secret) and ``faults`` (as the control API takes them)
    are there from the start, and again after a reset. ``cli_reset_seconds`` is how often the Stripe CLI renews its
    connection.
    """

    port: int = 0
    seed: int | None = None
    api_version: str = API_VERSION
    keys: TestKeys | None = None
    control_token: str | None = None
    accept_any_test_key: bool = True
    allow_remote: bool = False
    retry_schedule: tuple[float, ...] = (0.2, 0.5, 1.0)
    delivery_timeout: float = 10.0
    refund_delay: float = 0.2
    debit_delay: float = 0.2
    keep: int = 200_000
    record: Path | None = None
    record_limit: int = 256 * 1024 * 1024
    clock: float | None = None
    webhooks: tuple[tuple[str, str], ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()
    cli_reset_seconds: int = 300
