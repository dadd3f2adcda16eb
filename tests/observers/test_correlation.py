"""Which lines are about a payment: by its names, and by the requests that named it."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_audit.observers.correlation import about, requests_of
from stripe_audit.observers.interface import LogLine


def fields(**given: Any) -> LogLine:
    return LogLine(str(given), given)


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (fields(request_id="a"), {"a"}),
        (fields(requestId="a", level="info"), {"a"}),
        (fields(reqId="req-1"), {"req-1"}),
        (fields(req={"id": 7, "url": "/x"}), {"7"}),
        (fields(http={"request": {"id": "a"}}), {"a"}),
        (fields(**{"x-request-id": "a", "traceId": "t", "correlation_id": "c"}), {"a", "t", "c"}),
        (fields(id="o1", order={"id": "o1"}, request_id="", trace=None, req_id=True), set()),
        (LogLine("INFO request_id=a-1 paid"), {"a-1"}),
        (LogLine('[req id: "a1"] X-Request-Id: b2, correlation-id=c.3'), {"a1", "b2", "c.3"}),
        (LogLine("requests=7 grid=8 request done"), set()),
    ],
)
def test_the_requests_of_a_line(line: LogLine, ids: set[str]) -> None:
    assert requests_of(line) == ids


def test_lines_of_the_same_request_belong_to_it_and_others_do_not() -> None:
    lines = [
        fields(request_id="a", msg="begins"),
        fields(request_id="b", msg="another"),
        fields(request_id="a", order="o1"),
        LogLine("o1 shipped"),
        LogLine("nothing"),
        fields(request_id="c", msg="told to the client"),
        fields(request_id="b", order="o2"),
    ]
    assert about(lines, ["o1", "pi_1"]) == [lines[0], lines[2], lines[3]]
    assert about(lines, ["o1"], ["c"]) == [lines[0], lines[2], lines[3], lines[5]]
    assert about(lines, ["o3"]) == [] == about([], ["o1"], ["a"])
