"""How an audit runs, what it may spend, and what fails it."""

from __future__ import annotations

from pydantic import Field, field_validator

from stripe_audit.models import Severity
from stripe_audit.phases import PHASES, TASKS
from stripe_audit.settings.accepted import AcceptedSettings
from stripe_audit.settings.strict import Strict

__all__ = ["AuditSettings", "BudgetSettings"]

_DEEP = 10


class BudgetSettings(Strict):
    """Bounds of a run."""

    requests: int = Field(5000, gt=0)
    seconds: float = Field(600.0, gt=0, le=86400)
    body_bytes: int = Field(10 * 1024 * 1024, gt=0)


class AuditSettings(Strict):
    """How the audit runs."""

    jobs: int = Field(4, ge=1, le=64)
    timeout: float = Field(20.0, gt=0, le=3600, description="seconds for each check")
    patience: float = Field(4.0, gt=0, le=3600, description="seconds to wait for an effect before it counts as missing")
    answer_within: float = Field(
        15.0, gt=0, le=600, description="seconds in which a customer must be answered while Stripe says nothing"
    )
    fail_on: Severity = Severity.MEDIUM
    fail_on_in: dict[str, Severity] = Field(
        default_factory=dict, description="other thresholds: by a phase's folder (security) or a task's number (4.4)"
    )
    accepted: list[AcceptedSettings] = Field(default_factory=list, description="findings that do not fail the run")
    baseline: str | None = Field(None, description="a file of accepted findings, as 'baseline write' makes it")
    deep: bool = Field(
        False,
        description="explorations tell every beginning of three events, up to 500 orders; at ten times the budget",
    )
    strict: bool = False
    allow_probes: bool = False
    allow_empty: list[str] = Field(default_factory=list)
    checks_dirs: list[str] = Field(default_factory=list)
    scenarios_dirs: list[str] = Field(
        default_factory=list, description="folders of scenarios; without it, scenarios/ beside the settings"
    )
    entry_points: list[str] = Field(default_factory=list)
    budget: BudgetSettings = BudgetSettings()
    output: str = ".stripe-audit"
    faults_allowed_on: list[str] = Field(
        default_factory=list, description="hosts besides loopback that may get faults and load"
    )
    browser: str = Field("chromium", description="Chromium, by name or path, in which the page is opened; empty: none")

    @property
    def spent_at_most(self) -> BudgetSettings:
        """The budget of the run: as declared, and ten times as much of requests and seconds for a deep one."""
        times = _DEEP if self.deep else 1
        more = {"requests": self.budget.requests * times, "seconds": self.budget.seconds * times}
        return self.budget.model_copy(update=more)

    @field_validator("fail_on_in")
    @classmethod
    def _known_places(cls, value: dict[str, Severity]) -> dict[str, Severity]:
        known = [*(phase.folder for phase in PHASES), *TASKS]
        for name in value:
            if name not in known:
                raise ValueError(f"no phase or task {name!r}; a phase is one of {', '.join(known[: len(PHASES)])}")
        return value

    @field_validator("allow_empty")
    @classmethod
    def _known_phases(cls, value: list[str]) -> list[str]:
        known = [phase.folder for phase in PHASES]
        for name in value:
            if name not in known:
                raise ValueError(f"unknown phase {name!r}; known are {', '.join(known)}")
        return value
