"""Where a value that was sent turns up afterwards: in the target's log, and in the files that it keeps its data in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.observers.interface import LogLine, LogObserver
from stripe_audit.trials.card_numbers import NumberSent, send_card_number
from stripe_audit.trials.side_doors import proven_payment

__all__ = ["CARD_CVC", "Kept", "send_card_and_look"]

CARD_CVC = "737"
"""The security code that goes with every number that is sent."""
_CVC = re.compile(r"(?:cvc|cvv|csc|security.?code)2?\W{1,6}737\b", re.IGNORECASE)
_LARGEST = 64 * 1024 * 1024
_MOST_FILES = 500
_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What was sent and where it was found: log lines with the number, or with the code alone; names of files.

    ``lines`` and ``files`` are how much was looked at; None where there is nothing to look at.
    """

    sent: NumberSent
    with_number: Sequence[LogLine]
    with_code: Sequence[LogLine]
    in_files: Sequence[str]
    lines: int | None
    files: int | None


async def send_card_and_look(ctx: Context, number: str) -> Kept | None:
    """Send a card's number and code where a sound target refuses them, make a payment, and look for them.

    The payment that is made afterwards tells when the log has been written. None where nothing could be sent.
    """
    log = _log(ctx)
    mark = log.mark() if log else 0
    sent = await send_card_number(ctx, number)
    if sent is None:
        return None
    payment = await proven_payment(ctx)
    lines: list[LogLine] | None = None
    if log:
        await ctx.log_lines(
            mark, lambda line: payment.order in line.text or payment.intent in line.text, within=_WAIT_S
        )
        lines = log.since(mark)
    digits = re.compile("[ -]?".join(number))
    with_number = [line for line in lines or () if digits.search(line.text)]
    with_code = [line for line in lines or () if line not in with_number and _CVC.search(line.text)]
    files = await asyncio.to_thread(lambda: list(_files(ctx.data)))
    in_files = await asyncio.to_thread(lambda: [path.name for path in files if _holds(path, number)])
    return Kept(
        sent, with_number, with_code, in_files, None if lines is None else len(lines), len(files) if files else None
    )


def _log(ctx: Context) -> LogObserver | None:
    try:
        return ctx.logs
    except Skip:
        return None


def _files(places: Sequence[Path]) -> Iterator[Path]:
    """The files in which data lies, a database's journal beside it; logs are looked at elsewhere."""
    found = []
    for place in places:
        found += (
            [path for path in place.rglob("*") if path.suffix != ".log"]
            if place.is_dir()
            else [
                place,
                place.with_name(f"{place.name}-wal"),
            ]
        )
    yield from [path for path in dict.fromkeys(found) if path.is_file() and not path.is_symlink()][:_MOST_FILES]


def _holds(path: Path, number: str) -> bool:
    grouped = re.compile(b"[ -]?".join(digit.encode() for digit in number))
    try:
        with path.open("rb") as file:
            return grouped.search(file.read(_LARGEST)) is not None
    except OSError:
        return False
