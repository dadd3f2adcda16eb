"""What stands around the checks of a run: the embedded Stripe, the mail sink, the target's process, scratch space."""

from __future__ import annotations

import secrets
import shutil
import string
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from stripe_audit.audit.databases import opened_database
from stripe_audit.audit.filling import fill_text, placeholders
from stripe_audit.audit.frontend import start_frontend
from stripe_audit.audit.launching import PortWatch, target_environment, told_variables
from stripe_audit.audit.observing import Observers
from stripe_audit.audit.reaching import port_of, speaks_http, why_unreached
from stripe_audit.audit.stripe_choice import address_for_target, chosen_keys, chosen_stripe, secrets_in_force
from stripe_audit.context import Register, World
from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.databases import Database, ProxiedDatabase
from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec
from stripe_audit.deployment.launch.proxy.overlay import Overlay, can_overlay
from stripe_audit.deployment.launch.proxy.way import ProxyWay
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.spec import TargetSpec
from stripe_audit.describe import project_of, target_spec, webhook_secrets
from stripe_audit.errors import LaunchError
from stripe_audit.redaction import Redactor, inert, remember
from stripe_audit.safety import Interlock
from stripe_audit.settings import Settings
from stripe_audit.settings.held_secrets import held_secrets
from stripe_audit.settings.launching import way_without_launch

__all__ = ["Stage"]

_TAG_LETTERS = string.ascii_lowercase + string.digits


class Stage:
    """Opens in order, closes in reverse; also a context manager. A target that cannot be met is no exception here:
    ``unreached`` says why, and ``launch_failure`` is the error of the launch.

    ``folder`` is the run's folder, or None to keep exchanges in memory only. ``temporary`` lists folders of the
    caller's that must not outlive the run, even if the audit is killed. ``is_stripe_apart`` gives the embedded Stripe
    a process of its own.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        folder: Path | None = None,
        seed: int | None = None,
        is_launching: bool = True,
        temporary: tuple[Path, ...] = (),
        is_stripe_apart: bool = False,
    ) -> None:
        target = settings.model.target
        self.temporary = temporary
        self.settings = settings
        self.seed = seed
        random: Random = secrets.SystemRandom() if seed is None else Random(f"tag {seed}")  # noqa: S311
        self.tag = "sa" + "".join(random.choice(_TAG_LETTERS) for _ in range(8))
        self.is_launching = is_launching and target.launch is not None
        self.way = way_without_launch(target.stripe, is_launching=self.is_launching)
        if settings.model.stripe.mode == "test":
            self.way = "none"  # the target's SDK goes where it would go anyway
        self.keys = chosen_keys(settings, seed)
        self.webhook_secrets = webhook_secrets(settings, seed, is_launching=self.is_launching)
        self.stripe = chosen_stripe(settings, self.keys, seed, is_led=self.way != "none", is_apart=is_stripe_apart)
        self.observers = Observers(settings)
        self.database: Database | None = None
        self.scratch = Path()
        self.api_version: str | None = None
        self.register = Register()
        known = [self.keys.secret, self.keys.audit_secret, settings.secret(settings.model.stripe.secret_key)]
        held = held_secrets(settings)
        remember(held)
        self.redactor = Redactor([secret for secret in (*known, *self.webhook_secrets.values(), *held) if secret])
        self.recorder = Recorder(folder, self.redactor)
        budget = settings.model.audit.spent_at_most
        self.budget = Budget(requests=budget.requests, seconds=budget.seconds, body_bytes=budget.body_bytes)
        self.launched: LaunchedTarget | None = None
        self.proxy: ProxyWay | None = None
        self.launch_failure: LaunchError | None = None
        self.frontend_failure: str | None = None
        self.unreached: str | None = None
        self.ports: dict[str, str] = {}
        self.spec: TargetSpec = target_spec(settings, {}, self.webhook_secrets)
        self._opened: list[Callable[[], None]] = []

    # Opening and closing

    def open(self) -> None:
        """Start everything. Raises StripeError or TargetError where a port of ours is taken."""
        self.scratch = Path(tempfile.mkdtemp(prefix="stripe-audit-"))
        self._opened.append(lambda: shutil.rmtree(self.scratch, ignore_errors=True))
        self._opened.append(self.recorder.close)
        try:
            if self.stripe:
                self.stripe.start()
                self._opened.append(self.stripe.stop)
                self.api_version = self.stripe.address.api_version
                self.webhook_secrets = secrets_in_force(self.settings, self.webhook_secrets, self.stripe)
            self.observers.open(self.scratch, self._opened)
            self.database = opened_database(self.settings, self.scratch, self._opened, is_launching=self.is_launching)
            if self.is_launching:
                self.start_target()
            else:
                self.spec = target_spec(self.settings, {}, self.webhook_secrets)
                self.unreached = why_unreached(self.spec.url)
            self._register_webhooks()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop everything, the target first. Safe to call twice."""
        while self._opened:
            self._opened.pop()()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start_target(self) -> None:
        """Launch the target's process, and wait until it answers."""
        launch = self.settings.model.target.launch
        assert launch is not None
        self.choose_ports()
        is_found = "{port}" in self.settings.model.target.url and not launch.says("port")
        command, cwd = [fill_text(word, self.values) for word in launch.words], self.settings.path(launch.cwd)
        env = target_environment(self.settings, self.values, self.way, scratch=self.scratch)
        if self.way == "proxy":
            self.proxy = ProxyWay(self.values["stripe_url"], self.scratch / "proxy")
            self.proxy.open()
            self._opened.append(self.proxy.close)
            env, command = self.proxy.environment(env), self.proxy.command(command, cwd)
        elif self.way == "inject" and can_overlay():  # also for what takes no injection
            command = Overlay(self.scratch).around(command)
        self.launched = LaunchedTarget(
            LaunchSpec(
                command=command,
                cwd=cwd,
                env=env,
                output=self.scratch / "target.log",
                port=None if is_found else port_of(self.spec.url),
                scratch=(self.scratch, *self.temporary),
                ready_within=launch.ready_within,
                stop_within=launch.stop_within,
            ),
            safe=self.safe,
        )
        self._opened.append(self.launched.stop)
        watch = PortWatch(int(self.ports["port"])) if is_found else None
        try:
            self.launched.start()
            self.launched.wait_ready(lambda: (watch is None or self._finds_port(watch)) and self._answers())
        except LaunchError as error:
            self.launch_failure = error
            self.unreached = error.message
        else:
            self.frontend_failure = start_frontend(
                self.settings,
                self.spec.frontend_url,
                self.values,
                (self.scratch, *self.temporary),
                self.safe,
                self._opened,
            )

    def _finds_port(self, watch: PortWatch) -> bool:
        """Whether the target has a port by now; the target is described with it from then on."""
        assert self.launched
        found = watch.look(self.launched.pid or 0)
        if found:
            self.choose_ports(**{**self.ports, "port": str(found)})
            self.launched.spec = replace(self.launched.spec, port=found)
        return found is not None

    def choose_ports(self, **fixed: str) -> None:
        """Free ports for ``{port}`` and its like, and the target's description with them filled in."""
        self.ports = {name: str(free_port()) for name in ("port", "https_port", "frontend_port")} | fixed
        self.spec = target_spec(self.settings, self.ports, self.webhook_secrets)

    def launch_variables(self) -> dict[str, str]:
        """The environment that the settings declare for the target, filled in."""
        return told_variables(self.settings, self.values)

    @property
    def values(self) -> Mapping[str, str]:
        """What the placeholders of ``target.launch`` stand for in this run."""
        return placeholders(
            ports={**self.ports, **({} if "port" in self.ports else {"port": str(port_of(self.spec.url))})},
            keys=self.keys,
            stripe_url=address_for_target(self.settings, self.stripe),
            webhook_secrets=self.webhook_secrets,
            smtp=self.observers.smtp,
            notification_url=self.observers.notification_url,
            database=self.database.address if isinstance(self.database, ProxiedDatabase) else None,
            scratch=self.scratch,
            folder=self.settings.folder,
        )

    def _answers(self) -> bool:
        """Whether the target speaks HTTP, whatever it says."""
        health = self.spec.routes.get("health")
        return speaks_http(self.spec.url + (health.path if health else "/"))

    def safe(self, text: str) -> str:
        """A text of the target's, fit to be shown."""
        return inert(self.redactor.redact(text))

    def _register_webhooks(self) -> None:
        if self.stripe is None or self.unreached:
            return
        for webhook in self.spec.webhooks:
            if webhook.secret:
                url, is_for_connected = self.spec.url + webhook.path, webhook.is_for_connected
                self.stripe.register(url, webhook.secret, webhook.events, is_for_connected=is_for_connected)

    # What the checks see

    def world(self, interlock: Interlock) -> World:
        """The world of this run under an interlock."""
        observers = self.settings.model.observers
        self.observers.know(self.values)
        return World(
            tag=self.tag,
            spec=self.spec,
            project=project_of(self.settings),
            recorder=self.recorder,
            redactor=self.redactor,
            interlock=interlock,
            budget=self.budget,
            environment=self.settings.model.target.environment,
            stripe=self.stripe.address if self.stripe else None,
            make_orders=self.observers.orders(has_route="order" in self.spec.routes),
            rows=self.observers.rows(),
            logs=self.observers.logs(self.log_path()),
            mail=self.observers.mail,
            notifications=self.observers.notifications,
            alerts_to=observers.mail.alerts_to if observers.mail else None,
            alerts_at=observers.notifications.alerts_to if observers.notifications else None,
            customers_at=observers.notifications.customers_at if observers.notifications else None,
            data=self._data(),
            browser=shutil.which(self.settings.model.audit.browser),
            given=self.launch_variables() if self.ports else {},
            launched=self.launched,
            launch_failure=self.launch_failure,
            frontend_failure=self.frontend_failure,
            database=self.database,
            answer_within=self.settings.model.audit.answer_within,
            patience=self.settings.model.audit.patience,
            register=self.register,
        )

    @property
    def left_behind(self) -> tuple[str, ...]:
        """What stays in the target after the run. Nothing, where its data lie in scratch; Stripe's objects end too."""
        launch = self.settings.model.target.launch
        is_in_scratch = (
            self.is_launching
            and launch is not None
            and any("{scratch}" in text for text in (*launch.env.values(), *launch.command))
        )
        orders = self.register.orders
        if not orders or is_in_scratch:
            return ()
        return (f"{len(orders)} orders in the target's own records; their references begin with {self.tag}",)

    def _data(self) -> tuple[Path, ...]:
        """The database files that are read, and scratch, where a launched target is told to keep its data."""
        observers = self.settings.model.observers
        named = [one.path for one in (observers.order, *observers.rows.values()) if one and one.path]
        found = [self.settings.path(fill_text(name, self.values)) for name in dict.fromkeys(named)]
        return (*found, *([self.scratch] if self.ports else []))

    def log_path(self) -> Path | None:
        """Where the target's log lines are, if that is declared."""
        declared = self.settings.model.observers.logs
        if declared is None or declared.unit:
            return None
        if declared.kind in ("file", "journal"):
            return self.settings.path(fill_text(declared.path or "", self.values))
        return self.launched.spec.output if self.launched else None
