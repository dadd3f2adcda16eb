"""What all checks of a run share: the target's description and files, the recorder, the interlock, the observers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.databases import Database
from stripe_audit.deployment.launch.process import LaunchedTarget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.spec import TargetSpec
from stripe_audit.deployment.target import TargetClient
from stripe_audit.errors import LaunchError
from stripe_audit.keys import KeyKind
from stripe_audit.observers.interface import LogObserver, MailObserver, OrderObserver
from stripe_audit.observers.notifications import NotificationSink
from stripe_audit.observers.rows import RowsObserver
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock
from stripe_audit.source.allowed import AllowedSecret
from stripe_audit.stripe_backend.interface import StripeSide
from stripe_audit.web.inventory import AllowedScript

__all__ = ["Project", "Register", "World"]


@dataclass(frozen=True, slots=True)
class Project:
    """The target's files: its source tree and its env files, absolute; both may be absent.

    ``variables`` are the environment variables in which the target looks for Stripe's keys, as far as the settings say;
    ``secrets_allowed``, ``page_scripts`` and ``page_headers`` what the project has decided to accept.
    """

    folder: Path
    root: Path | None = None
    env_files: tuple[Path, ...] = ()
    variables: Mapping[str, KeyKind] = field(default_factory=dict)
    secrets_allowed: tuple[AllowedSecret, ...] = ()
    page_scripts: tuple[AllowedScript, ...] = ()
    page_headers: Mapping[str, str] = field(default_factory=dict)


class Register:
    """What the run made in the target. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: set[str] = set()

    def add(self, order: str) -> None:
        """Remember an order reference."""
        with self._lock:
            self._orders.add(order)

    @property
    def orders(self) -> tuple[str, ...]:
        """Every reference that was used, sorted."""
        with self._lock:
            return tuple(sorted(self._orders))


@dataclass(frozen=True, slots=True)
class World:
    """What all checks of a run share."""

    tag: str
    spec: TargetSpec
    project: Project
    recorder: Recorder
    redactor: Redactor
    interlock: Interlock
    budget: Budget
    environment: str = "unknown"
    stripe: StripeSide | None = None
    make_orders: Callable[[TargetClient], OrderObserver] | None = None
    rows: Mapping[str, RowsObserver] = field(default_factory=dict)
    logs: LogObserver | None = None
    mail: MailObserver | None = None
    notifications: NotificationSink | None = None
    alerts_to: str | None = None
    alerts_at: str | None = None
    """The path at which the notification sink gets what goes to the people who run the target."""
    customers_at: str | None = None
    """The path at which it gets what goes to customers."""
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables that the settings give the target, as this run has filled them in."""
    launched: LaunchedTarget | None = None
    launch_failure: LaunchError | None = None
    frontend_failure: str | None = None
    data: tuple[Path, ...] = ()
    """Where the target keeps what it stores: files, and folders of files; as far as they are known."""
    browser: str | None = None
    """The path of Chromium, where there is one."""
    database: Database | None = None
    answer_within: float = 15.0
    """Seconds in which a customer must be answered while Stripe says nothing."""
    patience: float = 4.0
    """Seconds that a check waits for an effect before it counts as missing."""
    register: Register = field(default_factory=Register)
    proxied_origins: tuple[str, ...] = ()
