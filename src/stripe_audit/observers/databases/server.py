"""A database server: one connection that is kept, and a read-only transaction for each look."""

from __future__ import annotations

import importlib
import socket
import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from stripe_audit.errors import UsageError
from stripe_audit.observers.databases.address import DatabaseAddress
from stripe_audit.observers.databases.interface import Database, Row, Unreadable
from stripe_audit.observers.databases.query import check_select
from stripe_audit.redaction import Redactor, inert

__all__ = ["DatabaseServer", "driver", "local_socket"]

T = TypeVar("T")


def driver(module: str) -> ModuleType:
    """The library that speaks to a kind of database. Raises UsageError, with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        told = f"observers of this database need {module.partition('.')[0]}, which is not installed"
        raise UsageError(told, hint="pip install 'stripe-audit[sql]'") from None


def local_socket(path: Path, within: float) -> socket.socket:
    """A connection to a socket of the file system. Raises OSError. The libraries leave one open that leads nowhere."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(within)
    try:
        made.connect(str(path))
    except OSError:
        made.close()
        raise
    return made


class DatabaseServer(Database):
    """Looks come one after the other. A connection that was lost is made anew once for the next look.

    ``within`` bounds connecting and each query, in seconds. What differs between databases is below ``_connect``.
    """

    module: ClassVar[str]

    def __init__(self, address: DatabaseAddress, *, within: float = 5.0) -> None:
        """Raises UsageError where the library is not installed."""
        self._driver = driver(self.module)
        self._address = address
        self._within = within
        self._lock = threading.Lock()
        self._connection: Any = None
        self._redactor = Redactor([secret for secret in (address.password,) if secret])
        self.label = address.label

    def rows(self, query: str, values: Mapping[str, str]) -> list[Row]:
        try:
            check_select(query)
        except ValueError as error:
            raise Unreadable(f"the query {error}") from None
        with self._lock:
            return self._looked(lambda connection: self._select(connection, query, values))

    def search(self, texts: Sequence[str]) -> bool | None:
        with self._lock:
            try:
                return self._looked(lambda connection: self._found(connection, texts))
            except Unreadable:
                return None

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _looked(self, look: Callable[[Any], T]) -> T:
        was_open = self._connection is not None
        try:
            return self._in_transaction(look)
        except Unreadable:
            if not was_open or self._connection is not None:
                raise
        return self._in_transaction(look)  # the connection was an old one, and is lost

    def _in_transaction(self, look: Callable[[Any], T]) -> T:
        """What a look finds. Errors of the libraries are not chained: their frames hold the password."""
        told, part = "", "query"
        try:
            if self._connection is None:
                part = "url"
                self._connection = self._connect()
                part = "query"
            self._begin(self._connection)
            try:
                return look(self._connection)
            finally:
                self._end(self._connection)
        except Unreadable:
            raise
        except Exception as error:  # libraries raise what they like
            told = self._told(error)
        if not self._is_alive(self._connection):
            self._drop()
        raise Unreadable(f"cannot connect: {told}" if part == "url" else told, part=part)

    def _is_alive(self, connection: Any) -> bool:
        if connection is None:
            return False
        try:
            self._end(connection)
        except Exception:
            return False
        return True

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:  # noqa: S110 - it was lost
                pass

    def _told(self, error: Exception) -> str:
        words = error.strerror if isinstance(error, OSError) else None
        return inert(self._redactor.redact(words or self._words(error)))

    # What each database does in its own way

    @abstractmethod
    def _connect(self) -> Any:
        """A connection whose transactions are read-only."""

    @abstractmethod
    def _begin(self, connection: Any) -> None:
        """Begin a read-only transaction."""

    @abstractmethod
    def _end(self, connection: Any) -> None:
        """End it."""

    @abstractmethod
    def _select(self, connection: Any, query: str, values: Mapping[str, str]) -> list[Row]:
        """The rows of one statement."""

    @abstractmethod
    def _found(self, connection: Any, texts: Sequence[str]) -> bool:
        """Whether any table holds one of the texts."""

    @abstractmethod
    def _words(self, error: Exception) -> str:
        """What the server or the library says, as one sentence."""
