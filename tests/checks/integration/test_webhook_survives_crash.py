from __future__ import annotations

import pytest

from stripe_audit.models import Outcome
from stripe_audit.testing import run_checks
from stripe_audit.trials import Crashed
from tests.checks.integration.crashing import crashing_stage
from tests.checks.payments.samples import an_order, judgment

LOST = "Acknowledged events are lost in a crash"
IGNORED = "Events that come again after a crash are ignored"
DOUBLED = "A crash makes an event have its effect twice"
UNTOLD = "A crash keeps customers from hearing of their payment"


def crashed(order, later=None, *, untold=(), is_acknowledged=False):
    return Crashed("moments", "5 ms after it was sent", is_acknowledged, order, later or order, untold)


@pytest.mark.parametrize(
    ("one", "titles"),
    [
        (crashed(an_order("paid", fulfilled=1)), []),
        (crashed(an_order("paid", fulfilled=None)), []),
        (crashed(an_order("unpaid", fulfilled=0), untold=("mail",)), [IGNORED]),
        (crashed(an_order("unpaid", fulfilled=0), an_order("paid", fulfilled=1)), [IGNORED]),
        (crashed(an_order("unpaid", fulfilled=0), is_acknowledged=True), [LOST]),
        (crashed(an_order("unpaid"), an_order("paid", fulfilled=1), is_acknowledged=True), [LOST]),
        (crashed(None, is_acknowledged=True), [LOST]),
        (crashed(an_order("paid", fulfilled=0), is_acknowledged=True), [LOST]),
        (crashed(an_order("paid", fulfilled=2)), [DOUBLED]),
        (crashed(an_order("paid", fulfilled=1), an_order("paid", fulfilled=2)), [DOUBLED]),
        (crashed(an_order("paid", fulfilled=1), untold=("notification",)), [UNTOLD]),
    ],
)
def test_what_a_crash_leaves(one, titles):
    wrong = judgment("webhook-survives-crash").assess([crashed(an_order("paid", fulfilled=1)), one])
    assert [found.title for found in wrong] == titles
    assert all(found.detail.startswith("1 of 2 orders ") for found in wrong)


@pytest.mark.parametrize("variant", ["queued"])
def test_a_sound_shop_survives(variant):
    with crashing_stage(variant=variant) as stage:
        results = run_checks(["webhook-survives-crash", "restart-keeps-deduplication"], stage)
        assert stage.forked.kills == 2
        assert stage.forked.is_running
    assert {name: (one.outcome, one.reason, one.findings) for name, one in results.items()} == dict.fromkeys(
        results, (Outcome.PASSED, None, ())
    )


@pytest.mark.parametrize(
    ("defect", "check", "title"),
    [
        ("noted-before-the-work", "webhook-survives-crash", IGNORED),
        ("noted-after-the-work", "webhook-survives-crash", DOUBLED),
        ("worked-off-in-memory", "webhook-survives-crash", LOST),
        ("receipts-from-memory", "webhook-survives-crash", UNTOLD),
        (
            "deduplicated-in-memory",
            "restart-keeps-deduplication",
            "After a restart the same events fulfil the order again",
        ),
    ],
)
def test_a_defect_is_found(defect, check, title):
    with crashing_stage(defect=defect) as stage:
        result = run_checks([check], stage)[check]
    assert (result.outcome, title in [finding.title for finding in result.findings]) == (Outcome.FAILED, True), result
