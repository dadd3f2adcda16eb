from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.source import is_before_fix, libraries_in

LOCKS = {
    "package-lock.json": ("node", json.dumps({"packages": {"": {}, "node_modules/stripe": {"version": "22.6.1"}}})),
    "old/package-lock.json": ("node", json.dumps({"dependencies": {"stripe": {"version": "8.1.0"}}})),
    "yarn.lock": ("node", '"stripe@^22.0.0", stripe@^22.1.0:\n  version "22.6.1"\n  resolved "x"\n'),
    "berry/yarn.lock": ("node", '"stripe@npm:^22.0.0":\n  version: 22.6.1\n'),
    "pnpm-lock.yaml": ("node", "packages:\n\n  stripe@22.6.1(@types/node@22.0.0):\n    resolution: {}\n"),
    "bun.lock": ("node", '{"packages": {"stripe": ["stripe@22.6.1", "", {}]}}'),
    "Gemfile.lock": ("ruby", "GEM\n  specs:\n    stripe (19.6.1)\n    stripe-extra (1.0)\n"),
    "composer.lock": ("php", json.dumps({"packages": [{"name": "stripe/stripe-php", "version": "v21.3.1"}]})),
    "poetry.lock": ("python", '[[package]]\nname = "stripe"\nversion = "16.1.0"\n'),
    "uv.lock": ("python", '[[package]]\nname = "stripe"\nversion = "16.1.0"\nsource = {}\n'),
    "Pipfile.lock": ("python", json.dumps({"default": {"stripe": {"version": "==16.1.0"}}})),
    "requirements.txt": ("python", "aiohttp\nstripe[async]==16.1.0  # pinned\nstripe-mock==1\n"),
    "go.mod": ("go", "require github.com/stripe/stripe-go/v86 v86.2.0\n"),
    "pom.xml": ("java", "<artifactId>stripe-java</artifactId>\n  <version>34.0.0</version>"),
    "build.gradle": ("java", "implementation 'com.stripe:stripe-java:34.0.0'"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_each_kind_of_lock_file_is_read(tmp_path: Path, name: str) -> None:
    language, text = LOCKS[name]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, "utf-8")
    (found,) = libraries_in(tmp_path, [name, "README.md"])
    assert (found.language, found.path) == (language, name)
    assert found.version in text


def test_what_is_broken_or_gone_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text("{", "utf-8")
    (tmp_path / "composer.lock").write_text("[1]", "utf-8")
    (tmp_path / "Pipfile.lock").write_text('{"default": {"stripe": 3}}', "utf-8")
    assert libraries_in(tmp_path, ["package-lock.json", "composer.lock", "Pipfile.lock", "yarn.lock"]) == []


@pytest.mark.parametrize(
    ("language", "version", "is_old"),
    [
        ("node", "22.6.1", True),
        ("node", "22.6.2", False),
        ("javascript", "17.0.0", True),
        ("node", "23.0.0-beta.1", False),
        ("ruby", "19.6.1", True),
        ("php", "21.3.2", False),
        ("php", "9.9.9", True),
        ("python", "5.0.0", False),  # not known to have had it
        ("go", "1.0.0", False),
        ("node", "unknown", False),
    ],
)
def test_which_versions_took_an_empty_secret(language: str, version: str, is_old: bool) -> None:
    assert is_before_fix(language, version) is is_old
