"""Which files belong to a source tree, with git and without, and the secrets in them."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from stripe_audit.demo.repository import write_repository
from stripe_audit.keys import make_test_keys
from stripe_audit.source import tree
from stripe_audit.source.env_protection import exposures
from stripe_audit.source.tree import Place, folders_below, is_env_file, place_of, read_tree

KEY = make_test_keys(seed=6).secret
LIVE = KEY.replace("_test_", "_live_")


def write(folder, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def places(folder) -> set[str]:
    return {found.path for found in read_tree(folder).found}


def test_without_git_every_file_counts_but_other_peoples_and_env_files(tmp_path):
    write(
        tmp_path,
        dict.fromkeys(
            (
                "a.py",
                "b/c.json",
                ".hidden/d",
                "node_modules/e.js",
                "b/node_modules/f.js",
                ".env",
                ".env.local",
                "vendor/g",
            ),
            KEY,
        )
        | {".env.example": LIVE},
    )
    assert places(tmp_path) == {"a.py", "b/c.json", ".hidden/d", ".env.example"}


def test_in_a_repository_what_git_ignores_is_left_out_but_build_output_is_read(tmp_path):
    write_repository(tmp_path, [("Begin", {"a.py": KEY})])
    write(
        tmp_path,
        {
            "a.py": KEY,
            "new.py": KEY,
            "notes.txt": KEY,
            "apps/web/dist/x.js": KEY,
            "dist/y.js": KEY,
            ".gitignore": "notes.txt\ndist/\n",
        },
    )
    assert places(tmp_path) == {"a.py", "new.py", "apps/web/dist/x.js", "dist/y.js"}


def test_a_root_that_is_ignored_as_a_whole_is_read_all_the_same(tmp_path):
    write_repository(tmp_path, [("Begin", {".gitignore": "app/\n"})])
    write(tmp_path, {".gitignore": "app/\n", "app/a.py": KEY})
    assert places(tmp_path / "app") == {"a.py"}


def test_links_pipes_and_unreadable_files_are_passed_over(tmp_path):
    write(tmp_path, {"real.py": KEY})
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    assert places(tmp_path) == {"real.py"}


def test_of_a_large_file_the_beginning_is_read_and_that_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_LARGEST", 1000)
    write(tmp_path, {"early.txt": KEY + " " * 2000, "late.txt": " " * 2000 + KEY})
    read = read_tree(tmp_path)
    assert [found.path for found in read.found] == ["early.txt"]
    assert read.cut == ("early.txt", "late.txt")


def test_ripgrep_narrows_the_files_down_where_it_is_there(tmp_path, monkeypatch):
    """A stand-in that answers as rg -l -0 does; what it leaves out is not read, what it names is judged by us."""
    write(tmp_path, {"a.py": KEY, "b.py": KEY, "c.py": "whsec_"})
    program = tmp_path / "bin" / "rg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf './a.py\\0./c.py\\0'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert places(tmp_path) == {"a.py", "b.py"}, "for few files nobody else is asked"
    monkeypatch.setattr(tree, "_WORTH_RG", 1)
    assert places(tmp_path) == {"a.py"}
    program.write_text("#!/bin/sh\nexit 2\n")
    assert places(tmp_path) == {"a.py", "b.py"}, "rg that fails is not believed"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("src/app.py", Place.SOURCE),
        ("dist/app.js", Place.BUILD),
        ("apps/web/.next/static/x.js", Place.BUILD),
        ("tests/test_app.py", Place.EXAMPLE),
        ("src/app.test.ts", Place.EXAMPLE),
        ("src/latest/contest.py", Place.SOURCE),
        ("docs/start.md", Place.EXAMPLE),
    ],
)
def test_what_a_file_is_for(path, place):
    assert place_of(path) is place


@pytest.mark.parametrize("path", [".env", "a/.env", ".env.local", ".env.production", "prod.env", ".envrc"])
def test_env_files(path):
    assert is_env_file(path)


@pytest.mark.parametrize("path", [".env.example", ".env.sample", "env.py", ".environment", ".env.d/x", ".env.dist"])
def test_no_env_files(path):
    assert not is_env_file(path)


def test_folders_down_to_a_depth(tmp_path):
    write(tmp_path, {"a/b/c/d/x": "", "node_modules/e/x": "", "dist/x": ""})
    assert [str(folder.relative_to(tmp_path)) for folder in folders_below(tmp_path, 2)] == [".", "a", "a/b"]


@pytest.mark.parametrize(
    ("ignored", "tracked", "mode", "kinds"),
    [
        (".env", False, 0o600, []),
        (".env", False, 0o640, []),
        (".env", False, 0o644, ["readable"]),
        (".env", False, 0o666, ["writable"]),
        ("", False, 0o600, ["unignored"]),
        ("", True, 0o600, ["tracked"]),
        (".env", True, 0o600, ["tracked"]),
    ],
)
def test_who_else_reads_an_env_file(tmp_path, ignored, tracked, mode, kinds):
    files = {".gitignore": ignored, **({".env": KEY} if tracked else {})}
    write_repository(tmp_path, [("Begin", files)])
    write(tmp_path, {".gitignore": ignored, ".env": KEY})
    (tmp_path / ".env").chmod(mode)
    assert [exposure.kind for exposure in exposures(tmp_path / ".env")] == kinds


def test_an_env_file_outside_of_any_repository(tmp_path):
    write(tmp_path, {".env": KEY})
    (tmp_path / ".env").chmod(0o600)
    assert subprocess.run(["git", "-C", str(tmp_path), "rev-parse"], capture_output=True, check=False).returncode
    assert list(exposures(tmp_path / ".env")) == []
