"""Env files: what each line sets, and which of it concerns Stripe. Values are kept out of every ``repr``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stripe_audit.errors import Inconclusive
from stripe_audit.keys import KeyKind, parse_key
from stripe_audit.models import SourceLocation

__all__ = ["EnvFile", "EnvValue", "read_env_file", "read_env_files"]

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s?(.*)$")
_SIZE_CAP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EnvValue:
    """A value as the app gets it, and the line it stands on (from 1)."""

    name: str
    value: str = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file; of a name that is set twice the last one counts, as dotenv does."""

    path: Path
    variables: dict[str, EnvValue]

    def location(self, folder: Path, line: int = 0) -> SourceLocation:
        """A line of it, for a finding; the file relative to the project's folder where it lies below it."""
        is_below = self.path.is_relative_to(folder)
        return SourceLocation(str(self.path.relative_to(folder)) if is_below else self.path.name, line)

    def meaning(self, kind: KeyKind) -> list[EnvValue]:
        """The variables that are meant to hold a kind of key: by the value's shape, else by the name."""
        return [entry for entry in self.variables.values() if _meant(entry) is kind]


def _meant(entry: EnvValue) -> KeyKind | None:
    name = entry.name.upper()
    if "STRIPE" not in name and not name.startswith("WEBHOOK_SECRET"):
        shape = parse_key(entry.value).kind
        return shape if shape in (KeyKind.SECRET, KeyKind.PUBLISHABLE, KeyKind.WEBHOOK_SECRET) else None
    if "WEBHOOK" in name and ("SECRET" in name or "SIGN" in name):
        return KeyKind.WEBHOOK_SECRET
    if "PUBLISHABLE" in name or "PUBLIC_KEY" in name:
        return KeyKind.PUBLISHABLE
    if name.endswith(("SECRET_KEY", "API_KEY", "SECRET")) or "SECRET_KEY" in name:
        return KeyKind.SECRET
    return None


def read_env_file(path: Path) -> EnvFile:
    """Parse an env file. Raises OSError; bytes that are not UTF-8 are replaced."""
    with path.open("rb") as file:
        lines = file.read(_SIZE_CAP).decode("utf-8", "replace").splitlines()
    variables: dict[str, EnvValue] = {}
    number = 0
    while number < len(lines):
        start, match = number, _LINE.match(lines[number])
        number += 1
        if not match:
            continue
        value = match[2]
        quote = value[:1] if value[:1] in ("'", '"', "`") else ""
        while quote and not _is_closed(value, quote) and number < len(lines):
            value += "\n" + lines[number]
            number += 1
        variables[match[1]] = EnvValue(match[1], _unquoted(value, quote), start + 1)
    return EnvFile(path, variables)


def read_env_files(paths: Iterable[Path]) -> list[EnvFile]:
    """Those of the files that are there; a project need not have each of them. Raises Inconclusive for none."""
    wanted = list(paths)
    files, why = [], "not found"
    for path in wanted:
        try:
            files.append(read_env_file(path))
        except OSError as error:
            why = error.strerror or why
    if not files:
        names = ", ".join(path.name for path in wanted)
        raise Inconclusive(f"{names} cannot be read ({why})", supply="target.env_files")
    return files


def _is_closed(value: str, quote: str) -> bool:
    return re.search(rf"(?<!\\){re.escape(quote)}", value[1:]) is not None


def _unquoted(value: str, quote: str) -> str:
    if not quote:
        return re.split(r"\s+#", value, maxsplit=1)[0].rstrip()
    inner = value[1:]
    end = re.search(rf"(?<!\\){re.escape(quote)}", inner)
    inner = inner[: end.start()] if end else inner
    return inner.replace("\\n", "\n").replace(f"\\{quote}", quote) if quote == '"' else inner
