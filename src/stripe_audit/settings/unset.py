"""Variables in which the settings expect the address of a database, and which are not set."""

from __future__ import annotations

from stripe_audit.settings.loading import Settings
from stripe_audit.settings.model import OrderObserverSettings, RowsObserverSettings
from stripe_audit.settings.secret_source import SecretSource

__all__ = ["unset_variable", "unset_variables"]


def unset_variable(settings: Settings, declared: OrderObserverSettings | RowsObserverSettings | None) -> str | None:
    """The variable that an observer's address should be in, where it is not set."""
    source = declared.url if declared else None
    return source.env if isinstance(source, SecretSource) and not settings.secret(source) else None


def unset_variables(settings: Settings) -> dict[str, str]:
    """By observer: ``order``, ``rows.NAME``."""
    observers = settings.model.observers
    declared: dict[str, OrderObserverSettings | RowsObserverSettings | None] = {"order": observers.order}
    declared |= {f"rows.{name}": rows if rows.kind else observers.order for name, rows in observers.rows.items()}
    found = {place: unset_variable(settings, one) for place, one in declared.items()}
    return {place: variable for place, variable in found.items() if variable}
