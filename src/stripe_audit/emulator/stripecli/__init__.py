"""The official Stripe CLI as a client: the sessions of ``stripe listen`` and ``stripe logs tail``."""

from __future__ import annotations

from stripe_audit.emulator.stripecli.sessions import PATH, Sessions

__all__ = ["PATH", "Sessions"]
