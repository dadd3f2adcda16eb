"""The comparison with the declared shapes notices what it is there for."""

from __future__ import annotations

import pytest

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import draft


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda one: one.pop("number"), "number is missing"),
        (lambda one: one.update(paid=True), "paid is unknown"),
        (lambda one: one.update(total=None), "total is null"),
        (lambda one: one["automatic_tax"].update(maybe=1), "automatic_tax: maybe is unknown"),
        (lambda one: one["automatic_tax"].pop("enabled"), "automatic_tax: enabled is missing"),
        (lambda one: one["lines"]["data"][0].pop("taxes"), "lines[0]: taxes is missing"),
        (lambda one: one["lines"]["data"][0]["period"].pop("end"), "lines[0].period: end is missing"),
    ],
)
def test_a_difference_is_noticed(client, customer, change, found):
    invoice = draft(client, customer.id, 100).to_dict()
    assert differences(invoice) == []
    change(invoice)
    assert [text for text in differences(invoice) if text.endswith(found)], differences(invoice)
