"""A sound shop in the shapes of frameworks: whatever it answers instead of 400 and JSON, no check finds a flaw.

What is judged by what the settings list of the page (scripts, headers) is left out, and what takes seconds alone.
"""

from __future__ import annotations

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.demo.variants import VARIANTS
from stripe_audit.models import Effect, Outcome
from stripe_audit.phases import phase_of
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.odd_shops import FrameworkShop

NO_LISTS = {"target": {"page_scripts": [], "page_headers": None}}
JUDGED_PHASES = (1, 2, 4)


def test_an_odd_shop_that_is_sound_gives_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIANTS, "frameworks", FrameworkShop)
    catalog = load_catalog()
    chosen = [
        identity
        for identity in catalog
        if phase_of(catalog[identity].task).number in JUDGED_PHASES
        and catalog[identity].effect not in (Effect.NONE, Effect.LOAD)
        and not {"launch", "chromium", "page_scripts", "page_headers"} & set(catalog[identity].needs)
    ]
    with demo_stage(variant="frameworks", flags=NO_LISTS, patience=8.0) as stage:
        results = run_checks(chosen, stage, catalog=catalog).values()
    told = {one.check: (one.outcome, one.reason, one.error, one.findings) for one in results}
    assert {identity: one for identity, one in told.items() if one[0] is not Outcome.PASSED} == {}
    assert len(told) > 40
