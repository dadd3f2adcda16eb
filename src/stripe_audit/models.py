"""The values that travel through an audit: outcomes, severities, exchanges, evidence, findings, results.

All are frozen. Texts that came from the target are redacted and made inert before they get here (``redaction.py``),
so whoever renders them need not know about secrets or hostile bytes; each format still escapes for itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

__all__ = [
    "CheckResult",
    "Effect",
    "Evidence",
    "Exchange",
    "Finding",
    "Message",
    "Outcome",
    "Party",
    "Severity",
    "SourceLocation",
    "Verdict",
]


class Outcome(StrEnum):
    """What became of a check. Only ``PASSED`` is green."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not looked at; the result names the setting that would enable it."""
    INCONCLUSIVE = "inconclusive"
    """Looked at, cannot tell; the result says what to supply."""
    ERRORED = "errored"
    """The audit's own fault, or the network's."""

    @property
    def is_judged(self) -> bool:
        """Whether there is a verdict: passed or failed."""
        return self in (Outcome.PASSED, Outcome.FAILED)


class Severity(StrEnum):
    """How bad a finding is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return _SEVERITIES.index(self)

    def at_least(self, other: Severity) -> bool:
        """Whether this is as bad as ``other`` or worse."""
        return self.rank >= other.rank


_SEVERITIES = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


class Effect(Enum):
    """What a check does to the target, from weakest to strongest. Writes and above need proof of test mode."""

    NONE = "none"
    """Touches files and settings only."""
    READ = "read"
    """Sends requests that change nothing (GET, OPTIONS)."""
    PROBE = "probe"
    """Sends requests that a sound target refuses."""
    WRITE = "write"
    """Creates payments, customers, orders."""
    FAULT = "fault"
    """Injects failures."""
    LOAD = "load"
    """Sends many requests at once."""

    @property
    def rank(self) -> int:
        """0 for none up to 5 for load."""
        return list(Effect).index(self)

    def __le__(self, other: Effect) -> bool:
        return self.rank <= other.rank

    def __lt__(self, other: Effect) -> bool:
        return self.rank < other.rank

    def __gt__(self, other: Effect) -> bool:
        return self.rank > other.rank


class Party(StrEnum):
    """Who speaks or is spoken to in an exchange."""

    AUDIT = "audit"
    CUSTOMER = "customer"
    APP = "app"
    STRIPE = "stripe"
    WEBHOOK = "webhook"
    """Stripe's webhook sender."""
    DATABASE = "database"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Message:
    """One side of an exchange: headers in order, the body as inert redacted text (``truncated`` past the cap)."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as recorded. ``started_at`` is Unix seconds, ``duration_ms`` milliseconds.

    ``status`` is None and ``error`` says why where no answer came. Ids are ``x`` and a number, unique within a run.
    """

    id: str
    source: Party
    destination: Party
    method: str
    url: str
    request: Message
    response: Message | None
    status: int | None
    error: str | None
    started_at: float
    duration_ms: float
    check: str | None = None
    route: str | None = None
    fault: str | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A place in a file, relative to the project's folder; ``line`` counts from 1, 0 for the whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a finding: an exchange (by id), or an observation of state with its data (JSON-like)."""

    summary: str
    exchange: str | None = None
    data: Mapping[str, Any] | None = None
    source: SourceLocation | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A proven defect. ``check`` and ``severity`` are stamped by the engine where the check left them out.

    ``route`` is the role and path that it concerns, ``discriminator`` tells two findings of one check on one route
    apart. Neither holds times or object ids, so that ``fingerprint`` is stable from run to run.
    """

    title: str
    detail: str
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None
    route: str | None = None
    discriminator: str = ""
    fix: str | None = None
    source: SourceLocation | None = None
    check: str = ""

    @property
    def fingerprint(self) -> str:
        """24 hex digits over check id, route and discriminator."""
        text = "\0".join((self.check, self.route or "", self.discriminator))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one check.

    ``reason`` says why there is no verdict; ``setting`` which setting would enable it, or what to supply.
    ``notes`` are harmless observations worth telling ("29 variables loaded"). ``error`` stands beside findings
    where a check failed and then broke. ``exchanges`` are the ids of what it sent. ``started_at`` is Unix seconds, 0
    where the check never began or the report is older than this member.
    """

    check: str
    task: str
    title: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    setting: str | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None
    duration_s: float = 0.0
    exchanges: tuple[str, ...] = field(default=())
    started_at: float = 0.0

    @classmethod
    def not_begun(cls, check: str, task: str, title: str) -> CheckResult:
        """The result of a check that an interrupt came before."""
        return cls(check, task, title, Outcome.SKIPPED, reason="interrupted before it began")

    @property
    def worst(self) -> Severity | None:
        """The worst severity among the findings, or None."""
        ranks = [finding.severity for finding in self.findings if finding.severity]
        return max(ranks, key=lambda severity: severity.rank, default=None)


class Verdict(StrEnum):
    """The closing verdict of a report, by rule (see ``report.py``)."""

    NOT_SAFE = "not safe"
    """A critical or high finding."""
    WITH_GAPS = "functional with gaps"
    SECURE = "secure and functional"
    """All six phases judged, nothing at or above medium."""
    NOT_PROVEN = "not proven"
