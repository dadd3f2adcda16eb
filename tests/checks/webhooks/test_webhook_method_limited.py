from __future__ import annotations

import pytest

from stripe_audit import Severity
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import module_of


@pytest.mark.parametrize(
    ("answers", "beside", "found"),
    [
        ({"GET": 405, "PUT": 405}, {}, []),
        ({"GET": 200, "PUT": 405}, {"GET": 404}, ["GET"]),
        ({"GET": 200, "PUT": 200}, {"GET": 200, "PUT": 405}, ["PUT"]),
        ({"GET": 200, "PUT": 204, "DELETE": 200}, {"GET": 200, "PUT": 200, "DELETE": 200}, []),
        ({"GET": 302, "PUT": 401}, {}, []),
    ],
)
def test_a_method_counts_where_other_paths_answer_otherwise(answers, beside, found):
    assert module_of("webhook-method-limited").distinct(answers, beside) == found


@pytest.mark.parametrize(
    ("defect", "severity"), [("webhook-any-method", Severity.LOW), ("webhook-method-ignored", Severity.MEDIUM)]
)
def test_an_effect_is_worse_than_an_answer(defect, severity):
    with demo_stage(defects=[defect], patience=0.5) as stage:
        result = run_checks(["webhook-method-limited"], stage)["webhook-method-limited"]
    main = next(finding for finding in result.findings if finding.route == "webhook /api/webhooks/stripe")
    assert main.severity is severity
