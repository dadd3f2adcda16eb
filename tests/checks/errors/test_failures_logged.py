from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_audit.observers.interface import LogLine
from stripe_audit.trials import FailureLogged, is_timed, sounds_alarming
from tests.checks.errors.modules import answered, module_of

TRACE = 'Traceback (most recent call last):\n  File "/app/shop.py", line 7, in pay\nsqlite3.OperationalError: locked'
REQUEST = {"level": "info", "msg": "request", "responseTime": 12.5}


def lines(*records: dict[str, Any] | str) -> tuple[LogLine, ...]:
    texts = [(one, None) if isinstance(one, str) else (json.dumps(one), one) for one in records]
    return tuple(LogLine(text, fields) for text, fields in texts)


def failure(kind: str, *records: dict[str, Any] | str, status: int = 503, body: str = "") -> FailureLogged:
    title = {"stripe": "Stripe refuses a call", "database": "The database is gone"}[kind]
    return FailureLogged(kind, title, answered(status, body), lines(*records), frozenset({"o1", "req-7"}))


def error(**fields: Any) -> dict[str, Any]:
    return {"level": "error", "err": "StripeInvalidRequestError", "order": "o1", **fields}


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (failure("stripe", error(), REQUEST), []),
        (failure("stripe", error(level=50), REQUEST), []),  # as pino writes it
        (failure("stripe", error(order=None, request_id="req-7"), REQUEST), []),
        (failure("stripe", "ERROR payment of o1 failed: InvalidRequestError", "POST /pay 503 12 ms"), []),
        (failure("stripe", REQUEST), ["stripe unlogged"]),
        (failure("stripe", error(level="info"), REQUEST), ["stripe unlogged"]),
        (failure("stripe", error(err="failed"), REQUEST), ["stripe cause"]),
        (failure("stripe", error(order=None), REQUEST), ["stripe name"]),
        (failure("stripe", error()), ["untimed"]),
        (failure("stripe"), ["stripe unlogged"]),  # nothing at all: one finding is enough
        (failure("stripe", error(), REQUEST, body=TRACE), ["stripe shown"]),
        (failure("stripe", error(), REQUEST, status=500), ["stripe trace"]),
        (failure("stripe", error(stack=TRACE), REQUEST, status=500), []),
        (failure("database", error(err="OperationalError"), REQUEST), []),
        (failure("database", error(err="OperationalError"), REQUEST, status=500), ["database trace"]),
        (failure("database", error(err=None, order="o1"), TRACE, REQUEST, status=500), []),
    ],
)
def test_what_was_logged_of_a_failure_is_judged(seen, found):
    assert [wrong.id for wrong in module_of("failures-logged").assess(seen)] == found


@pytest.mark.parametrize(
    ("record", "is_one"),
    [
        (REQUEST, True),
        ({"ms": 3}, True),
        ({"duration_ms": 3.5}, True),
        ({"durationMs": 3.5}, True),
        ({"elapsed": "12 ms"}, True),
        ({"http": {"response_time": 3}}, True),
        ("GET /pay 200 12.5 ms - 17", True),
        ("GET /pay 200", False),
        ({"msg": "request", "status": 200, "time": 1750000000}, False),
        ({"ms": True}, False),
        ({"items": 3, "time": "12:00:03 s"}, False),
    ],
)
def test_a_line_with_a_duration_is_known(record, is_one):
    assert is_timed(lines(record)[0]) is is_one


@pytest.mark.parametrize(
    ("record", "is_one"),
    [
        ({"level": "warning"}, True),
        ({"level": "info", "msg": "an error"}, False),
        ("[ERROR] it broke", True),
        ("all is well", False),
        ("the errorless way", False),
    ],
)
def test_a_line_that_sounds_alarming_is_known(record, is_one):
    assert sounds_alarming(lines(record)[0]) is is_one
