"""Experiments that several checks share: each does something to the target through a context, and says what came of it.

They collect; the checks judge.
"""

from __future__ import annotations

from stripe_audit.trials.events import Told, event_of, fitting_event, told_after
from stripe_audit.trials.forgeries import Tried, accepts_anything, try_forgeries

__all__ = ["Told", "Tried", "accepts_anything", "event_of", "fitting_event", "told_after", "try_forgeries"]
