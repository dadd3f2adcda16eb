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


ODD = {
    "plain.py": KEY.encode(),
    "nothing.py": b"print('hello')",
    "nearly.py": b"sk_test_your_own_key_goes_in_here",
    "marked.txt": b"\xef\xbb\xbf" + KEY.encode(),
    "little-endian-mark.txt": b"\xff\xfe" + KEY.encode(),
    "big-endian-mark.txt": b"\xfe\xff" + KEY.encode(),
    "wide.txt": KEY.encode("utf-16"),
    "latin.txt": b"caf\xe9 " + KEY.encode(),
    "binary.bin": b"\0\1\2" + KEY.encode() + b"\0",
    "far-into-a-binary.bin": b"\0" * 200_000 + KEY.encode(),
    "one-long-line.js": b"x" * 300_000 + KEY.encode() + b"y" * 10,
    "old-line-ends.txt": b"a\r" + KEY.encode() + b"\r",
    "-e.py": KEY.encode(),
    "with space and 'quote'.py": KEY.encode(),
    "of\nlines.py": KEY.encode(),
    ".hidden/file": KEY.encode(),
    ".ignore": b"*",
    ".rgignore": b"*",
    "deep/.gitignore": b"*",
    "deep/in.py": KEY.encode(),
}


@pytest.mark.ripgrep
@pytest.mark.parametrize("is_repository", [False, True], ids=["without git", "with git"])
def test_with_the_real_ripgrep_the_same_is_found_as_without(tmp_path, monkeypatch, is_repository):
    if is_repository:
        write_repository(tmp_path, [("Begin", {"README.md": "a shop"})])
    for path, data in ODD.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / os.fsdecode(b"no-utf-8-\xe9.py")).write_bytes(KEY.encode())
    (tmp_path / ".ripgreprc").write_text("--max-count=0\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(tmp_path / ".ripgreprc"))
    alone = read_tree(tmp_path)
    assert len({found.path for found in alone.found}) > len(ODD) / 2
    asked = []
    ask = tree._candidates
    monkeypatch.setattr(tree, "_candidates", lambda root: asked.append(ask(root)) or asked[-1])
    monkeypatch.setattr(tree, "_WORTH_RG", 1)
    with_it = read_tree(tmp_path)
    assert asked[0] is not None, "ripgrep was not asked, or failed"
    assert "nothing.py" not in asked[0]
    assert (with_it.found, with_it.files, with_it.cut) == (alone.found, alone.files, alone.cut)


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
