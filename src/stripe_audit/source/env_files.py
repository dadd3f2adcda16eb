"""Env files: what each line sets, and which of it concerns Stripe. Values are kept out of every ``repr``."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stripe_audit.errors import Inconclusive
from stripe_audit.keys import KeyKind, parse_key
from stripe_audit.models import SourceLocation

__all__ = ["EnvFile", "EnvValue", "read_env_file", "read_env_files"]

_ASSIGNMENT = re.compile(r"^[^\S\n]*+(?:export[^\S\n]++)?([A-Za-z_][A-Za-z0-9_.-]*+)[^\S\n]*+=", re.MULTILINE)
_CLOSING = {quote: re.compile(rf"(?<!\\){quote}") for quote in ("'", '"', "`")}
_SIZE_CAP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EnvValue:
    """A value as the app gets it, and the line it stands on (from 1)."""

    name: str
    value: str = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file; of a name that is set twice the last one counts, as dotenv does.

    ``is_utf_16`` says that it begins as PowerShell's ``>`` has it: nobody's dotenv finds a variable in that.
    """

    path: Path
    variables: dict[str, EnvValue]
    is_utf_16: bool = False

    def location(self, folder: Path, line: int = 0) -> SourceLocation:
        """A line of it, for a finding; the file relative to the project's folder where it lies below it."""
        is_below = self.path.is_relative_to(folder)
        return SourceLocation(str(self.path.relative_to(folder)) if is_below else self.path.name, line)

    def meaning(self, kind: KeyKind) -> list[EnvValue]:
        """The variables that are meant to hold a kind of key: by the name where it tells, else by the shape."""
        return [entry for entry in self.variables.values() if _meant(entry) is kind]


def _meant(entry: EnvValue) -> KeyKind | None:
    """By the name where it tells, so that a value of another kind can be told; else by the value's shape."""
    name, shape = entry.name.upper(), parse_key(entry.value).kind
    if "STRIPE" in name or name.startswith("WEBHOOK_SECRET"):
        if shape is KeyKind.APP_SIGNING_SECRET:
            return None
        if ("SECRET" in name and ("WEBHOOK" in name or "SIGN" in name)) or "WEBHOOK_SIGN" in name:
            return KeyKind.WEBHOOK_SECRET
        if "PUBLISHABLE" in name or "PUBLIC_KEY" in name:
            return KeyKind.PUBLISHABLE
        if name.endswith(("API_KEY", "SECRET")) or "SECRET_KEY" in name:
            return KeyKind.SECRET
    if shape is KeyKind.RESTRICTED:
        return KeyKind.SECRET
    return shape if shape in (KeyKind.SECRET, KeyKind.PUBLISHABLE, KeyKind.WEBHOOK_SECRET) else None


def read_env_file(path: Path) -> EnvFile:
    """Parse an env file as dotenv does. Raises OSError; bytes that are not UTF-8 are replaced."""
    with path.open("rb") as file:
        content = file.read(_SIZE_CAP)
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    variables: dict[str, EnvValue] = {}
    at, counted, line = 0, 0, 1
    while match := _ASSIGNMENT.search(text, at):
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        value, at = _value(text, match.end())
        variables[match[1]] = EnvValue(match[1], value, line)
    return EnvFile(path, variables, content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins after ``=``, and the end of its line.

    A quoted value ends at the next such quote, on whatever line; one that is never closed is a word like any other.
    """
    end = _line_end(text, at)
    begin = end - len(text[at:end].lstrip())
    quote = text[begin : begin + 1]
    if quote in _CLOSING and (closing := _CLOSING[quote].search(text, begin + 1)):
        return _unescaped(text[begin + 1 : closing.start()], quote), _line_end(text, closing.end())
    last = text.rfind(quote, begin + 1, end) if quote in _CLOSING else -1
    if last > 0:  # the closing quote follows a backslash that does not escape it
        return _unescaped(text[begin + 1 : last], ""), end
    return re.split(r"\s#", text[at:end], maxsplit=1)[0].strip(), end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _unescaped(text: str, quote: str) -> str:
    return text.replace("\\n", "\n").replace(f"\\{quote}", quote) if quote == '"' else text


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
