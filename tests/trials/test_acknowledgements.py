from __future__ import annotations

import pytest

from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.trials import percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5.0], 0.95, 5.0), ([1, 2, 3, 4], 0.5, 2), ([4, 1, 3, 2], 0.95, 4), (list(range(1, 101)), 0.95, 95)],
)
def test_percentiles_by_nearest_rank(values, share, expected):
    assert percentile(values, share) == expected


@pytest.mark.parametrize(("variant", "share"), [("", "3 of 3"), ("queued", "0 of 3")])
def test_what_waits_for_stripe_is_told_from_what_works_later(variant, share):
    with demo_stage(variant=variant, patience=8) as stage:
        result = run_checks(["webhook-acknowledged-quickly"], stage)["webhook-acknowledged-quickly"]
    assert result.findings == ()
    assert any(note.startswith(f"{share} acknowledgements wait for Stripe") for note in result.notes), result
