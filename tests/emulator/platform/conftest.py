"""As in the tests of billing: every object in an event has the shape of its class."""

from __future__ import annotations

from tests.emulator.billing.conftest import previous, seen, shapes_hold

__all__ = ["previous", "seen", "shapes_hold"]
