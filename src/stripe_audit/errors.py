"""The exception tree. Every error that a user can meet carries its own advice in ``hint``.

AuditError
├── SettingsError          the settings cannot be used                      exit 2
├── UsageError             a flag or an argument cannot be used             exit 2
├── CatalogError           a check or its folder cannot be loaded           exit 2
│   └── CheckDefinitionError   a check class lacks metadata
├── TargetError            the target cannot be launched or reached         exit 3
│   └── LaunchError        the launched process died or never became ready
├── StripeError            the Stripe side cannot be used                   exit 3
├── OutputError            a report or the run's folder cannot be written   exit 3
├── SafetyError            a request was refused by the interlock
├── BudgetError            the run's request, time or size budget is spent
└── Ending                 how a check ends without a verdict
    ├── Skip               (carries the setting that would enable it)
    └── Inconclusive       (carries what to supply)
"""

from __future__ import annotations

__all__ = [
    "AuditError",
    "BudgetError",
    "CatalogError",
    "CheckDefinitionError",
    "Ending",
    "Inconclusive",
    "LaunchError",
    "OutputError",
    "SafetyError",
    "SettingsError",
    "Skip",
    "StripeError",
    "TargetError",
    "UsageError",
]


class AuditError(Exception):
    """An error with advice. ``exit_code`` is what the command ends with when it gets this far."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(AuditError):
    """The settings cannot be used: which file, which line, what to do."""


class UsageError(AuditError):
    """A flag or an argument cannot be used."""


class CatalogError(AuditError):
    """A check, or a folder of checks, cannot be loaded. A check that fails to load fails the run."""


class CheckDefinitionError(CatalogError):
    """A check class lacks metadata, or its metadata contradict each other."""


class TargetError(AuditError):
    """The target cannot be reached."""

    exit_code = 3


class LaunchError(TargetError):
    """The launched process died, or was not ready in time. ``output`` is what it last printed (redacted, inert)."""

    def __init__(self, message: str, *, hint: str | None = None, output: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


class StripeError(AuditError):
    """The Stripe side (the emulator, or a real account) refused or failed where it should not have."""

    exit_code = 3


class OutputError(AuditError):
    """A report or the run's folder cannot be written."""

    exit_code = 3


class SafetyError(AuditError):
    """A request was refused by the interlock: its effect is above what has been proved safe."""

    exit_code = 3


class BudgetError(AuditError):
    """The run's budget of requests, seconds or bytes is spent."""

    exit_code = 3


class Ending(AuditError):
    """How a check ends without a verdict; caught by the engine only."""


class Skip(Ending):
    """Not looked at. ``setting`` names the setting that would enable it."""

    def __init__(self, reason: str, *, setting: str | None = None) -> None:
        super().__init__(reason)
        self.setting = setting


class Inconclusive(Ending):
    """Looked at, cannot tell. ``supply`` says what to supply."""

    def __init__(self, reason: str, *, supply: str | None = None) -> None:
        super().__init__(reason)
        self.supply = supply
