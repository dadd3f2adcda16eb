"""For the authors of checks: run checks by their ids, against the demo shop or against a target of one's own.

from stripe_audit.testing import run_check

def test_it_stays_silent_on_the_sound_shop():
    assert run_check("webhook-signature-verified").outcome == "passed"

def test_it_finds_the_flaw():
    assert run_check("webhook-signature-verified", defects=["signature-unchecked"]).outcome == "failed"
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Catalog, Selection, load_catalog
from stripe_audit.context import Context
from stripe_audit.demo.defects import chosen
from stripe_audit.demo.project import write_project
from stripe_audit.demo.serving import ShopThread
from stripe_audit.describe import declared_needs
from stripe_audit.engine import Engine
from stripe_audit.models import CheckResult, Effect
from stripe_audit.plan import make_plan
from stripe_audit.safety import Interlock, Permission
from stripe_audit.settings import Settings, load_settings

__all__ = ["DemoStage", "demo_stage", "run_check", "run_checks"]

PATIENCE_S = 1.0
"""How long a check waits for an effect; the demo shop is fast, so that a missing effect is soon known to be missing."""


class DemoStage(Stage):
    """A stage with the demo shop in a thread instead of a launched process."""

    def __init__(self, settings: Settings, *, variant: str, defects: Sequence[str], seed: int | None = None) -> None:
        super().__init__(settings, seed=seed)
        self.is_launching = False
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
        """Start the shop's thread."""
        self.choose_ports()
        shop = ShopThread(
            self.launch_variables(), variant=self._variant, defects=self._defects, log=self.scratch / "target.log"
        )
        shop.__enter__()
        self._opened.append(lambda: shop.__exit__())

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
) -> Iterator[DemoStage]:
    """The demo shop of a variant with defects, and everything around it. ``flags`` change its settings.

    Raises ValueError for a name that does not exist.
    """
    env = {name: value for defect in chosen(defects) for name, value in defect.env.items()}
    with tempfile.TemporaryDirectory(prefix="stripe-audit-demo-") as folder:
        path = write_project(Path(folder), variant=variant, defects=defects, env=env)
        changed = {**(flags or {}), "audit": {"patience": patience, **(flags or {}).get("audit", {})}}
        settings = load_settings(path, flags=changed, environ={})
        with DemoStage(settings, variant=variant, defects=defects, seed=seed) as stage:
            yield stage


def run_checks(
    identities: Sequence[str], stage: Stage, *, catalog: Catalog | None = None, jobs: int = 8
) -> dict[str, CheckResult]:
    """Run checks, and those that they require, on an open stage with every effect permitted; results by id.

    Raises UsageError for an id that does not exist.
    """
    catalog = catalog or load_catalog()
    permission = Permission(Effect.LOAD, "the stage belongs to the caller")
    declared = declared_needs(
        stage.settings, stage.spec, is_launching=stage.launched is not None, unreached=stage.unreached
    )
    if stage.log_path():
        declared = replace(declared, met=declared.met | {"observer:logs"})
    plan = make_plan(catalog, catalog.select(Selection(checks=tuple(identities))), declared, permission)
    world = stage.world(Interlock(permission))
    engine = Engine(
        catalog,
        plan,
        lambda check: Context(world, check.id),
        jobs=jobs,
        timeout=stage.settings.model.audit.timeout,
    )
    return {result.check: result for result in engine.run()}


def run_check(
    identity: str,
    *,
    variant: str = "",
    defects: Sequence[str] = (),
    settings: Path | None = None,
    checks_dirs: Sequence[Path] = (),
) -> CheckResult:
    """Run one check against the demo shop, or against the target that a settings file describes.

    ``checks_dirs`` holds folders with checks of one's own.
    """
    catalog = load_catalog(checks_dirs=checks_dirs)
    if settings is not None:
        with Stage(load_settings(settings)) as stage:
            return run_checks([identity], stage, catalog=catalog)[identity]
    with demo_stage(variant=variant, defects=defects) as demo:
        return run_checks([identity], demo, catalog=catalog)[identity]
