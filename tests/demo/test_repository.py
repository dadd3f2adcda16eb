"""The demo's git repository is one to git, too."""

from __future__ import annotations

import subprocess

from stripe_audit.demo.project import write_project
from stripe_audit.demo.repository import write_repository


def git(folder, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def test_git_finds_nothing_wrong_with_it(tmp_path):
    files = {"a.txt": "one\n", "b/c.txt": "two\n", "b/d/e.txt": "three\n", "b.txt": "four\n"}
    first, second = write_repository(tmp_path, [("Begin", {**files, "gone.txt": "x"}), ("Go on", files)])
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert git(tmp_path, "fsck", "--full", "--strict") == ""
    assert git(tmp_path, "rev-list", "HEAD").split() == [second, first]
    assert git(tmp_path, "ls-files").split() == sorted(files)
    assert git(tmp_path, "status", "--short") == ""
    assert git(tmp_path, "show", f"{first}:gone.txt") == "x"


def test_the_project_tracks_its_source_and_neither_env_file_nor_build_output(tmp_path):
    write_project(tmp_path)
    tracked = git(tmp_path, "ls-files").split()
    assert {".env.example", ".gitignore", "README.md", "static/checkout.js"} <= set(tracked)
    assert not [path for path in tracked if path == ".env" or path.startswith("dist/")]
    assert git(tmp_path, "status", "--short").split("\n")[:2] == ["?? ca.pem", "?? stripe-audit.yaml"]
