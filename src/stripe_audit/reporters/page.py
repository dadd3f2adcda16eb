"""A page of text for a terminal: lines with a mark and a hanging indent, wrapped at whatever width it is shown.

Data are put into rich's ``Text``, never read as markup. What the stream cannot carry is replaced before it is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stripe_audit.reporters.quoting import fit, quoted

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.segment import Segment

__all__ = ["Page", "page_text"]

_Piece = tuple[str, str]
_LEAST_WIDTH = 16
"""Columns that are left for text, however deep it is indented."""


class Page:
    """Collects lines. A renderable of rich's."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._lines: list[tuple[list[_Piece], list[_Piece]]] = []

    def add(self, indent: int, mark: str, *pieces: str | _Piece, style: str = "", limit: int = 400) -> None:
        """A line: ``indent`` columns, a mark in ``style`` with a space after it (or no mark), then the pieces.

        A piece is a text, or a text with its style; of each at most ``limit`` characters are shown, on one line.
        """
        prefix = [(" " * indent, "")]
        if mark:
            prefix += [(fit(mark, self._encoding), style), (" ", "")]
        self._lines.append((prefix, [self._piece(piece, limit) for piece in pieces]))

    def gap(self) -> None:
        """An empty line."""
        self._lines.append(([], []))

    def _piece(self, piece: str | _Piece, limit: int) -> _Piece:
        text, style = (piece, "") if isinstance(piece, str) else piece
        before = " " if text.startswith(" ") else ""
        after = " " if len(text) > 1 and text.endswith(" ") else ""
        return fit(f"{before}{quoted(text, limit)}{after}", self._encoding), style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.cells import cell_len
        from rich.segment import Segment

        for prefix, body in self._lines:
            hang = sum(cell_len(text) for text, _ in prefix)
            if hang + sum(cell_len(text) for text, _ in body) <= options.max_width:
                for text, style in (*prefix, *body):
                    yield Segment(text, console.get_style(style) if style else None)
                yield Segment.line()
            else:
                yield from self._wrapped(prefix, body, hang, console, max(_LEAST_WIDTH, options.max_width - hang))

    def _wrapped(
        self, prefix: list[_Piece], body: list[_Piece], hang: int, console: Console, width: int
    ) -> Iterator[Segment]:
        from rich.segment import Segment
        from rich.text import Text

        lead = Text.assemble(*prefix, end="")
        for line in Text.assemble(*body, end="").wrap(console, width, overflow="fold"):
            line.rstrip()
            yield from (lead + line).render(console)
            yield Segment.line()
            lead = Text(" " * hang, end="")


def page_text(page: Page, width: int, color: bool = False) -> str:
    """The page as text for a fixed width; with colours only where they are wanted and NO_COLOR is not set."""
    from io import StringIO

    from rich.console import Console

    file = StringIO()
    console = Console(
        file=file,
        width=max(width, 1),
        height=100,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
    console.print(page, crop=False)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
