"""Env files as dotenv reads them, and what each variable is meant to hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.keys import KeyKind
from stripe_audit.source.env_files import EnvFile, read_env_file

TAIL = "51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a"


def read(folder: Path, content: str | bytes) -> EnvFile:
    path = folder / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_env_file(path)


def values(folder: Path, content: str | bytes) -> dict[str, str]:
    return {name: entry.value for name, entry in read(folder, content).variables.items()}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=1\rB=2", {"A": "1", "B": "2"}),
        ("\ufeffA=1\nB=2", {"A": "1", "B": "2"}),
        ("export A=1", {"A": "1"}),
        ("  export   A=1", {"A": "1"}),
        ("exporter=1", {"exporter": "1"}),
        ("A = 1", {"A": "1"}),
        ('A =  "x y"', {"A": "x y"}),
        ("A=  x  ", {"A": "x"}),
        ("A=", {"A": ""}),
        ("A=\nB=2", {"A": "", "B": "2"}),
        ("A=''", {"A": ""}),
        ('A=""', {"A": ""}),
        ("A='x'", {"A": "x"}),
        ("A=`x 'y' \"z\"`", {"A": "x 'y' \"z\""}),
        ("A='x' # note", {"A": "x"}),
        ("A=x # note", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}),
        ("A='x # y'", {"A": "x # y"}),
        ("A= # note", {"A": ""}),
        ("# A=1", {}),
        ("   # A=1\nB=2", {"B": "2"}),
        ("A=x=y", {"A": "x=y"}),
        ("A=whsec_abc==", {"A": "whsec_abc=="}),
        ("A=1\nA=2", {"A": "2"}),
        ('A="x\ny"\nB=2', {"A": "x\ny", "B": "2"}),
        ("A='x\r\ny'\r\nB=2", {"A": "x\ny", "B": "2"}),
        (r'A="x\ny"', {"A": "x\ny"}),
        (r"A='x\ny'", {"A": r"x\ny"}),
        (r'A="x\"y"', {"A": 'x"y'}),
        (r'A="x\\"', {"A": r"x\\"}),
        ("A=it's\nB=2", {"A": "it's", "B": "2"}),
        ("A=\"never closed\nB=2\nC='3'", {"A": '"never closed', "B": "2", "C": "3"}),
        ("A='never closed", {"A": "'never closed"}),
        ("A=x\u2028y\nB=2", {"A": "x\u2028y", "B": "2"}),
        ("A=x\x0cy\nB=2", {"A": "x\x0cy", "B": "2"}),
        ("A.B=1\nA-B=2\n_C=3", {"A.B": "1", "A-B": "2", "_C": "3"}),
        ("1A=1\nA B=2\n=3\nnonsense\n", {}),
        ("", {}),
        (b"A=\xff\xfe\nB=2", {"A": "��", "B": "2"}),
        (b"\x00\x01\x02", {}),
    ],
)
def test_a_file_is_read_as_the_app_would_read_it(
    tmp_path: Path, content: str | bytes, expected: dict[str, str]
) -> None:
    assert values(tmp_path, content) == expected


def test_lines_are_counted_from_one_and_the_last_of_two_counts(tmp_path: Path) -> None:
    found = read(tmp_path, '# first\nA="x\ny"\n\nB=1\nB=2\n').variables
    assert {name: entry.line for name, entry in found.items()} == {"A": 2, "B": 6}


def test_a_value_is_in_no_repr(tmp_path: Path) -> None:
    found = read(tmp_path, "STRIPE_SECRET_KEY=sk_live_" + TAIL)
    assert TAIL not in repr(found)
    assert TAIL not in str(found)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        read_env_file(tmp_path / "no.env")
    with pytest.raises(OSError):
        read_env_file(tmp_path)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        # By the name, so that a value of another kind can be told.
        ("STRIPE_SECRET_KEY=pk_test_" + TAIL, KeyKind.SECRET),
        ("STRIPE_SECRET_KEY=", KeyKind.SECRET),
        ("STRIPE_API_KEY=x", KeyKind.SECRET),
        ("STRIPE_SECRET=x", KeyKind.SECRET),
        ("STRIPE_LIVE_SECRET_KEY_EU=x", KeyKind.SECRET),
        ("stripe_secret_key=x", KeyKind.SECRET),
        ("STRIPE_PUBLISHABLE_KEY=sk_test_" + TAIL, KeyKind.PUBLISHABLE),
        ("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY=x", KeyKind.PUBLISHABLE),
        ("STRIPE_PUBLIC_KEY=x", KeyKind.PUBLISHABLE),
        ("STRIPE_WEBHOOK_SECRET=we_123", KeyKind.WEBHOOK_SECRET),
        ("STRIPE_WEBHOOK_SIGNING_SECRET=x", KeyKind.WEBHOOK_SECRET),
        ("STRIPE_SIGNING_SECRET=x", KeyKind.WEBHOOK_SECRET),
        ("WEBHOOK_SECRET=x", KeyKind.WEBHOOK_SECRET),
        ("WEBHOOK_SECRET_PAYMENTS=x", KeyKind.WEBHOOK_SECRET),
        # By the value's shape where the name does not tell.
        ("STRIPE_KEY=sk_live_" + TAIL, KeyKind.SECRET),
        ("STRIPE_KEY=pk_live_" + TAIL, KeyKind.PUBLISHABLE),
        ("VITE_STRIPE_KEY=pk_test_" + TAIL, KeyKind.PUBLISHABLE),
        ("PAYMENT_KEY=sk_live_" + TAIL, KeyKind.SECRET),
        ("PAYMENT_KEY=rk_live_" + TAIL, KeyKind.SECRET),
        ("STRIPE_RESTRICTED=rk_live_" + TAIL, KeyKind.SECRET),
        ("HOOK=whsec_" + TAIL, KeyKind.WEBHOOK_SECRET),
        # Other things of Stripe's.
        ("STRIPE_APP_SIGNING_SECRET=absec_" + TAIL, None),
        ("STRIPE_ACCOUNT=acct_1Hqmw9EnylLNWUqj", None),
        ("STRIPE_API_VERSION=2026-10-28.endive", None),
        ("STRIPE_WEBHOOK_ENDPOINT=we_1Hqmw9EnylLNWUqj", None),
        ("STRIPE_PRICE_ID=price_1Hqmw", None),
        ("DATABASE_URL=postgres://x", None),
        ("SECRET_KEY=django-insecure", None),
        ("GITHUB_WEBHOOK_TOKEN=x", None),
    ],
)
def test_what_a_variable_is_meant_to_hold(tmp_path: Path, line: str, kind: KeyKind | None) -> None:
    found = read(tmp_path, line)
    (entry,) = found.variables.values()
    kinds = (KeyKind.SECRET, KeyKind.PUBLISHABLE, KeyKind.WEBHOOK_SECRET)
    assert [one for one in kinds if found.meaning(one) == [entry]] == ([kind] if kind else [])


names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
plain = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\r\n'\\", exclude_categories=["Cc"]), max_size=40
)


@given(st.dictionaries(names, plain, max_size=8))
def test_what_is_written_in_single_quotes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("env")
    assert values(folder, "".join(f"export {name}='{value}' # x\n" for name, value in wanted.items())) == wanted


@given(st.text(alphabet="AB=\"'`\\ #\n\rexport\ufeff", max_size=200))
def test_no_content_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    found = read(tmp_path_factory.getbasetemp(), content)
    assert all(1 <= entry.line <= content.count("\n") + content.count("\r") + 1 for entry in found.variables.values())


@pytest.mark.parametrize(
    "content",
    [
        "A='" + "\n" * 900_000,
        "A='\n" * 60_000,
        'A="\\"\n' * 60_000,
        "A=`x\nB='y\nC=\"z\n" * 20_000,
        "A" * 1_000_000,
        " " * 1_000_000,
        "A" + " " * 1_000_000,
        "A=x" + " " * 1_000_000 + "#",
        "A=" + " #" * 400_000,
    ],
    ids=map(str, range(9)),
)
def test_no_file_makes_the_reading_slow(tmp_path: Path, content: str) -> None:
    began = time.process_time()
    read(tmp_path, content)
    assert time.process_time() - began < 1


def test_of_an_endless_file_the_first_mebibyte_is_read(tmp_path: Path) -> None:
    assert values(tmp_path, "A=1\n" + "#" * 1024 * 1024 + "\nB=2\n") == {"A": "1"}
