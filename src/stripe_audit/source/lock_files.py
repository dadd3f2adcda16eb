"""The version of Stripe's library that a project's lock files name. Pure but for reading them.

``FIXED`` is the first release of each library that refuses an empty webhook secret; before, a signature made with the
empty key verified. Sources: the release notes of 2026-09-09 (stripe/stripe-node#2841, stripe-ruby#1960,
stripe-php#2142). stripe-python refuses it in 16.1.0; for Go, Java and .NET the release is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FIXED", "Library", "is_before_fix", "libraries_in"]

FIXED: dict[str, tuple[int, ...]] = {"node": (22, 6, 2), "ruby": (19, 6, 2), "php": (21, 3, 2)}
_LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Library:
    """Stripe's library in a language, and the file that names its version."""

    language: str
    version: str
    path: str


def is_before_fix(language: str, version: str) -> bool:
    """Whether a library verified signatures made with the empty key, as far as is known."""
    fixed = FIXED.get({"javascript": "node"}.get(language, language))
    numbers = tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])
    return fixed is not None and bool(numbers) and numbers < fixed


def _pattern(expression: str) -> Callable[[str], Iterator[str]]:
    compiled = re.compile(expression, re.MULTILINE)
    return lambda text: (match[1] for match in compiled.finditer(text))


def _package_lock(text: str) -> Iterator[str]:
    found = json.loads(text)
    for name, entry in {**found.get("dependencies", {}), **found.get("packages", {})}.items():
        if name == "stripe" or name.endswith("node_modules/stripe"):
            yield str(entry["version"])


def _composer_lock(text: str) -> Iterator[str]:
    for entry in json.loads(text).get("packages", []):
        if entry.get("name") == "stripe/stripe-php":
            yield str(entry["version"]).removeprefix("v")


def _pipfile_lock(text: str) -> Iterator[str]:
    entry: Any = json.loads(text).get("default", {}).get("stripe")
    if entry:
        yield str(entry["version"]).removeprefix("==")


_TOML = _pattern(r'^name = "stripe"\r?\nversion = "([^"]+)"')
_READERS: dict[str, tuple[str, Callable[[str], Iterator[str]]]] = {
    "package-lock.json": ("node", _package_lock),
    "yarn.lock": ("node", _pattern(r'^"?stripe@[^\n]*:\r?\n\s+version:? "?([\d.]+)')),
    "pnpm-lock.yaml": ("node", _pattern(r"^  '?/?stripe[@/]([\d.]+)[^\n:]*:")),
    "bun.lock": ("node", _pattern(r'"stripe": \["stripe@([\d.]+)"')),
    "Gemfile.lock": ("ruby", _pattern(r"^    stripe \(([\d.]+)\)")),
    "composer.lock": ("php", _composer_lock),
    "poetry.lock": ("python", _TOML),
    "uv.lock": ("python", _TOML),
    "Pipfile.lock": ("python", _pipfile_lock),
    "requirements.txt": ("python", _pattern(r"^stripe(?:\[\w+\])?==([\d.]+)")),
    "go.mod": ("go", _pattern(r"github\.com/stripe/stripe-go/v\d+ v([\d.]+)")),
    "pom.xml": ("java", _pattern(r"<artifactId>stripe-java</artifactId>\s*<version>([\d.]+)")),
    "build.gradle": ("java", _pattern(r"com\.stripe:stripe-java:([\d.]+)")),
}


def libraries_in(root: Path, names: list[str]) -> list[Library]:
    """What the lock files among these paths (relative to the root) name. A file that cannot be read names nothing."""
    found = []
    for name in sorted(names):
        reader = _READERS.get(name.rpartition("/")[2])
        if reader is None:
            continue
        language, read = reader
        try:
            if (root / name).stat().st_size <= _LARGEST:
                text = (root / name).read_text("utf-8", "replace")
                found += [Library(language, version, name) for version in dict.fromkeys(read(text))]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no lock file, whatever its name
            continue
    return found
