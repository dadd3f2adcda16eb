"""The one SELECT of an observer: which values it takes, and whether it is one at all.

Values are ``:name``, in every kind of database. Strings, quoted names and comments are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["check_select", "names_in", "with_values"]

_STANDARD = r"'(?:[^']|'')*'"
_ESCAPING = r"'(?:[^'\\]|\\.|'')*'"
_PIECE = r"""
    (?P<comment>{comment} | /\*.*?\*/)
    | {string} | "(?:[^"]|"")*" | `[^`]*` | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | :: | :=
    | (?<![\w:]):(?P<name>[A-Za-z_][A-Za-z0-9_]*)
"""
_PIECES = {
    is_mysql: re.compile(_PIECE.format(comment=comment, string=string), re.VERBOSE | re.DOTALL)
    for is_mysql, comment, string in ((False, r"--[^\n]*", _STANDARD), (True, r"(?:--(?=\s|$)|[#])[^\n]*", _ESCAPING))
}
_READS = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_INTO = re.compile(r"\binto\b", re.IGNORECASE)


def names_in(query: str) -> frozenset[str]:
    """The values that a query takes."""
    return frozenset(match["name"] for match in _PIECES[False].finditer(query) if match["name"])


def with_values(query: str, written: Callable[[str], str], *, is_mysql: bool = False) -> str:
    """The query without comments, and with each value as ``written`` says.

    ``is_mysql``: a backslash escapes in strings, and comments begin with ``#`` too.
    """

    def piece(match: re.Match[str]) -> str:
        return written(match["name"]) if match["name"] else " " if match["comment"] else match[0]

    return _PIECES[is_mysql].sub(piece, query)


def check_select(query: str) -> str:
    """The query, if it can be one that reads. Raises ValueError.

    What it does all the same is kept from writing by the connection; this is for clear words, and for ``INTO``, by
    which a SELECT of MySQL's writes a file.
    """
    begin = _COMMENTS.match(query)
    if not _READS.match(query, begin.end() if begin else 0):
        raise ValueError("must be one SELECT")
    bare = _PIECES[False].sub(" ", query)
    if ";" in bare.rstrip().removesuffix(";"):
        raise ValueError("must be one SELECT, not several statements")
    if _INTO.search(bare):
        raise ValueError("must be one SELECT that only reads; this one has INTO")
    return query
