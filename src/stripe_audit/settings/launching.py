"""How the audit starts the target, and how the target's calls get to the audit's Stripe."""

from __future__ import annotations

import shlex
from typing import Any, Literal

from pydantic import Field, field_validator

from stripe_audit.settings.strict import Strict
from stripe_audit.settings.texts import LAUNCH_PLACEHOLDERS, check_placeholders

__all__ = ["LaunchSettings", "Way", "check_frontend", "check_way", "way_without_launch", "with_launch_defaults"]

Way = Literal["inject", "proxy", "env", "none"]
"""``inject``: by what its interpreter runs first; ``proxy``: by HTTPS_PROXY and a certificate of this run; ``env``: it
has a setting for the address; ``none``: not at all."""

_NEEDS_LAUNCH = ("inject", "proxy")


class LaunchSettings(Strict):
    """How the audit starts the target itself, as a separate process that it also stops."""

    command: str | list[str]
    cwd: str = "."
    env: dict[str, str] = Field(default_factory=dict)
    ready_within: float = Field(20.0, gt=0, le=600, description="seconds")
    stop_within: float = Field(5.0, ge=0, le=60, description="seconds from SIGTERM to SIGKILL")

    @field_validator("env", "command")
    @classmethod
    def _known_placeholders(cls, value: Any) -> Any:
        return check_placeholders(value, LAUNCH_PLACEHOLDERS)

    @field_validator("command")
    @classmethod
    def _is_command(cls, value: str | list[str]) -> str | list[str]:
        try:
            words = shlex.split(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError("a quote in it is not closed") from None
        if not words or not words[0]:
            raise ValueError("it is empty")
        if "\0" in "".join(words):
            raise ValueError("it holds a NUL")
        return value

    @field_validator("env")
    @classmethod
    def _are_variables(cls, value: dict[str, str]) -> dict[str, str]:
        if any(not name or "=" in name or "\0" in name + text for name, text in value.items()):
            raise ValueError("a name is empty or holds '=', or there is a NUL")
        return value

    @property
    def words(self) -> list[str]:
        """The command, not yet filled in."""
        return shlex.split(self.command) if isinstance(self.command, str) else self.command

    def says(self, placeholder: str) -> bool:
        """Whether the app is told a value: ``port`` for ``{port}``, ``webhook_secret`` also for one that is named."""
        start = "{" + placeholder
        return any(start + end in text for text in (*self.env.values(), *self.words) for end in ("}", ":"))


def with_launch_defaults(data: Any) -> Any:
    """The target's settings, and what a launch implies where they do not say it.

    An app that is told Stripe's address takes it (``env``); any other is injected. Its address is its port's, and so is
    that of a frontend that is launched.
    """
    if not isinstance(data, dict):
        return data
    if data.get("frontend_launch"):
        data = {"frontend_url": "http://127.0.0.1:{frontend_port}", **data}
    if not data.get("launch"):
        return data
    way = "env" if "{stripe_url}" in str(data["launch"]) else "inject"
    return {"stripe": way, "url": "http://127.0.0.1:{port}", **data}


def way_without_launch(way: Way, *, is_launching: bool) -> Way:
    """The way that is left: an app that runs already can be neither injected nor given a proxy."""
    return "none" if way in _NEEDS_LAUNCH and not is_launching else way


def check_way(way: Way, launch: LaunchSettings | None) -> None:
    """Raise ValueError where the way needs a launch that is not declared."""
    if way in _NEEDS_LAUNCH and launch is None:
        raise ValueError(f"stripe: {way} is for an app that the audit starts; give target.launch, or stripe: env")


_PAGES = ("page", "return_page")


def check_frontend(
    url: str | None, frontend: LaunchSettings | None, launch: LaunchSettings | None, roles: list[str]
) -> None:
    """Raise ValueError where the frontend is to serve what it cannot, or is started without the app."""
    if others := [role for role in roles if role not in _PAGES]:
        raise ValueError(f"routes.{others[0]}: origin: frontend is for {' and '.join(_PAGES)}; the rest is the app's")
    if roles and url is None:
        raise ValueError(f"routes.{roles[0]}: origin: frontend needs frontend_url")
    if frontend is not None and launch is None:
        raise ValueError("frontend_launch starts the frontend beside an app that the audit starts; give launch")
    if url is not None and "{frontend_port}" in url and frontend is None:
        raise ValueError("{frontend_port} in frontend_url is the port of frontend_launch")
    if launch is not None and launch.says("frontend_port") and frontend is None:
        raise ValueError("{frontend_port} in launch is the port of frontend_launch")
