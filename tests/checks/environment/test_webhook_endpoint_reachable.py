from __future__ import annotations

import pytest

from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import answered, module_of

PAGE = "<!doctype html><title>Shop</title>"
NOTHING = answered(404, "{}")
REFUSED, TAKEN = answered(400, '{"error": "bad_signature"}'), answered(200, "{}")
LOGIN, CSRF = "A login stands before a webhook endpoint", "A CSRF check stands before a webhook endpoint"
MISSING, CRASH = "A webhook endpoint is not there", "A webhook endpoint answers with a server error"


@pytest.mark.parametrize(
    ("answer", "beside", "signed", "there", "title"),
    [
        (REFUSED, NOTHING, None, True, None),
        (TAKEN, NOTHING, None, True, None),
        (answered(204), NOTHING, None, True, None),
        (answered(401, '{"reason": "bad_signature"}'), NOTHING, None, True, None),
        (answered(403, "No signatures found matching", "text/plain"), NOTHING, None, True, None),
        (REFUSED, answered(401, "{}"), None, True, None),  # all but the webhook is behind a login
        (REFUSED, answered(400, "{}"), None, False, None),  # inconclusive: everything is answered so
        (REFUSED, answered(400, "{}"), TAKEN, True, None),
        (answered(404, "{}"), NOTHING, TAKEN, True, None),  # hides from whoever does not sign
        (answered(404, "{}"), NOTHING, answered(404), False, MISSING),
        (answered(410, "{}"), NOTHING, None, False, MISSING),
        (answered(405, "{}", allow="GET"), NOTHING, None, False, "A webhook endpoint does not take POST"),
        (answered(401, "{}"), NOTHING, None, False, None),
        (answered(401, "{}"), answered(401, "{}"), answered(401, "{}"), False, LOGIN),
        (answered(401, "{}"), answered(401, "{}"), TAKEN, True, None),
        (answered(401, "", "text/plain", www_authenticate="Basic"), NOTHING, None, False, LOGIN),
        (answered(403, PAGE, "text/html"), NOTHING, answered(403, PAGE, "text/html"), False, LOGIN),
        (answered(419, PAGE, "text/html"), NOTHING, None, False, CSRF),
        (answered(403, '{"error": "csrf"}'), NOTHING, None, False, CSRF),
        (answered(403, '{"error": "csrf"}'), NOTHING, TAKEN, True, None),
        (answered(500, "{}"), NOTHING, answered(500), False, CRASH),
        (answered(500, "{}"), NOTHING, TAKEN, True, None),
        (answered(502, PAGE, "text/html"), answered(502), None, False, CRASH),
        (
            answered(200, PAGE, "text/html"),
            answered(200, PAGE, "text/html"),
            answered(200, PAGE, "text/html"),
            False,
            "A web page stands in for a webhook endpoint",
        ),
        (TAKEN, TAKEN, TAKEN, False, None),
        (None, None, None, False, "A webhook endpoint does not answer"),
    ],
)
def test_what_stands_between_stripe_and_an_endpoint(answer, beside, signed, there, title):
    module = module_of("webhook-endpoint-reachable")
    seen = module.Seen(answer, beside, signed, "no connection" if answer is None else "")
    wrong = module.assess(seen)
    assert (wrong and wrong[0]) == title
    assert module.is_there(seen) is there


def test_a_host_that_answers_by_ipv6_alone_is_told(monkeypatch):
    async def answers(url, connects=None):
        return {"IPv6": True, "IPv4": False}

    monkeypatch.setattr("stripe_audit.trials.address_families.answers_by", answers)
    with demo_stage() as stage:
        (result,) = run_checks(["webhook-endpoint-reachable"], stage).values()
    assert [finding.title for finding in result.findings] == ["The webhook endpoints cannot be reached by IPv4"]
