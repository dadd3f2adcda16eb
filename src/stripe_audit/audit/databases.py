"""The way to the target's database that a run can take away, as the settings declare it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stripe_audit.deployment.databases import CommandedDatabase, Database, LockedDatabase, ProxiedDatabase
from stripe_audit.deployment.launch.process import launch_environment
from stripe_audit.settings import Settings

__all__ = ["opened_database"]


def opened_database(
    settings: Settings, scratch: Path, opened: list[Callable[[], None]], *, is_launching: bool
) -> Database | None:
    """The database, started, and its stop put into ``opened``. Raises TargetError.

    None where none is declared, or not for a target that runs already.
    """
    database = _chosen(settings, scratch, is_launching=is_launching)
    if database:
        database.start()
        opened.append(database.stop)
    return database


def _chosen(settings: Settings, scratch: Path, *, is_launching: bool) -> Database | None:
    declared = settings.model.target.database
    if declared is None or not declared.is_within_reach(is_launching=is_launching):
        return None
    if declared.kind == "proxy":
        return ProxiedDatabase(declared.address, declared.port)
    if declared.kind == "commands":
        return CommandedDatabase(
            declared.command("down"),
            declared.command("up"),
            cwd=settings.folder,
            env=launch_environment({}),
            within=declared.within,
        )
    path = (declared.path or "").replace("{scratch}", str(scratch)).replace("{folder}", str(settings.folder))
    return LockedDatabase(settings.path(path))
