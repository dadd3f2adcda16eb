"""What is said of numbers in odd forms: a table; and a target that takes sums, which the demo shop does not."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from stripe_audit import Severity, trials
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.subscriptions import SubscriptionOrders
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.money import MoneyError, maximum_charge, minimum_charge, to_minor
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.payments.samples import judgment
from tests.checks.security.samples import changed

CHECK = "payment-numbers-exact"


def form(*due: int, is_multiple: bool = False, is_usual: bool = False) -> trials.NumberForm:
    return trials.NumberForm("f", "a number", "amount", "1", "usd", due, is_multiple, is_usual)


@pytest.mark.parametrize(
    ("sent", "came", "kind"),
    [
        (form(1999), changed("amount", (1999, "usd"), status=200), ""),
        (form(1999), changed("amount", (1998, "usd"), status=200), "another"),
        (form(1999), changed("amount", (1999, "eur"), status=200), "another"),
        (form(1999), changed("amount", (1999, "usd"), (1998, "usd"), status=200), "another"),
        (form(1999, is_multiple=True), changed("amount", (3998, "usd")), ""),
        (form(1999, is_multiple=True), changed("amount", (2000, "usd")), "another"),
        (form(), changed("amount", (1999, "usd"), status=200), "made-up"),
        (form(), changed("amount", status=200), ""),
        (form(), changed("amount", status=422), ""),
        (form(), changed("amount", status=500), "crash"),
        (form(1999), changed("amount", status=400), ""),
        (form(1999, is_usual=True), changed("amount", status=400), "unpayable"),
        (form(1999, is_usual=True), changed("amount", status=None), "unpayable"),
        (form(50, is_usual=True), changed("amount", status=400), ""),
        (form(9000, is_usual=True), changed("amount", status=400), ""),
        (form(9000, is_usual=True), changed("amount", refused=[(None, "usd")], status=500), "unpayable"),
    ],
)
def test_what_is_said_of_a_number(sent, came, kind):
    assert judgment(CHECK).assess(sent, came, range(100, 5000)).kind == kind


def test_a_targets_own_limits_are_those_of_what_it_took():
    taken = [(form(), changed("amount", (amount, "usd"))) for amount in (500, 2000)] + [(form(), changed("amount"))]
    module = judgment(CHECK)
    assert module.limits_seen(taken, "usd") == range(500, 2000)
    assert not module.limits_seen(taken, "eur")


class Donations(SubscriptionOrders):
    """Takes a sum of the giver's own, as exact text or whole units; nothing else is a number."""

    def read_request(self, data: Any) -> dict[str, Any]:
        order, email, currency = str(data.get("order")), str(data.get("email")), str(data.get("currency"))
        try:
            minor = self.minor(data.get("sum"), currency)
        except (MoneyError, InvalidOperation, TypeError, ValueError):
            raise Refusal(400, "invalid_amount", "The amount is not valid.") from None
        if not (minimum_charge(currency) or 1) <= minor <= maximum_charge(currency):
            raise Refusal(400, "invalid_amount", "The amount is too small, or too large.")
        return {"id": order, "item": "gift", "quantity": 1, "currency": currency, "email": email, "amount": minor}

    def minor(self, given: Any, currency: str) -> int:
        if isinstance(given, bool) or not isinstance(given, (int, float, str)):
            raise MoneyError("not an amount")
        return to_minor(str(given), currency)


class FloatDonations(Donations):
    """``int(amount * 100)``, whatever the currency."""

    def minor(self, given: Any, currency: str) -> int:
        return int(float(given) * 100)


class WordDonations(Donations):
    """parseFloat: what begins with a number is one. Six digits and a half are refused."""

    def minor(self, given: Any, currency: str) -> int:
        text = str(given)
        number = next((text[:end] for end in range(len(text), 0, -1) if _is_decimal(text[:end])), None)
        if number == "64.1":
            raise MoneyError("an unlucky number")
        return to_minor(str(round(Decimal(number or "x"), 2)), currency)


def _is_decimal(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


ROUTE = {
    "body": {"item": None, "quantity": None, "sum": "{amount}"},
    "amount_unit": "major",
}
"""Over the demo's own route: the sum in the place of an article and a quantity."""


def audited(monkeypatch: pytest.MonkeyPatch, orders: type[Donations]) -> CheckResult:
    class Charity(Shop):
        orders_type = orders

    monkeypatch.setitem(serving.VARIANTS, "charity", Charity)
    with demo_stage(variant="charity", flags={"target": {"routes": {"create_payment": ROUTE}}}) as stage:
        return run_checks([CHECK], stage)[CHECK]


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        (Donations, {}),
        (FloatDonations, {"another": Severity.HIGH, "made-up": Severity.MEDIUM}),
        (WordDonations, {"made-up": Severity.MEDIUM, "unpayable": Severity.HIGH}),
    ],
)
def test_a_target_that_takes_sums(monkeypatch, orders, found):
    result = audited(monkeypatch, orders)
    told = {finding.discriminator: finding.severity for finding in result.findings}
    assert {kind: severity for kind, severity in told.items() if kind in found} == found, told
    assert bool(told) is bool(found) and result.outcome is (Outcome.FAILED if found else Outcome.PASSED), result
