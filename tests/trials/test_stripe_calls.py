from __future__ import annotations

import pytest

from stripe_audit.trials import mentions, place_of

PARAMS = {"amount": 1, "description": "Order o1", "metadata": {"a": {"order": "o1"}, "b": ["o1", {"c": "o2"}]}}


@pytest.mark.parametrize(
    ("word", "is_there"), [("o1", True), ("o2", True), ("Order", True), ("o3", False), ("1", True)]
)
def test_words_are_found_in_texts_at_any_depth(word, is_there):
    assert mentions(PARAMS, [word]) is is_there


def test_numbers_are_no_texts():
    assert not mentions({"amount": 1999}, ["1999"])


def test_the_place_of_a_word_is_where_it_stands_alone():
    assert place_of(PARAMS, "o1") == {"metadata": {"a": {"order": "o1"}}}
    assert place_of(PARAMS, "Order o1") == {"description": "Order o1"}
    assert place_of(PARAMS, "o2") is None
