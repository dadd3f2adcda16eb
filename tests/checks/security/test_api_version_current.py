from __future__ import annotations

import pytest
import stripe

from tests.checks.modules import module_of


@pytest.mark.parametrize(
    ("version", "is_too_old"),
    [
        ("2026-10-28.endive", False),
        ("2026-09-30.preview", False),
        ("2024-10-28.acacia", False),
        ("2024-09-30.acacia", True),
        ("2024-06-20", True),
        ("2020-08-27; orders_beta=v3", True),
        ("2027-01-01.fennel", False),
    ],
)
def test_a_version_is_too_old_after_two_years_or_from_before_the_trains(version, is_too_old):
    (age,) = module_of("api-version-current").assess([version], "2026-10-28.endive")
    assert age.is_too_old is is_too_old
    assert age.days >= 0


def test_the_first_train_counts_whatever_is_newest():
    (age,) = module_of("api-version-current").assess(["2024-06-20"], "2024-09-30.acacia")
    assert age.is_too_old
    assert age.days == 102


def test_what_is_no_version_has_no_age():
    assert module_of("api-version-current").assess(["latest", "2026-13-01", ""], "2026-10-28.endive") == []


def test_the_newest_version_known_is_not_far_behind_the_sdk_s():
    judging = module_of("api-version-current")
    (age,) = judging.assess([judging.NEWEST], stripe.api_version)
    assert age.days < 365
