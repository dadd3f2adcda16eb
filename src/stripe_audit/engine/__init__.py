"""Running a plan: phases in order, checks side by side where they may be, one outcome for each, whatever happens."""

from __future__ import annotations

from stripe_audit.engine.run import CheckContext, Engine

__all__ = ["CheckContext", "Engine"]
