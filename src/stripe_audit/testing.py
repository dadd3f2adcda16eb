"""For the authors of checks: run checks by their ids, against the demo shop or against a target of one's own.

from stripe_audit.testing import run_check

def test_it_stays_silent_on_the_sound_shop():
    assert run_check("webhook-signature-verified").outcome == "passed"

def test_it_finds_the_flaw():
    assert run_check("webhook-signature-verified", defects=["signature-unchecked"]).outcome == "failed"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Catalog, Selection, load_catalog
from stripe_audit.context import Context
from stripe_audit.demo.staging import DemoStage, demo_stage
from stripe_audit.describe import declared_needs
from stripe_audit.engine import Engine
from stripe_audit.models import CheckResult, Effect
from stripe_audit.plan import make_plan
from stripe_audit.safety import Interlock, Permission
from stripe_audit.settings import load_settings

__all__ = ["DemoStage", "demo_stage", "run_check", "run_checks"]


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
    seen = {"observer:logs"} if stage.log_path() else set()
    declared = replace(declared, met=declared.met | seen | ({"database"} if stage.database else set()))
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
    scenarios: Sequence[Path] = (),
) -> CheckResult:
    """Run one check against the demo shop, or against the target that a settings file describes.

    ``checks_dirs`` holds folders with checks of one's own, ``scenarios`` files of scenarios or folders of them.
    """
    catalog = load_catalog(checks_dirs=checks_dirs, scenarios=scenarios)
    if settings is not None:
        with Stage(load_settings(settings)) as stage:
            return run_checks([identity], stage, catalog=catalog)[identity]
    with demo_stage(variant=variant, defects=defects) as demo:
        return run_checks([identity], demo, catalog=catalog)[identity]
