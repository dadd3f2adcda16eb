"""Numbers in every form: what is sent is written as it is meant, and what may come of it is exact."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from stripe_audit.deployment.spec import Item, Route
from stripe_audit.money import to_minor
from stripe_audit.trials.numbers import NumberForm, _written, number_forms

ITEMS = (Item("mug", Decimal("19.99"), "usd"), Item("stickers", Decimal(500), "jpy"), Item("dates", Decimal(3), "kwd"))
SELLS = {"order": "{order}", "item": "{item}", "quantity": "{quantity}", "currency": "{currency}"}
TAKES = {"order": "{order}", "sum": "{amount}", "currency": "{currency}"}
VALUES = {"order": "o1", "item": "mug", "quantity": 1, "amount": 1999, "currency": "usd"}


def context(body: Any, unit: str = "minor") -> Any:
    route = Route("create_payment", "POST", "/pay", body=body, amount_unit=unit)
    return SimpleNamespace(
        target=SimpleNamespace(route=lambda role: route),
        spec=SimpleNamespace(items=ITEMS),
        payments=SimpleNamespace(item=lambda: ITEMS[0]),
    )


def forms(body: Any, unit: str = "minor") -> dict[str, NumberForm]:
    return {form.id: form for form in number_forms(context(body, unit))}


def sent(form: NumberForm, body: Any = SELLS, *, is_form: bool = False) -> Any:
    values, whole = _written(form, is_form=is_form)(body, VALUES)
    return whole.decode() if isinstance(whole, bytes) else values


def test_a_target_that_sells_is_sent_quantities_and_one_that_takes_a_sum_is_sent_sums():
    assert {form.word for form in forms(SELLS).values()} == {"quantity"}
    assert {form.word for form in forms(TAKES).values()} == {"amount"}
    assert forms({"item": "{item}", "amount": "{amount}"}) == {}
    assert forms({"order": "{order}"}) == {}


def test_numbers_are_written_as_they_are_named():
    quantities = forms(SELLS)
    assert '"quantity": 1e2,' in sent(quantities["quantity-exponent"])
    assert '"quantity": "2",' in sent(quantities["quantity-text"])
    assert '"quantity": NaN,' in sent(quantities["quantity-nan"])
    assert sent(quantities["quantity-missing"])["quantity"] is None
    inside = sent(quantities["quantity-exponent"], {"cart": "mug x {quantity}"})
    assert json.loads(inside) == {"cart": "mug x 1e2"}
    assert sent(quantities["quantity-text"], is_form=True)["quantity"] == "2"


@pytest.mark.parametrize(
    ("identity", "amount", "is_allowed"),
    [
        ("quantity-exponent", 199900, True),
        ("quantity-exponent", 1999, False),
        ("quantity-exponent", 19990, False),
        ("quantity-decimal", 3998, True),
        ("quantity-decimal", 39980, False),
        ("quantity-text", 3998, True),
        ("quantity-text", 1999, True),
        ("quantity-text", 2000, False),
        ("quantity-text", 0, False),
        ("quantity-text", -1999, False),
        ("quantity-missing", 1999, True),
        ("quantity-nan", 1999, True),
        ("quantity-nan", 3998, False),
        ("quantity-half", 1000, False),
        ("quantity-half", None, False),
    ],
)
def test_what_may_come_of_a_quantity(identity, amount, is_allowed):
    form = forms(SELLS)[identity]
    assert form.allows(amount, "usd") is is_allowed
    assert not form.allows(amount, "eur")


def test_sums_are_those_that_break_floats_in_each_currency_and_as_the_unit_says():
    major, minor = forms(TAKES, "major"), forms(TAKES)
    for text in ("1.10", "4.35", "9.95", "17.99", "19.99", "64.10"):
        assert major[f"amount-usd-{text}"].due == (to_minor(text, "usd"),)
    assert major["amount-usd-17.99"].text == "17.99" and minor["amount-usd-1799"].due == (1799,)
    assert major["amount-kwd-17.990"].due == (17990,) and major["amount-jpy-64"].due == (64,)
    assert {form.currency for form in major.values()} == {"usd", "jpy", "kwd"}
    assert all(form.due[0] % 10 == 0 for form in major.values() if form.currency == "kwd")
    without = {key: value for key, value in TAKES.items() if key != "currency"}
    assert {form.currency for form in forms(without, "major").values()} == {"usd"}


def test_what_may_come_of_an_odd_sum():
    odd = forms(TAKES, "major")
    assert (odd["amount-fraction"].text, odd["amount-fraction"].due) == ("1.005", (100, 101))
    assert (odd["amount-below-least"].text, odd["amount-below-least"].due) == ("0.29", ())
    assert odd["amount-exponent"].due == (2000,) and Decimal(odd["amount-exponent"].text) == 20
    for identity in ("zero", "negative", "nan", "missing", "text-words", "above-most"):
        assert odd[f"amount-{identity}"].due == ()
    assert not odd["amount-usd-0.50"].is_usual and not odd["amount-usd-99999.99"].is_usual
    assert odd["amount-usd-19.99"].is_usual
