"""What a control request asks for, read with clear errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Asked", "ControlError"]


class ControlError(Exception):
    """A control request that cannot be done, with the HTTP status that says so."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """``argument`` is the id in the path, if the action has one."""

    argument: str
    query: dict[str, str]
    body: dict[str, Any]

    def integer(self, name: str, default: int) -> int:
        """A whole number in the query."""
        value = self.query.get(name, str(default))
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            raise ControlError(f"{name} must be a whole number")
        return int(value)

    def number(self, name: str, default: float | None = None) -> float:
        """A number in the body."""
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ControlError(f"{name} must be a number")
        return float(value)

    def text(self, name: str) -> str:
        """A string in the body that is not empty."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise ControlError(f"{name} must be a string")
        return value

    def names(self, name: str) -> list[str] | None:
        """A list of strings in the body; None if it is not given."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ControlError(f"{name} must be a list of strings")
        return value

    def count(self, name: str, default: int, most: int = 1000) -> int:
        """A whole number in the body, from 1 to ``most``."""
        value = self.body.get(name, default)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ControlError(f"{name} must be a whole number from 1 to {most}")
        return value
