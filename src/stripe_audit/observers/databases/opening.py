"""The database that a URL leads to, by its kind."""

from __future__ import annotations

from stripe_audit.observers.databases.address import read_address
from stripe_audit.observers.databases.interface import Database, Unreadable

__all__ = ["open_server"]


def open_server(kind: str, url: str, *, within: float = 5.0) -> Database:
    """``postgres`` or ``mysql``; it connects with the first look.

    Raises Unreadable for a URL that is none, UsageError where the extra is not installed.
    """
    from stripe_audit.observers.databases.mysql import MysqlDatabase
    from stripe_audit.observers.databases.postgres import PostgresDatabase

    try:
        address = read_address(url, kind)
    except ValueError as error:
        raise Unreadable(str(error), part="url") from None
    return {"postgres": PostgresDatabase, "mysql": MysqlDatabase}[kind](address, within=within)
