"""The code of a source tree as text, and what starts it: which files there are, what is comment. Read only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stripe_audit.source.git import files_of

__all__ = ["CodeFile", "code_file", "files_on_disk", "read_code"]

_CODE = frozenset(
    (
        *(".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".vue", ".svelte"),
        *(".py", ".rb", ".php", ".go", ".java", ".kt", ".cs", ".ex", ".exs"),
        *(".yaml", ".yml", ".toml", ".tf"),
    )
)
_CODE_BY_NAME = frozenset(("package.json", "Procfile", "Dockerfile"))
_NOT_OURS = frozenset(
    (".git", "node_modules", "vendor", ".venv", "venv", "site-packages", "dist", "build", "out", ".next", ".nuxt")
)
_FOR_TESTS = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|__mocks__|e2e)/|[._-](?:test|spec)s?\.|(?:^|/)test_", re.IGNORECASE
)
_LARGEST = 1024 * 1024
_MOST_FILES = 20_000
_LINE_COMMENT = re.compile(r"^\s*(?://|#(?!\[|!)|\*|/\*|--\s)")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of code: its path relative to the root with slashes, and its lines.

    Lines that are comments as a whole are empty in ``code`` and kept in ``comments``, by their numbers from 1.
    """

    path: str
    code: tuple[str, ...]
    comments: dict[int, str]

    @property
    def stem(self) -> str:
        """The name without its last ending."""
        return PurePosixPath(self.path).stem

    @property
    def is_for_tests(self) -> bool:
        """Whether it tests other code."""
        return bool(_FOR_TESTS.search(self.path))

    @property
    def text(self) -> str:
        """The code without comments; its lines keep their numbers."""
        return "\n".join(self.code)


def read_code(root: Path) -> list[CodeFile]:
    """Every file of code below a root that belongs to the project: what git does not ignore, or all but what is built.

    Raises Skip where git cannot be asked.
    """
    names = files_of(root)
    if names is None:
        names = list(_walked(root))
    wanted = [name for name in sorted(names) if {PurePosixPath(name).suffix} & _CODE or _is_named(name)]
    return [file for name in wanted[:_MOST_FILES] if not _is_built(name) and (file := _read(root, name))]


def _is_named(name: str) -> bool:
    return PurePosixPath(name).name in _CODE_BY_NAME


def files_on_disk(root: Path) -> frozenset[str]:
    """Every file below a root, whether git knows it or not, but for those of other people's code."""
    return frozenset(_walked(root))


def _is_built(name: str) -> bool:
    return bool(_NOT_OURS & set(name.split("/")[:-1])) or ".min." in name


def _walked(root: Path) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(set(below) - _NOT_OURS)
        yield from ((Path(folder) / name).relative_to(root).as_posix() for name in names)


def _read(root: Path, name: str) -> CodeFile | None:
    path = root / name
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return code_file(name, path.read_text("utf-8", "replace"))
    except OSError:
        return None


def code_file(name: str, text: str) -> CodeFile:
    """A file from its text. A block comment is known by its lines: from one that begins it to one that ends it."""
    code: list[str] = []
    comments: dict[int, str] = {}
    is_inside = False
    for number, line in enumerate(text.splitlines(), 1):
        begins = line.lstrip().startswith("/*")
        if is_inside or begins or _LINE_COMMENT.match(line):
            comments[number] = line
            code.append("")
            is_inside = (is_inside or begins) and "*/" not in line
        else:
            code.append(line)
    return CodeFile(name, tuple(code), comments)
