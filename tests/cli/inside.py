"""What the command line within this process is, and gives (the fixture ``inside``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


Inside = Callable[..., Done]
