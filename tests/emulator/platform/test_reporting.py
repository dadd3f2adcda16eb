"""Report runs."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import wait_for

INTERVAL = {"interval_start": 1641045832, "interval_end": 1646143432}


def test_a_report_is_run(client, previous):
    run = client.v1.reporting.report_runs.create({"report_type": "balance.summary.1", "parameters": INTERVAL})
    assert (run.status, run.result) == ("pending", None)
    done = wait_for(lambda: (now := client.v1.reporting.report_runs.retrieve(run.id)).status == "succeeded" and now)
    assert (done.result.purpose, done.parameters.interval_end) == ("finance_report_run", INTERVAL["interval_end"])
    assert client.v1.files.retrieve(done.result.id).filename == f"{run.id}.csv"
    assert [one.id for one in client.v1.files.list({"purpose": "finance_report_run"}).data] == [done.result.id]
    assert previous("reporting.report_run.succeeded")["status"] == "pending"
    assert [one.id for one in client.v1.reporting.report_runs.list().data] == [run.id]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"report_type": "none"}, "report_type"),
        ({"report_type": "balance.summary.1"}, "parameters[interval_start]"),
        (
            {"report_type": "balance.summary.1", "parameters": {"interval_start": 2, "interval_end": 1}},
            "parameters[interval_start]",
        ),
    ],
)
def test_what_cannot_be_run(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.reporting.report_runs.create(params)
    assert caught.value.param == param
    assert client.v1.reporting.report_runs.list().data == []


def test_the_types_of_reports(client):
    types = client.v1.reporting.report_types.list().data
    assert client.v1.reporting.report_types.retrieve(types[0].id).name == types[0].name
    assert [differences(one.to_dict()) for one in types] == [[]] * len(types)
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        client.v1.reporting.report_types.retrieve("none")
