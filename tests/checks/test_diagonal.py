"""The diagonal: each defect is found by its own check, and changes no verdict of a neighbour; sound shops stay silent.

A row is the shop with one defect, in a thread. Beside the defect's own check run some of its neighbours: checks that
touch the target in the same way and share a route or an observer with it; which ones is drawn by their names, so that
over a family of defects all are asked. All defects against all checks: ``make matrix``.
"""

from __future__ import annotations

import functools
import hashlib
import shutil

import pytest

from stripe_audit.catalog import Catalog, load_catalog
from stripe_audit.demo.defects import DEFECTS, Defect
from stripe_audit.demo.serving import VARIANTS
from stripe_audit.models import Outcome
from stripe_audit.phases import phase_of
from stripe_audit.testing import demo_stage, run_checks
from tests.conftest import COMPONENTS

IN_A_THREAD = [defect for defect in DEFECTS.values() if not defect.is_process]
OF_THE_MACHINE = {"stripe-cli-listens"}
"""What only a machine with the Stripe CLI gives occasion for."""
MOST_BESIDE = 2
"""Neighbours of a row: all of them would take ten times as long as the defect's own check."""
PATIENCE_WHEN_SOUND_S = 8.0
"""Effects come as soon as they can, so patience costs nothing on a sound shop, and saves it on a busy machine."""


@functools.cache
def catalog() -> Catalog:
    return load_catalog()


def skipped_here() -> set[str]:
    """What a shop in a thread, on this machine, gives no occasion for."""
    absent = {"launch"} if COMPONENTS["chromium"][0]() else {"launch", "chromium"}
    found = {identity for identity in catalog() if absent & set(catalog()[identity].needs)}
    return found | (set() if shutil.which("stripe") else OF_THE_MACHINE)


def neighbours(defect: Defect) -> list[str]:
    """Checks of the same phase with the same effect that share what they need with the defect's own check; some."""
    own = catalog()[defect.breaks]
    shared = {need for need in own.needs if need.startswith(("route:", "observer:"))}
    found = {
        identity
        for identity in catalog()
        if (check := catalog()[identity]).effect is own.effect
        and phase_of(check.task) is phase_of(own.task)
        and (not shared or shared & set(check.needs))
    } - {defect.breaks, *defect.also, *defect.perhaps}
    return sorted(found, key=lambda name: hashlib.sha256(f"{defect.id} {name}".encode()).digest())[:MOST_BESIDE]


@pytest.mark.parametrize("variant", sorted(filter(None, VARIANTS)))
def test_a_sound_shop_gives_no_finding(variant: str) -> None:
    """The plain one is audited whole, as a process, by tests/cli/test_demo.py."""
    with demo_stage(variant=variant, patience=PATIENCE_WHEN_SOUND_S) as stage:
        results = run_checks(["*"], stage, catalog=catalog()).values()
    told = {result.check: (result.outcome, result.reason, result.error, result.findings) for result in results}
    assert {identity: one for identity, one in told.items() if one[3]} == {}
    assert {identity: one for identity, one in told.items() if one[0] not in (Outcome.PASSED, Outcome.SKIPPED)} == {}
    assert {identity for identity, one in told.items() if one[0] is Outcome.SKIPPED} <= skipped_here()


def rows() -> list[object]:
    """The names of defects; those of checks that need a browser are marked so."""
    needing = {identity for identity in catalog() if "chromium" in catalog()[identity].needs}
    return [
        pytest.param(defect.id, marks=[pytest.mark.chromium] if defect.breaks in needing else [])
        for defect in IN_A_THREAD
    ]


@pytest.mark.parametrize("name", rows())
def test_a_defect_is_found_by_its_own_check_and_by_no_other(name: str) -> None:
    defect = DEFECTS[name]
    beside = [] if "*" in defect.also else neighbours(defect)
    with demo_stage(defects=[name]) as stage:
        results = run_checks([defect.breaks, *beside], stage, catalog=catalog())
    own = results[defect.breaks]
    assert own.outcome is Outcome.FAILED, (own.outcome, own.reason, own.error)
    assert own.error is None
    assert all(finding.title and finding.detail for finding in own.findings)
    changed = {
        identity: (result.outcome, result.reason or result.error, [finding.title for finding in result.findings])
        for identity, result in results.items()
        if identity in beside and result.outcome is not Outcome.PASSED
        if not (result.outcome is Outcome.SKIPPED and identity in skipped_here())
    }
    assert changed == {}


def test_every_check_has_a_defect() -> None:
    assert set(catalog()) == {defect.breaks for defect in DEFECTS.values()}
