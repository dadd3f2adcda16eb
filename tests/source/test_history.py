"""What a repository once held, with commit and path; and that reading it runs nothing of the repository's own."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest

from stripe_audit.demo.repository import write_repository
from stripe_audit.errors import Skip
from stripe_audit.keys import make_test_keys
from stripe_audit.source import git
from stripe_audit.source.allowed import AllowedSecret, allowance
from stripe_audit.source.history import read_history

KEYS = make_test_keys(seed=7)
LIVE = KEYS.secret.replace("_test_", "_live_")


def found(folder) -> set[tuple[str, str, str]]:
    history = read_history(folder)
    assert history is not None
    return {(past.path, past.commit, past.secret.name) for past in history.found}


def test_a_secret_is_told_with_the_commit_that_brought_it_in(tmp_path):
    now = {"a.txt": "nothing\n"}
    _, second, *_ = write_repository(
        tmp_path,
        [
            ("Begin", now),
            ("Configure", {**now, "config/a b.json": f"\n{LIVE}\n"}),
            ("Go on", {**now, "config/a b.json": f"\n{LIVE}\n", "x": "y"}),
            ("Take it out", now),
        ],
    )
    assert found(tmp_path) == {("config/a b.json", second, "live secret key")}


def test_what_a_tracked_file_still_holds_is_no_matter_of_the_past(tmp_path):
    write_repository(tmp_path, [("Begin", {"old.txt": KEYS.secret}), ("Move it", {"new.txt": KEYS.secret})])
    (tmp_path / "new.txt").write_text(KEYS.secret)
    assert found(tmp_path) == set()


def test_an_env_file_that_is_not_tracked_any_more_still_holds_the_key_that_was_committed(tmp_path):
    first, _ = write_repository(tmp_path, [("Begin", {".env": f"KEY={LIVE}"}), ("Untrack", {".gitignore": ".env"})])
    (tmp_path / ".env").write_text(f"KEY={LIVE}")
    assert found(tmp_path) == {(".env", first, "live secret key")}


def test_a_commits_message_is_read_too(tmp_path):
    first, _ = write_repository(tmp_path, [(f"Use {KEYS.webhook_secret}", {}), ("Go on", {"a": "b"})])
    assert found(tmp_path) == {("", first, "webhook signing secret")}


def test_of_a_larger_repository_only_what_lies_below_the_source_tree_is_read(tmp_path):
    own, other = {"shop/a.txt": KEYS.webhook_secret}, {"elsewhere/b.txt": LIVE}
    _, second, _ = write_repository(tmp_path, [("Begin", other), ("Add", {**own, **other}), ("Empty", {"shop/c": "d"})])
    (tmp_path / "shop").mkdir(exist_ok=True)
    assert found(tmp_path / "shop") == {("shop/a.txt", second, "webhook signing secret")}


def test_other_branches_are_read(tmp_path):
    first, second = write_repository(tmp_path, [("Begin", {"a": "b"}), ("Add", {"a": "b", "c": LIVE})])
    (tmp_path / ".git/refs/heads/main").write_text(f"{first}\n")
    assert found(tmp_path) == set()
    (tmp_path / ".git/refs/heads/feature").write_text(f"{second}\n")
    assert found(tmp_path) == {("c", second, "live secret key")}


def test_no_repository_is_none_and_an_empty_one_has_no_contents(tmp_path):
    assert read_history(tmp_path) is None
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    history = read_history(tmp_path)
    assert history is not None
    assert (history.contents, history.found) == (0, ())


def test_nothing_that_the_repository_names_is_run(tmp_path):
    write_repository(tmp_path, [("Begin", {"a": LIVE}), ("Go on", {"b": "c"})])
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    with (tmp_path / ".git/config").open("a") as config:
        config.write(
            f"\tfsmonitor = {trap}\n\tpager = {trap}\n\thooksPath = {tmp_path}\n\tsshCommand = {trap}\n"
            f'[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[alias]\n\trev-list = !{trap}\n'
            f'[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {trap}\n[remote "origin"]\n\turl = ext::{trap}\n'
            "\tpromisor = true\n"
        )
    (tmp_path / ".git/info").mkdir()
    (tmp_path / ".git/info/attributes").write_text("* diff=x\n")
    assert len(found(tmp_path)) == 1
    assert git.files_of(tmp_path) is not None
    assert not (tmp_path / "sprung").exists()


def test_without_git_nothing_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Skip):
        read_history(tmp_path)


ALLOWED = [
    AllowedSecret("tests/*", None, "made up", date(2027, 1, 31)),
    AllowedSecret("tests/*", "sk_test_…4f2a", "an old one", date(2026, 1, 31)),
    AllowedSecret("docs/a.md", "sk_test_…4f2a", "shown in the manual", date(2026, 12, 1)),
]


@pytest.mark.parametrize(
    ("path", "masked", "today", "reason", "is_over"),
    [
        ("tests/deep/a.py", "whsec_…abcd", date(2027, 1, 31), "made up", False),
        ("tests/deep/a.py", "whsec_…abcd", date(2027, 2, 1), "made up", True),
        ("docs/a.md", "sk_test_…4f2a", date(2026, 12, 1), "shown in the manual", False),
        ("docs/a.md", "sk_test_…0000", date(2026, 12, 1), None, None),
        ("docs/a.md", "sk_test_…4f2a", date(2026, 12, 2), "shown in the manual", True),
        ("src/a.py", "sk_test_…4f2a", date(2026, 1, 1), None, None),
    ],
)
def test_an_exception_holds_for_its_path_value_and_time(path, masked, today, reason, is_over):
    one = allowance(ALLOWED, path, masked, today)
    assert (one and one.reason, one and one.is_over(today)) == (reason, is_over)
