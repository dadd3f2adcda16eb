"""Who tells of a payment is seen by the word that the message names it by; mails of other servers are counted alone."""

from __future__ import annotations

import asyncio
import smtplib
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest

from stripe_audit.errors import Skip
from stripe_audit.observers.mail import MailSink
from stripe_audit.observers.notifications import NotificationSink
from stripe_audit.trials.outlets import Outlet, outlets_used

PAYMENT: Any = SimpleNamespace(order="o-7", intent="pi_7", email="o-7@example.com")
OTHER: Any = SimpleNamespace(order="o-8", intent="pi_8", email="o-8@example.com")


class Elsewhere:
    """Mails that somebody else keeps."""

    def hold(self, to: str) -> None:
        raise Skip("elsewhere")

    def messages(self, *, to: str) -> list[str]:
        return ["a mail"]


class Seen(SimpleNamespace):
    patience = 0.05

    def __getattr__(self, name: str) -> Any:
        raise Skip(f"no {name} is declared")


def used(**observers: Any) -> list[Outlet]:
    return asyncio.run(outlets_used(Seen(**observers), PAYMENT))


def test_nobody_tells_where_nothing_is_declared_or_nothing_came() -> None:
    sink = MailSink()
    assert used() == []
    assert used(mail=sink) == []


@pytest.mark.parametrize("word", ["o-7", "pi_7", "o-7@example.com"])
def test_a_notification_is_known_by_what_it_names(word: str) -> None:
    sink = NotificationSink()
    sink.start()
    try:
        body = f'{{"text": "paid: {word}"}}'.encode()
        request = urllib.request.Request(f"{sink.url}/sms", body, {"Content-Type": "application/json"})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).close()
        (outlet,) = used(notifications=sink)
    finally:
        sink.stop()
    assert (outlet.name, outlet.can_hold, outlet.count(OTHER)) == ("notification", True, 0)
    assert outlet.word(OTHER) in (OTHER.order, OTHER.intent, OTHER.email)
    assert outlet.word(PAYMENT) in word


def test_a_mail_is_known_by_its_address() -> None:
    sink = MailSink()
    sink.start()
    try:
        with smtplib.SMTP(*sink.address, local_hostname="localhost", timeout=5) as client:
            client.sendmail("shop@example.com", [PAYMENT.email], "Subject: paid\r\n\r\nThank you.")
        (outlet,) = used(mail=sink)
    finally:
        sink.stop()
    assert (outlet.name, outlet.can_hold, outlet.word(OTHER), outlet.count(OTHER)) == ("mail", True, OTHER.email, 0)


def test_mails_that_others_keep_are_counted_and_not_held() -> None:
    (outlet,) = used(mail=Elsewhere())
    assert (outlet.can_hold, outlet.count(PAYMENT)) == (False, 1)
