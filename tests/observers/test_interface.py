"""Orders in canonical states, whatever words and numbers a target uses; log levels; waiting for a condition."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import LogLine, Order, OrderMapping, OrderState, eventually

MAPPING = OrderMapping({"paid": ("bezahlt", "complete", "true"), "failed": ("kaputt",)})


@pytest.mark.parametrize("state", list(OrderState))
def test_our_own_words_mean_themselves(state: OrderState) -> None:
    order = OrderMapping().order("o1", {"status": state.value})
    assert order == Order("o1", state, state.value)
    assert order.is_paid is (state is OrderState.PAID)


@pytest.mark.parametrize(
    ("word", "state"),
    [("bezahlt", "paid"), ("complete", "paid"), ("kaputt", "failed"), ("pending", "pending"), (True, "paid")],
)
def test_the_target_s_words_are_translated(word: Any, state: str) -> None:
    assert MAPPING.order("o1", {"status": word}).state == state


@pytest.mark.parametrize("word", ["PAID", "Bezahlt", "", None, 7, [], {}, "x" * 100_000, False])
def test_a_word_that_is_not_mapped_is_inconclusive(word: Any) -> None:
    with pytest.raises(Inconclusive, match="is not mapped") as caught:
        MAPPING.order("o1", {"status": word})
    assert caught.value.supply == "observers.order.states"
    assert len(caught.value.message) < 300


def test_a_record_without_a_state_is_inconclusive() -> None:
    with pytest.raises(Inconclusive):
        MAPPING.order("o1", {})


@pytest.mark.parametrize(
    ("unit", "amount", "currency", "minor"),
    [
        ("minor", 1999, "usd", 1999),
        ("minor", "1999", "usd", 1999),
        ("minor", 1999.0, "USD", 1999),
        ("minor", Decimal("1999.00"), None, 1999),
        ("minor", 0, "usd", 0),
        ("minor", -5, "usd", -5),
        ("minor", None, "usd", None),
        ("major", 19.99, "usd", 1999),
        ("major", "19.99", "EUR", 1999),
        ("major", 17.99, "usd", 1799),
        ("major", 1999, "jpy", 1999),
        ("major", "1.230", "kwd", 1230),
        ("major", "19.99", None, 1999),
    ],
)
def test_amounts_are_told_in_minor_units(unit: str, amount: Any, currency: str | None, minor: int | None) -> None:
    order = OrderMapping(amount_unit=unit).order("o1", {"status": "paid", "amount": amount, "currency": currency})
    assert order.amount == minor
    assert order.currency == (currency and currency.lower())


@pytest.mark.parametrize(
    ("unit", "amount", "currency"),
    [
        ("minor", 19.99, "usd"),
        ("minor", "19.99", "usd"),
        ("minor", "ten", "usd"),
        ("minor", "1_999", "usd"),
        ("minor", "１９", "usd"),
        ("minor", True, "usd"),
        ("minor", [], "usd"),
        ("minor", {"a": 1}, "usd"),
        ("minor", "NaN", "usd"),
        ("minor", "sNaN", "usd"),
        ("minor", float("inf"), "usd"),
        ("minor", float("nan"), "usd"),
        ("minor", "1e999999", "usd"),
        ("minor", "9" * 6000, "usd"),
        ("minor", "x" * 100_000, "usd"),
        ("major", "19.999", "usd"),
        ("major", 0.1 + 0.2, "usd"),
        ("major", "19.99", "points"),
        ("major", "19.99", "jpy"),
        ("major", "sNaN", "usd"),
        ("major", "1e999999", "usd"),
        ("major", [], "usd"),
    ],
)
def test_an_amount_that_is_none_is_inconclusive(unit: str, amount: Any, currency: str) -> None:
    with pytest.raises(Inconclusive, match="amount") as caught:
        OrderMapping(amount_unit=unit).order("o1", {"status": "paid", "amount": amount, "currency": currency})
    assert str(caught.value.supply).startswith("observers.order")
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("value", "count"), [(None, None), (0, 0), (2, 2), ("3", 3), (True, 1), (False, 0), (1.0, 1), (Decimal(2), 2)]
)
def test_how_often_it_was_fulfilled(value: Any, count: int | None) -> None:
    assert MAPPING.order("o1", {"status": "paid", "fulfilled": value}).fulfilled == count


@pytest.mark.parametrize("value", ["yes", "", [], {}, 1.5, "9" * 6000, float("nan"), "1e999999"])
def test_a_count_that_is_none_is_inconclusive(value: Any) -> None:
    with pytest.raises(Inconclusive) as caught:
        MAPPING.order("o1", {"status": "paid", "fulfilled": value})
    assert "fulfilled" in str(caught.value.supply)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (None, None),
        ("", None),
        (1800000000, 1800000000),
        ("1800000000", 1800000000),
        (1800000000000, 1800000000),
        ("2027-01-15T08:00:00Z", 1800000000),
        ("2027-01-15T09:00:00+01:00", 1800000000),
        ("2027-01-15 08:00:00", 1800000000),
        ("2027-01-15", 1799971200),
    ],
)
def test_until_when_it_is_paid(value: Any, moment: int | None) -> None:
    assert MAPPING.order("o1", {"status": "paid", "paid_until": value}).paid_until == moment


@pytest.mark.parametrize("value", ["soon", "2027-13-01", True, ["2027-01-15"], "9999-99-99"])
def test_a_moment_that_is_none_is_inconclusive(value: Any) -> None:
    with pytest.raises(Inconclusive, match="no moment") as caught:
        MAPPING.order("o1", {"status": "paid", "paid_until": value})
    assert "paid_until" in str(caught.value.supply)
    assert len(caught.value.message) < 300


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.decimals()
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(["amount", "currency", "fulfilled", "payment_intent", "paid_until"]), anything),
    st.sampled_from(["minor", "major"]),
)
def test_whatever_a_record_holds_it_is_an_order_or_inconclusive(record: dict[str, Any], unit: str) -> None:
    try:
        order = OrderMapping(amount_unit=unit).order("o1", {"status": "paid", **record})
    except Inconclusive:
        return
    assert order.amount is None or type(order.amount) is int
    assert order.currency is None or len(order.currency) <= 100
    assert repr(order.summary)


def test_the_summary_tells_what_is_known() -> None:
    order = MAPPING.order("o1", {"status": "bezahlt", "amount": 5, "payment_intent": "pi_1"})
    assert order.summary == {"state": "bezahlt", "amount": 5}
    assert order.payment_intent == "pi_1"


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        (None, ""),
        ({}, ""),
        ({"level": "INFO"}, "info"),
        ({"severity": "Error"}, "error"),
        ({"levelname": "WARNING"}, "warning"),
        ({"level": 50}, "error"),
        ({"level": 40}, "warning"),
        ({"level": 35}, ""),
        ({"level": True}, ""),
        ({"level": None}, "none"),
        ({"level": ["a"]}, "['a']"),
    ],
)
def test_levels_are_words_and_pino_s_numbers_are_translated(fields: dict[str, Any] | None, level: str) -> None:
    assert LogLine("text", fields).level == level


def counting() -> Any:
    count = 0

    async def read() -> int:
        nonlocal count
        count += 1
        return count

    return read


def test_waiting_ends_when_the_condition_holds() -> None:
    began = time.monotonic()
    assert asyncio.run(eventually(counting(), lambda value: value == 3, within=30)) == (3, True)
    assert time.monotonic() - began < 5


def test_waiting_ends_with_the_last_value_when_the_time_is_over() -> None:
    value, is_met = asyncio.run(eventually(counting(), lambda _: False, within=0.05))
    assert not is_met
    assert value >= 2


def test_without_time_it_is_read_once() -> None:
    assert asyncio.run(eventually(counting(), lambda _: False, within=0)) == (1, False)
    assert asyncio.run(eventually(counting(), lambda _: True, within=-1)) == (1, True)


def test_an_error_while_reading_is_not_waited_for() -> None:
    async def read() -> int:
        raise Inconclusive("no")

    with pytest.raises(Inconclusive):
        asyncio.run(eventually(read, lambda _: True, within=30))
