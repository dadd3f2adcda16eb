"""What a check sees by observers: what is not declared is skipped by name, and alerts come by mail or notification."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from stripe_audit.errors import Skip
from stripe_audit.observers.interface import LogLine, LogObserver, Mail, MailObserver
from stripe_audit.observers.notifications import Notification, NotificationSink
from stripe_audit.sight import Sight


class Mails(MailObserver):
    def messages(self, *, to: str | None = None) -> list[Mail]:
        return [Mail("shop@x", ("ops@x",), "Declined", "order o1")] if to in (None, "ops@x") else []


class Posted(NotificationSink):
    def messages(self, *, at: str | None = None, naming: Any = None) -> list[Notification]:
        found = [Notification("/ops", "pi_1 declined", {}), Notification("/sms", "o1 declined", {})]
        return [one for one in found if one.path.startswith(at or "") and (naming is None or one.names(naming))]


class Lines(LogObserver):
    def mark(self) -> int:
        return 0

    def since(self, mark: int) -> list[LogLine]:
        return [
            LogLine("", {"request_id": "a1", "msg": "asked"}),
            LogLine("o1 paid"),
            LogLine("", {"request_id": "a2"}),
            LogLine('{"request_id": "a2", "order": "o1"}', {"request_id": "a2", "order": "o1"}),
        ]


def sight(**world: Any) -> Sight:
    made = Sight()
    given = {"mail": None, "notifications": None, "logs": None, "make_orders": None, "rows": {}, "patience": 0.0}
    made._world = SimpleNamespace(**{**given, "alerts_to": None, "alerts_at": None, **world})  # type: ignore[assignment]
    return made


def test_what_is_not_declared_is_skipped_and_says_which_setting_declares_it() -> None:
    looks = {
        "observers.order": lambda seen: seen.orders,
        "observers.rows.shipments": lambda seen: seen.rows("shipments"),
        "observers.logs": lambda seen: seen.logs,
        "observers.mail": lambda seen: seen.mail,
        "observers.notifications": lambda seen: seen.notifications,
    }
    for setting, look in looks.items():
        with pytest.raises(Skip) as caught:
            look(sight())
        assert caught.value.setting == setting


@pytest.mark.parametrize(
    ("declared", "naming", "count"),
    [
        ({}, ["o1", "pi_1"], 0),
        ({"alerts_to": "ops@x"}, ["o1"], 1),
        ({"alerts_to": "others@x"}, ["o1"], 0),
        ({"alerts_to": "ops@x"}, ["o2"], 0),
        ({"alerts_at": "/ops"}, ["pi_1"], 1),
        ({"alerts_at": "/ops"}, ["o1"], 0),
        ({"alerts_to": "ops@x", "alerts_at": "/ops"}, ["o1", "pi_1"], 2),
    ],
)
def test_alerts_are_what_reaches_the_declared_places(declared: Any, naming: list[str], count: int) -> None:
    seen = sight(mail=Mails(), notifications=Posted(), **declared)
    assert seen.alert_places == tuple(declared.values())
    assert len(asyncio.run(seen.alerts(naming))) == count


def test_notifications_are_waited_for() -> None:
    seen = sight(notifications=Posted(), patience=0.05)
    assert [one.path for one in asyncio.run(seen.notified(["o1"]))] == ["/sms"]
    assert asyncio.run(seen.notified(["o1"], at="/ops")) == []


def test_the_lines_of_one_payment_are_those_that_name_it_and_those_of_its_requests() -> None:
    payment: Any = SimpleNamespace(order="o1", intent="pi_1", answer=SimpleNamespace(header={"x-request-id": "a1"}.get))
    found = sight(logs=Lines()).lines_about(payment, 0)
    assert [line.text or dict(line.fields or {}) for line in found] == [
        {"request_id": "a1", "msg": "asked"},
        "o1 paid",
        {"request_id": "a2"},
        '{"request_id": "a2", "order": "o1"}',
    ]
