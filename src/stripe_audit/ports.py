"""Who listens on a port of this machine, for checks."""

from __future__ import annotations

from stripe_audit.deployment.launch.ports import Listener, is_below, listener_on, ports_below

__all__ = ["Listener", "is_below", "listener_on", "ports_below"]
