from __future__ import annotations

import pytest

from stripe_audit.observers.interface import Mail
from stripe_audit.observers.notifications import Notification
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.errors.modules import module_of


def mail(subject: str, body: str = "") -> Mail:
    return Mail("shop@example.com", ("ada@example.com",), subject, body)


def sms(text: str) -> Notification:
    return Notification("/sms", f"/sms\n{text}", {"text": text})


@pytest.mark.parametrize(
    ("mails", "by_stripe", "found"),
    [
        ([mail("Receipt")], False, []),
        ([mail("Receipt"), mail("On its way")], False, []),
        ([], True, []),
        ([], False, ["receipt"]),
        ([mail("Receipt"), mail("Receipt")], False, ["repeated"]),
        ([sms("Receipt")], False, []),
        ([mail("Receipt"), sms("Receipt")], False, []),
        ([sms("Receipt"), sms("On its way")], False, []),
        ([sms("Receipt"), sms("Receipt")], False, ["repeated"]),
        ([mail("Receipt"), mail("Receipt")], True, ["repeated"]),
    ],
)
def test_mails_after_a_success_are_judged(mails, by_stripe, found):
    assert [wrong.id for wrong in module_of("customer-notified").assess_paid(mails, by_stripe=by_stripe)] == found


@pytest.mark.parametrize(
    ("mails", "found"),
    [
        ([mail("Declined", "Try again: /checkout?order=7")], []),
        ([mail("Declined", "Versuchen Sie es hier: https://shop.example/pay/7")], []),
        ([mail("Declined", "Your payment and/or card was declined.")], ["link"]),
        ([], ["decline"]),
        ([mail("Declined", "https://shop.example"), mail("Declined", "https://shop.example")], ["repeated"]),
    ],
)
def test_mails_after_a_decline_are_judged(mails, found):
    assert [wrong.id for wrong in module_of("customer-notified").assess_declined(mails)] == found


def test_a_way_to_try_again_that_leads_nowhere_is_found():
    (wrong,) = module_of("customer-notified").assess_declined([mail("Declined", "/pay/7?k=1")], ["/pay/7?k=1"])
    assert (wrong.id, wrong.detail) == ("dead", "The message after a decline leads to /pay/7, and nothing is there.")


@pytest.mark.parametrize(
    ("text", "found"),
    [("Declined. Try again: https://shop.example/pay/7", []), ("Declined. See /checkout?o=7", []), ("Sorry", ["link"])],
)
def test_a_notification_s_own_path_is_no_link_to_the_customer(text, found):
    assert [wrong.id for wrong in module_of("customer-notified").assess_declined([sms(text)])] == found


BY_SMS = {
    "observers": {"mail": None, "notifications": {"customers_at": "/sms", "alerts_to": "/alerts"}},
    "target": {"launch": {"env": {"SMS_URL": "{notification_url}/sms"}}},
}


def by_sms(*checks: str, defects=(), flags=None):
    with demo_stage(defects=defects, flags=flags or BY_SMS) as stage:
        return run_checks(checks, stage)


def test_a_shop_that_tells_its_customers_by_sms_alone_is_sound():
    results = by_sms("customer-notified", "failed-renewal-told")
    told = {name: (one.outcome, one.reason, one.error, one.findings) for name, one in results.items()}
    assert {one[0] for one in told.values()} == {"passed"}, told


@pytest.mark.parametrize(
    ("defect", "check", "titles"),
    [
        ("no-receipt", "customer-notified", {"A customer who paid hears nothing"}),
        ("decline-untold", "customer-notified", {"A declined customer hears nothing"}),
        ("receipt-again-on-refund", "customer-notified", {"A customer gets the same notification again"}),
        ("retry-link-dead", "customer-notified", {"The way to try again leads nowhere"}),
        ("failed-renewal-untold", "failed-renewal-told", {"A subscriber is not told that a renewal was declined"}),
    ],
)
def test_what_is_wrong_with_messages_by_sms_is_found(defect, check, titles):
    assert {finding.title for finding in by_sms(check, defects=[defect])[check].findings} == titles


def test_where_neither_mail_nor_a_path_for_customers_is_declared_it_says_what_to_declare():
    result = by_sms("customer-notified", flags={"observers": {"mail": None, "notifications": {"alerts_to": "/alerts"}}})
    skipped = result["customer-notified"]
    assert (skipped.outcome, skipped.setting) == ("skipped", "observers.mail")
    assert skipped.reason == "neither mails nor a path for what customers are told is declared"


@pytest.mark.parametrize(("mail", "outcome"), [({}, "inconclusive"), (None, "passed")])
def test_mails_to_an_address_that_no_request_names_are_not_taken_for_missing(mail, outcome):
    body = {"email": "fixed@example.com"}
    observers = {**BY_SMS["observers"], "mail": mail}
    target = {**BY_SMS["target"], "routes": {"create_payment": {"body": body}}}
    (result,) = by_sms("customer-notified", flags={"observers": observers, "target": target}).values()
    assert (result.outcome, result.findings) == (outcome, ()), result.reason
