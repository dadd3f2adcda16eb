from __future__ import annotations

import pytest

from stripe_audit.trials import Refused


@pytest.mark.parametrize(
    ("refused", "told", "of_event"),
    [
        (Refused(400, 400, secret_of="/hooks/other"), "the secret of /hooks/other", False),
        (Refused(400, 400, as_written_by="JavaScript's JSON.stringify"), "JavaScript's JSON.stringify", False),
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
