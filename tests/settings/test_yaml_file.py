"""Reading YAML: what is hostile or odd is refused at once, with its file and line."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit.errors import SettingsError
from stripe_audit.settings.yaml_file import SIZE_CAP, read_yaml, yaml_value

SECRET = "sk_live_" + "a1B2c3D4" * 4


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "stripe-audit.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refused(path) -> str:
    began = time.monotonic()
    with pytest.raises(SettingsError) as caught:
        read_yaml(path)
    assert time.monotonic() - began < 10
    assert caught.value.exit_code == 2
    assert str(path) in caught.value.message
    assert SECRET not in caught.value.message and SECRET not in str(caught.value.hint)
    assert caught.value.__context__ is None or caught.value.__suppress_context__  # a parser's error quotes the line
    return caught.value.message.removeprefix(str(path))


def test_values_know_their_lines(file):
    value, lines = read_yaml(
        file("version: 1\n\ntarget:\n  url: x\n  items:\n    - id: mug\n      price: 1\n    - b\n")
    )
    assert value == {"version": 1, "target": {"url": "x", "items": [{"id": "mug", "price": 1}, "b"]}}
    assert lines[("version",)] == 1 and lines[("target",)] == 3 and lines[("target", "url")] == 4
    assert lines[("target", "items", 0, "price")] == 7 and lines[("target", "items", 1)] == 8


def test_values_are_exact_and_plain(file):
    text = """
a: 19.99
b: 0.1
c: 1_000.5
d: 2024-01-01
e: "12"
f: yes
g: null
h: 1_000
i: -1.50
j: &x [1, 2]
k: *x
on: text
1: one
"""
    value, _ = read_yaml(file(text))
    assert value == {
        "a": Decimal("19.99"),
        "b": Decimal("0.1"),
        "c": Decimal("1000.5"),
        "d": "2024-01-01",
        "e": "12",
        "f": True,
        "g": None,
        "h": 1000,
        "i": Decimal("-1.50"),
        "j": [1, 2],
        "k": [1, 2],
        "on": "text",
        "1": "one",
    }
    assert str(value["i"]) == "-1.50" and value["j"] is not value["k"]


def test_a_byte_order_mark_is_no_matter(file):
    assert read_yaml(file(b"\xef\xbb\xbfversion: 1\n"))[0] == {"version": 1}


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", " is empty"),
        ("# only a comment\n", " is empty"),
        ("\n\n", " is empty"),
        ("---\n...\n", ":1: the file must be a mapping, not a single value"),
        ("- a\n- b\n", ":1: the file must be a mapping, not a list"),
        ("just text", ":1: the file must be a mapping, not a single value"),
        ("a: 1\n---\nb: 2\n", ":2: a second document"),
        ("a: 1\nb:\n\t- c\n", ":3: not valid YAML: found character '\\t' that cannot start any token"),
        ("a: 1\nb: [1, 2\n", ":3: not valid YAML"),
        ("a: 'x\n", ":2: not valid YAML"),
        ("a: 1\nb: c: d\n", ":2: not valid YAML: mapping values are not allowed here"),
        ("a: 1\nb: 2\na: 3\n", ":3: 'a' is given twice (first on line 1)"),
        ("t:\n  a: 1\n  'a': 3\n", ":3: 'a' is given twice (first on line 2)"),
        ("1: a\n'1': b\n", ":2: '1' is given twice (first on line 1)"),
        ("a: 1\n? [b, c]\n: 2\n", ":2: a key must be a text"),
        ("? {b: c}\n: 2\n", ":1: a key must be a text"),
        ("a: 1\n? ''\n: 2\n", ":2: a key must be a text"),
        ("a: &x\n  b: *x\n", ":1: an alias that contains itself"),
        ("a: &x [1, *x]\n", ":1: an alias that contains itself"),
        ("&x a: *y\n", ":1: not valid YAML: found undefined alias"),
        (BOMB, ": the aliases in this file multiply to too many values"),
        ("a: 1\nb: !!python/object/apply:os.system [echo]\n", ":2: a value of an unknown kind"),
        ("a: !mine {b: 1}\n", ":1: a value of an unknown kind"),
        ("a: !mine [1]\n", ":1: a value of an unknown kind"),
        ("a: !mine b\n", ":1: a value of an unknown kind"),
        ("a: !!bool maybe\n", ":1: a value of an unknown kind"),
        ("a: !!int b\n", ":1: a value of an unknown kind"),
        ("a: !!binary aGk=\n", ":1: a value of an unknown kind"),
        ("a: !!set {b, c}\n", ":1: a value of an unknown kind"),
        ("a: " + "9" * 5000 + "\n", ":1: a value of an unknown kind"),
        ("a: 1\nb: .inf\n", ":2: not a decimal number"),
        ("b: .nan\n", ":1: not a decimal number"),
        ("b: 1:30.5\n", ":1: not a decimal number"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", ":3: merge keys (<<) are not known here"),
        (b"a: 1\nb: caf\xe9\n", ":2: not UTF-8"),
        (b"\xff\xfea\x00:\x00 \x001\x00", ":1: not UTF-8"),
        (b"a: 1\nb: x\x00y\n", ":2: a control character"),
        (b"a: 1\nb: x\x1b[31my\n", ":2: a control character"),
        ("a: " + "[" * 100 + "]" * 100, ":1: nested too deeply"),
        ("[" * 20_000, ":1: nested too deeply"),
        ("{a: " * 2_000, ":1: nested too deeply"),
        ("- " * 100_000, ":1: nested too deeply"),
        ("? " * 100_000, ":1: nested too deeply"),
        ("".join(" " * n + "a:\n" for n in range(300)), ":60: nested too deeply"),
        ("a: [" + "1," * 6_000 + "]", ":1: more than 5000 values"),
        ("".join(f"k{n}: v\n" for n in range(3_000)), ": more than 5000 values"),
        ("a: b\n" * 3_000, ": more than 5000 values"),
        ("a" * (SIZE_CAP + 1), " is larger than 256 KiB"),
        ("---\na\n" * 30_000, ":3: a second document"),
        ("%YAML 9.9\n---\na: 1\n", ":1: not valid YAML"),
        (f"secret_key {SECRET}\nb: 1\n", ":2: not valid YAML"),
        (f"a: *{SECRET}\n", ":1: not valid YAML"),
        (f"{SECRET}: 1\n{SECRET}: 2\n", ":2: 'sk_live_…"),
        (f"a: !{SECRET} b\n", ":1: a value of an unknown kind"),
        (f"a: !h!{SECRET} b\n", ":1: not valid YAML"),
        (f"{SECRET}", ":1: the file must be a mapping"),
        (f"a: b: {SECRET}", ":1: not valid YAML"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_cannot_be_settings_is_refused_with_its_line(file, content, told):
    message = refused(file(content))
    if told.startswith(": "):
        assert told in message
        assert message.split(":")[1].isdecimal()
    else:
        assert message.startswith(told)


def test_a_file_that_is_not_there(tmp_path):
    assert refused(tmp_path / "stripe-audit.yaml") == " does not exist"


def test_a_folder_is_no_file(tmp_path):
    assert refused(tmp_path) == " is a folder"


def test_a_file_that_cannot_be_read(file, monkeypatch):
    path = file("version: 1\n")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    assert refused(path) == " cannot be read: Permission denied"


def test_a_huge_file_is_not_read_whole(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    with path.open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert refused(path) == " is larger than 256 KiB"


def test_control_characters_of_a_name_are_made_visible(file):
    message = refused(file('"a\\e[31m": 1\n"a\\e[31m": 2\n'))
    assert "\x1b" not in message and "given twice" in message


_printable = st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(_printable, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), _values, max_size=3))
def test_what_others_wrote_is_read_as_it_was_meant(data):
    assert yaml_value(yaml.safe_dump(data, allow_unicode=True), "here") == data


@settings(max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!%#?|>'\"\n\t ,0.<@\\", max_size=40))
def test_any_text_is_a_value_or_a_settings_error(text):
    try:
        yaml_value(text, "here")
    except SettingsError as error:
        assert error.message.startswith("here")
