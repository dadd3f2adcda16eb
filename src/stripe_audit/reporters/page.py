"""A page of text for a terminal: lines with a mark and a hanging indent, wrapped at whatever width it is shown.

Data are put into rich's ``Text``, never read as markup. What the stream cannot carry is replaced before it is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stripe_audit.reporters.quoting import fit, quoted

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

__all__ = ["Page", "page_text"]

_LEAST_WIDTH = 24
"""Columns that are left for text, however deep it is indented."""


class Page:
    """Collects lines. A renderable of rich's."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._lines: list[tuple[Text, Text]] = []

    def text(self, *pieces: str | tuple[str, str], limit: int = 400) -> Text:
        """Pieces as one line of text, each with its style or none."""
        from rich.text import Text

        line = Text(end="")
        for piece in pieces:
            content, style = (piece, "") if isinstance(piece, str) else piece
            shown = quoted(content, limit)
            lead = " " * (len(content) > 0 and content[0] == " ")
            tail = " " * (len(content) > 1 and content[-1] == " ")
            line.append(fit(f"{lead}{shown}{tail}", self._encoding), style or None)
        return line

    def add(self, indent: int, mark: str, *pieces: str | tuple[str, str], style: str = "", limit: int = 400) -> None:
        """A line: ``indent`` columns, a mark in ``style`` with a space after it (or no mark), then the pieces."""
        from rich.text import Text

        prefix = Text(" " * indent, end="")
        if mark:
            prefix.append(fit(mark, self._encoding), style or None)
            prefix.append(" ")
        self._lines.append((prefix, self.text(*pieces, limit=limit)))

    def gap(self) -> None:
        """An empty line, unless there is one already or nothing above."""
        if self._lines and (self._lines[-1][0] or self._lines[-1][1]):
            self.add(0, "")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        for line in self._wrapped(console, options.max_width):
            yield from line.render(console)
            yield Segment.line()

    def _wrapped(self, console: Console, width: int) -> Iterator[Text]:
        from rich.text import Text

        for prefix, body in self._lines:
            hang = prefix.cell_len
            room = max(_LEAST_WIDTH, width - hang)
            if body.cell_len <= room:
                yield prefix + body
                continue
            for number, line in enumerate(body.wrap(console, room, overflow="fold")):
                line.rstrip()
                yield (prefix if number == 0 else Text(" " * hang, end="")) + line


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
