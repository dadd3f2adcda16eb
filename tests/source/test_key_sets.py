"""Keys in one env file: of one mode and one account, unless their names keep them apart."""

from __future__ import annotations

import pytest

from stripe_audit.errors import Inconclusive
from stripe_audit.source import keys_in, mismatches, read_env_file, read_env_files

HERE, THERE = "51Here0Here0Here0A" + "x" * 24, "51Away0Away0Away0B" + "y" * 24


def key(kind: str, mode: str = "test", account: str = HERE) -> str:
    return f"{kind}_{mode}_{account}"


def held(folder, **variables: str):
    path = folder / ".env"
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return keys_in(read_env_file(path))


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"STRIPE_SECRET_KEY": key("sk"), "STRIPE_PUBLISHABLE_KEY": key("pk")}, []),
        (
            {"STRIPE_SECRET_KEY": key("sk"), "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": key("pk", account=THERE)},
            ["accounts"],
        ),
        ({"STRIPE_SECRET_KEY": key("rk"), "VITE_STRIPE_KEY": key("pk", account=THERE)}, ["accounts"]),
        ({"STRIPE_SECRET_KEY": key("sk"), "STRIPE_PUBLISHABLE_KEY": key("pk", "live")}, ["modes"]),
        ({"STRIPE_SECRET_KEY": key("sk", "live"), "STRIPE_PUBLISHABLE_KEY": key("pk", "test", THERE)}, ["modes"]),
        (
            {
                "STRIPE_TEST_SECRET_KEY": key("sk"),
                "STRIPE_TEST_PUBLISHABLE_KEY": key("pk"),
                "STRIPE_LIVE_SECRET_KEY": key("sk", "live"),
                "STRIPE_LIVE_PUBLISHABLE_KEY": key("pk", "live"),
            },
            [],
        ),
        ({"STRIPE_TEST_SECRET_KEY": key("sk", "live")}, ["name"]),
        ({"STRIPE_SECRET_KEY_PRODUCTION": key("sk", "test")}, ["name"]),
        (
            {
                "STRIPE_EU_SECRET_KEY": key("sk"),
                "STRIPE_EU_PUBLISHABLE_KEY": key("pk"),
                "STRIPE_US_SECRET_KEY": key("sk", account=THERE),
                "STRIPE_US_PUBLISHABLE_KEY": key("pk", account=THERE),
            },
            [],
        ),
        ({"STRIPE_SECRET_KEY": "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "STRIPE_PUBLISHABLE_KEY": key("pk")}, []),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_" + "a" * 32, "OTHER": "sk_but_not_a_key"}, []),
        ({}, []),
    ],
)
def test_what_does_not_belong_together(tmp_path, variables, found):
    assert [mismatch.kind for mismatch in mismatches(held(tmp_path, **variables))] == found


def test_a_key_is_known_by_its_value_whatever_its_name(tmp_path):
    (one,) = held(tmp_path, PORT="3001", SOME_TOKEN=key("sk", "live"))
    assert (one.name, one.line, one.key.mode.value) == ("SOME_TOKEN", 2, "live")
    assert HERE not in repr(one)


def test_env_files_that_are_not_there_are_left_out_and_none_at_all_is_told(tmp_path):
    there, missing = tmp_path / ".env", tmp_path / ".env.local"
    there.write_text("A=1\n")
    assert [file.path for file in read_env_files([missing, there])] == [there]
    with pytest.raises(Inconclusive, match=r"\.env\.local cannot be read"):
        read_env_files([missing])
    (file,) = read_env_files([there])
    assert str(file.location(tmp_path, 1)) == ".env:1"
    assert str(file.location(tmp_path / "elsewhere", 1)) == ".env:1"
