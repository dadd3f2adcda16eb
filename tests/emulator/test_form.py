"""Stripe's nested forms, read back."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.form import decode
from stripe_audit.stripe_backend.emulated import form as our_form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a=", {"a": ""}),
        ("a", {"a": ""}),
        ("a=b+c%20d%2Be", {"a": "b c d+e"}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[b][c][d]=1", {"a": {"b": {"c": {"d": "1"}}}}),
        ("a%5Bb%5D=1", {"a": {"b": "1"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        ("a[1]=2&a[0]=1", {"a": ["1", "2"]}),
        ("a[0]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=1&a[]=2", {"a": {"1": "1", "2": "2"}}),
        ("a[0]=1&a[2]=2", {"a": {"0": "1", "2": "2"}}),
        ("a[0][b]=1&a[0][c]=2&a[1][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a[][b]=1&a[][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("a[b]=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[=1&b]=2&[c]=3", {"a[": "1", "b]": "2", "[c]": "3"}),
        ("0=a", {"0": "a"}),
        ("a=%F0%9F%8C%AD", {"a": "🌭"}),
    ],
)
def test_decode(text, expected):
    assert decode(text) == expected


def test_later_sources_win():
    assert decode("a=1&b=2", "a=3") == {"a": "3", "b": "2"}


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a[b]=1&a[b][c]=2",
        "a[b][c]=1&a[b]=2",
        "a" + "[b]" * 13 + "=1",
        "&".join(f"a{n}=1" for n in range(2001)),
        "a=%ff",
        "%ff=a",
        "a=%ED%A0%80",
    ],
)
def test_what_has_no_nested_reading_is_refused(text):
    with pytest.raises(ApiError) as caught:
        decode(text)
    assert caught.value.status == 400


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8)
NAMES = WORDS.filter(lambda name: not name.isdigit())
VALUES = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)
PARAMS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(PARAMS)
def test_what_the_official_library_encodes_is_what_was_meant(params):
    assert decode(urlencode(list(_api_encode(params)))) == params


@given(PARAMS)
def test_our_own_encoding_is_read_back(params):
    assert decode(urlencode(our_form(params))) == params


@given(st.text(alphabet="ab=&%+;4156é\x00", max_size=40))
def test_pairs_are_those_of_the_standard_library(text):
    try:
        expected = dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        with pytest.raises(ApiError):
            decode(text)
    else:
        assert decode(text) == expected


@given(st.text(alphabet="ab[]01=&%+.\x00é", max_size=60))
def test_no_text_makes_it_fail_otherwise(text):
    try:
        decode(text)
    except ApiError as error:
        assert error.status == 400
