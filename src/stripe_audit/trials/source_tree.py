"""Reading the target's source tree and history once for a check, away from its loop, and naming places in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.models import SourceLocation
from stripe_audit.source.allowed import AllowedSecret, allowance
from stripe_audit.source.secrets import Secret

__all__ = ["exception_for", "place_below", "read_source"]

T = TypeVar("T")


async def read_source(ctx: Context, read: Callable[[Path], T]) -> T:
    """What a function reads from the source tree. Raises Skip where none is declared, Inconclusive for no folder."""
    root = ctx.project.root
    if root is None:
        raise Skip("no source tree is declared", setting="target.root")
    if not root.is_dir():
        raise Inconclusive(f"{root.name} is no folder", supply="target.root")
    return await asyncio.to_thread(read, root)


def place_below(ctx: Context, path: str, line: int = 0) -> SourceLocation:
    """A place in the source tree, relative to the project's folder where it lies below it."""
    place = (ctx.project.root or ctx.project.folder) / path
    is_below = place.is_relative_to(ctx.project.folder)
    return SourceLocation(str(place.relative_to(ctx.project.folder)) if is_below else path, line)


def exception_for(ctx: Context, path: str, secret: Secret) -> tuple[AllowedSecret | None, bool]:
    """What the settings say of a value in a file, and whether that still holds today (UTC)."""
    today = datetime.now(UTC).date()
    allowed = allowance(ctx.project.secrets_allowed, path, secret.masked, today)
    return allowed, allowed is not None and not allowed.is_over(today)
