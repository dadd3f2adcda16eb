"""Ids: their shape, what a seed repeats, and that no letter is likelier than another."""

from __future__ import annotations

import pickle
import re
from collections import Counter

import pytest

from stripe_audit.emulator.ids import Ids
from stripe_audit.keys import BASE62


@pytest.mark.parametrize(
    ("prefix", "shape"),
    [
        ("pi", "pi_3[A-Za-z0-9]{23}"),
        ("evt", "evt_3[A-Za-z0-9]{23}"),
        ("pm", "pm_1[A-Za-z0-9]{23}"),
        ("cus", "cus_[A-Za-z0-9]{14}"),
        ("req", "req_[A-Za-z0-9]{14}"),
    ],
)
def test_an_id_has_the_shape_of_stripes(prefix, shape):
    assert re.fullmatch(shape, Ids(1).new(prefix))


def test_a_seed_repeats_them_and_none_does_not():
    def first(seed):
        ids = Ids(seed)
        return [ids.new("pi") for _ in range(1000)]

    assert first(7) == first(7) != first(8)
    assert first(None) != first(None)


def test_no_id_comes_twice_where_the_pool_is_filled_again():
    ids = Ids(1)
    assert len({ids.text(25) for _ in range(20_000)}) == 20_000


def test_all_letters_are_equally_likely():
    ids = Ids(2)
    found = Counter("".join(ids.text(20) for _ in range(31_000)))
    assert found.keys() == set(BASE62)
    # 10,000 of each are expected, with a standard deviation of 100.
    assert max(abs(count - 10_000) for count in found.values()) < 500


def test_a_copy_goes_on_where_the_original_was():
    ids = Ids(3)
    ids.text(9)
    copy = pickle.loads(pickle.dumps(ids))
    assert [copy.new("pi") for _ in range(500)] == [ids.new("pi") for _ in range(500)]
