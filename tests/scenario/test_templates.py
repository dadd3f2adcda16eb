"""``{{ … }}``: it reads what was saved, keeps types, and never yields a binary float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stripe_audit.scenario.templates import TemplateError, check_templates, evaluated, filled, names_in

SAVED = {
    "payment": {"amount": 1999, "currency": "usd", "order": "o1", "ok": True, "price": Decimal("19.99")},
    "yen": {"amount": 1001, "currency": "jpy"},
    "list": [{"id": "a"}, {"id": "b"}],
    "half": 0.5,
    "whole": 2.0,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ payment.amount }}", 1999),
        ("{{payment.ok}}", True),
        ("{{ payment.price }}", Decimal("19.99")),
        ("order {{ payment.order }} of {{ payment.amount }}, {{ payment.ok }}", "order o1 of 1999, true"),
        ("{{ list[?id=='b'].id | [0] }}", "b"),
        ("{{ part(payment.amount, `2`, payment.currency) }}", 999),
        ("{{ part(yen.amount, `3`, yen.currency) }}", 333),
        ("{{ add(payment.amount, `1`) }}", 2000),
        ("{{ subtract(payment.amount, `1999`) }}", 0),
        ("{{ times(payment.amount, `3`) }}", 5997),
        ("{{ minor(payment.price, payment.currency) }}", 1999),
        ("{{ minor('3.45', 'kwd') }}", 3450),
        ("{{ major(payment.amount, 'usd') }}", "19.99"),
        ("{{ whole }}", 2),
        ({"a": ["{{ payment.order }}", 1, None]}, {"a": ["o1", 1, None]}),
        ("no template", "no template"),
        (Decimal("0.29"), Decimal("0.29")),
    ],
)
def test_values(text: Any, value: Any) -> None:
    assert filled(text, SAVED) == value
    assert type(filled(text, SAVED)) is type(value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ nothing.at_all }}", "is nothing; saved are half, list"),
        ("{{ half }}", "a binary float"),
        ("{{ minor('0.001', 'usd') }}", "minor"),
        ("{{ avg(list[].id) }}", "avg"),
        ("{{ part(payment.amount, `0`, 'usd') }}", "part"),
        ("{{ add(payment.order, `1`) }}", "add"),
        ("{{ minor('x', 'usd') }}", "minor"),
    ],
)
def test_what_cannot_be_filled_in(text: str, told: str) -> None:
    with pytest.raises(TemplateError, match=told.replace("(", r"\(")):
        filled(text, SAVED)


@pytest.mark.parametrize("text", ["{{ a", "a }}", "{{ a }} }}", "{{ a..b }}", "{{ __import__('os') }}("])
def test_what_is_no_template(text: str) -> None:
    if "import" in text:  # it is only a function that does not exist
        with pytest.raises(TemplateError, match=r"[Uu]nknown function"):
            filled(check_templates(text), SAVED)
        return
    with pytest.raises(ValueError, match=r"opened or closed|not a JMESPath"):
        check_templates(text)


def test_names() -> None:
    assert names_in(["{{ a.b }} {{ c }}", {"{{ d }}": "{{ part(e.x, `2`, f[?g=='h'].i | [0]) }}"}, 5]) == set("acdef")


def test_what_the_target_wrote_is_data_and_no_template() -> None:
    assert filled("{{ a }}", {"a": "{{ b }}"}) == "{{ b }}"
    assert evaluated("a", {"a": "x" * 10}) == "x" * 10
