from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from tests.checks.modules import answered

from stripe_audit.trials import Known, Refused, clock_ahead_s, suspicions

CONFIRMED = next(iter(suspicions("whsec_right", Known(others={"/hooks/other": "whsec_other"}))))


@pytest.mark.parametrize(
    ("refused", "told", "of_event"),
    [
        (Refused(400, 400, CONFIRMED), "the secret of /hooks/other", False),
        (Refused(308, 308), "webhook-url-not-redirected", False),
        (Refused(404, 404), "webhook-endpoint-reachable", False),
        (Refused(500, 400), "the handler fails", True),
        (Refused(500, 500), "fails before or while it verifies", False),
        (Refused(400, 400), "another secret than the declared one", False),
        (Refused(422, 400), "the event itself is refused", True),
    ],
)
def test_the_cause_of_a_refusal(refused, told, of_event):
    assert told in refused.cause
    assert refused.is_of_the_event_alone is of_event


def test_the_title_names_a_confirmed_cause_and_no_other():
    assert (
        Refused(400, 400, CONFIRMED).title
        == "A genuine event is refused: it verifies with the secret of another endpoint"
    )
    assert Refused(400, 400).title == "A genuine event is refused"


def test_a_clock_is_read_from_the_date_header():
    ahead = answered(400, date=formatdate(time.time() + 1200, usegmt=True))
    assert clock_ahead_s(ahead) == pytest.approx(1200, abs=2)
    assert clock_ahead_s(answered(400)) is None
    assert clock_ahead_s(answered(400, date="yesterday")) is None
