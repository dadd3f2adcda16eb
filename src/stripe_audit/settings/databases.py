"""How the target's database can be taken away for a moment, so that failures of it can be tried."""

from __future__ import annotations

import shlex
from typing import Literal

from pydantic import Field, model_validator

from stripe_audit.settings.launching import LaunchSettings
from stripe_audit.settings.strict import Strict
from stripe_audit.settings.texts import check_placeholders

__all__ = ["DatabaseSettings", "check_database"]


class DatabaseSettings(Strict):
    """The target's database, and a way to make it fail and to mend it."""

    kind: Literal["sqlite", "proxy", "commands"] = Field(
        description="sqlite: a lock on its file; proxy: the app connects to {database_host}:{database_port}, which "
        "leads to upstream and can hang up; commands: down and up",
    )
    path: str | None = Field(None, description="sqlite: the database file; may hold {scratch}")
    upstream: str | None = Field(
        None, pattern=r"^[^\s:/@\[\]]+:\d{1,5}$", description="proxy: host:port of the database itself"
    )
    port: int = Field(0, ge=0, le=65535, description="proxy: a fixed port, for an app that is started by hand")
    down: str | list[str] | None = Field(None, description="commands: stops the database")
    up: str | list[str] | None = Field(None, description="commands: starts it, and returns once it answers")
    within: float = Field(30.0, gt=0, le=600, description="commands: seconds that each may take")

    @model_validator(mode="after")
    def _complete(self) -> DatabaseSettings:
        needed = {"sqlite": ("path",), "proxy": ("upstream",), "commands": ("down", "up")}[self.kind]
        if missing := [name for name in needed if not getattr(self, name)]:
            raise ValueError(f"kind {self.kind} needs {' and '.join(missing)}")
        check_placeholders(self.path, ("scratch", "folder"))
        for command in (self.down, self.up):
            _words(command)
        if self.upstream and not 0 < int(self.upstream.rpartition(":")[2]) <= 65535:
            raise ValueError("the port of upstream cannot be used")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the database behind a proxy."""
        host, _, port = (self.upstream or "").rpartition(":")
        return host, int(port)

    def command(self, name: Literal["down", "up"]) -> list[str]:
        """The words of a command."""
        return _words(self.down if name == "down" else self.up)

    def is_within_reach(self, *, is_launching: bool) -> bool:
        """Whether it can be taken away from a target that this run launches, or does not.

        Commands are the project's own code, like the command of the launch.
        """
        if is_launching:
            return True
        if self.kind == "sqlite":
            return "{scratch}" not in (self.path or "")
        return self.kind == "proxy" and self.port != 0


def _words(command: str | list[str] | None) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command or [])
    except ValueError:
        raise ValueError("a quote in a command is not closed") from None
    if "\0" in "".join(words) or (words and not words[0]):
        raise ValueError("a command is empty or holds a NUL")
    return words


def check_database(database: DatabaseSettings | None, launch: LaunchSettings | None) -> None:
    """Raise ValueError where the app is not told of the proxy, or is told of one that is not declared."""
    is_proxied = database is not None and database.kind == "proxy"
    is_told = launch is not None and launch.says("database_port")
    if is_told and not is_proxied:
        raise ValueError("{database_port} in launch is the port of database: {kind: proxy, upstream: host:port}")
    if is_proxied and database is not None and not is_told and not database.port:
        raise ValueError("the app is not told of the proxy: write {database_port} in launch.env, or give a port")
