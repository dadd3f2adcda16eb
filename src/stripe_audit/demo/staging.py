"""A stage with the demo shop in a thread: for tests of checks, and for running the shop by hand."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import stripe

from stripe_audit.audit.stage import Stage
from stripe_audit.demo.defects import chosen
from stripe_audit.demo.programs import programs_first
from stripe_audit.demo.project import write_project
from stripe_audit.demo.serving import ShopThread
from stripe_audit.settings import Settings, load_settings
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

__all__ = ["DemoStage", "demo_stage"]

_TRIES = 5
PATIENCE_S = 1.0
"""How long a check waits for an effect; the demo shop is fast, so that a missing effect is soon known to be missing."""


class DemoStage(Stage):
    """A stage with the demo shop in a thread instead of a launched process."""

    def __init__(
        self,
        settings: Settings,
        *,
        variant: str,
        defects: Sequence[str],
        seed: int | None = None,
        fixed_ports: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(settings, seed=seed)
        self.is_launching = False
        self._fixed_ports = dict(fixed_ports or {})
        self._variant = variant
        self._defects = tuple(defects)

    def open(self) -> None:
        """Start everything; the shop last, since it is told where the rest is."""
        self.is_launching = True
        try:
            super().open()
        finally:
            self.is_launching = False

    def start_target(self) -> None:
        """Start the shop's thread; at other ports where one that was free has been taken meanwhile."""
        for is_last in (*[bool(self._fixed_ports)] * (_TRIES - 1), True):
            self.choose_ports(**self._fixed_ports)
            shop = ShopThread(
                self.launch_variables(), variant=self._variant, defects=self._defects, log=self.scratch / "target.log"
            )
            try:
                shop.__enter__()
                break
            except OSError as error:
                shop.__exit__()
                if error.errno != errno.EADDRINUSE or is_last:
                    raise
        self._opened.append(lambda: shop.__exit__())

    def _register_webhooks(self) -> None:
        """As declared, and then as the defects have it."""
        super()._register_webhooks()
        changes = [defect.account for defect in chosen(self._defects) if defect.account]
        if self.stripe and changes:
            url = self.stripe.address.url
            client = stripe.StripeClient(self.keys.audit_secret, base_addresses={"api": url})
            for change in changes:
                change(client, self.spec.url)

    def addresses(self) -> dict[str, str]:
        """Where everything is, for people who run the shop by hand. Holds secrets: of this run's made-up account."""
        stripe = self.stripe.address if isinstance(self.stripe, EmbeddedStripe) else None
        host, port = self.observers.smtp
        return {
            "shop": self.spec.url,
            "shop over TLS": self.spec.https_url or "",
            "checkout": f"{self.spec.https_url}/checkout?order=o1",
            "stripe": stripe.url if stripe else "",
            "secret key": self.keys.secret,
            "publishable key": self.keys.publishable,
            "control token": stripe.control_token if stripe else "",
            "webhook secret": self.webhook_secrets.get("main") or "",
            "mail sink": f"{host}:{port}",
            "log": str(self.log_path()),
        }

    def log_path(self) -> Path | None:
        """The thread's log."""
        return self.scratch / "target.log"


@contextmanager
def demo_stage(
    *,
    variant: str = "",
    defects: Sequence[str] = (),
    patience: float = PATIENCE_S,
    flags: Mapping[str, Any] | None = None,
    seed: int | None = None,
    port: int | None = None,
) -> Iterator[DemoStage]:
    """The demo shop of a variant with defects, and everything around it. ``flags`` change its settings.

    Raises ValueError for a name that does not exist, OSError if ``port`` is taken.
    """
    with programs_first(defects), tempfile.TemporaryDirectory(prefix="stripe-audit-demo-") as folder:
        path = write_project(Path(folder), variant=variant, defects=defects)
        changed = {**(flags or {}), "audit": {"patience": patience, **(flags or {}).get("audit", {})}}
        settings = load_settings(path, flags=changed, environ={})
        with DemoStage(
            settings,
            variant=variant,
            defects=defects,
            seed=seed,
            fixed_ports={"port": str(port)} if port else None,
        ) as stage:
            yield stage
