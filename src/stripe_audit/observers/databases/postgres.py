"""PostgreSQL, by pg8000. A statement is prepared by the server, so that it is one and its values are bound there."""

from __future__ import annotations

import getpass
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stripe_audit.observers.databases.interface import Row, Unreadable
from stripe_audit.observers.databases.query import names_in, with_values
from stripe_audit.observers.databases.server import DatabaseServer, local_socket

__all__ = ["PostgresDatabase"]

_TABLES = """
    SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


class PostgresDatabase(DatabaseServer):
    """``?host=/folder`` leads to a socket, ``?sslmode=`` and ``?schema=`` are as libpq and Prisma have them."""

    module = "pg8000.native"

    def _connect(self) -> Any:
        address, options = self._address, self._address.options
        host = options.get("host", address.host)
        settings = {
            "default_transaction_read_only": "on",
            "statement_timeout": str(int(self._within * 1000)),
            "lock_timeout": str(int(self._within * 500)),
        }
        if schema := options.get("schema"):
            settings["search_path"] = schema
        connected = self._socket(host)  # the library leaves one behind that it could not use
        try:
            return self._driver.Connection(
                address.user or getpass.getuser(),
                host=host,
                port=address.port,
                database=address.name,
                password=address.password,
                sock=connected,
                ssl_context=self._tls(host),
                application_name="stripe-audit",
                startup_params=settings,
            )
        except BaseException:
            connected.close()
            raise

    def _socket(self, host: str) -> socket.socket:
        port, within = self._address.port, self._within * 2
        if not host.startswith("/"):
            return socket.create_connection((host, port), timeout=within)
        return local_socket(Path(host) / f".s.PGSQL.{port}", within)

    def _tls(self, host: str) -> bool | ssl.SSLContext | None:
        """As sslmode says; by itself TLS is taken where the server has it (``prefer``)."""
        if host.startswith("/"):
            return False
        choice: dict[str, bool | ssl.SSLContext | None] = {"off": False, "on": True}
        if self._address.encryption == "verify":
            return ssl.create_default_context()
        return choice.get(self._address.encryption)

    def _begin(self, connection: Any) -> None:
        connection.run("START TRANSACTION READ ONLY")

    def _end(self, connection: Any) -> None:
        connection.run("ROLLBACK")

    def _select(self, connection: Any, query: str, values: Mapping[str, str]) -> list[Row]:
        if missing := sorted(names_in(query) - set(values)):
            raise Unreadable(f"the query asks for :{missing[0]}, and there is no such value")
        bare = with_values(query, lambda name: f":{name}")  # the library takes what is in a comment for a value
        statement = connection.prepare(bare.rstrip().removesuffix(";"))
        try:
            found = statement.run(**{name: values[name] for name in names_in(query)})
            columns = [column["name"] for column in statement.columns]
            return [dict(zip(columns, row, strict=True)) for row in found]
        finally:
            statement.close()

    def _found(self, connection: Any, texts: Sequence[str]) -> bool:
        for (table,) in connection.run(_TABLES):
            for text in texts:
                query = f"SELECT 1 FROM {table} AS looked WHERE strpos(looked::text, :text) > 0 LIMIT 1"  # noqa: S608 - quoted by format(%I)
                if connection.run(query, text=text):
                    return True
        return False

    def _words(self, error: Exception) -> str:
        told = error.args[0] if error.args else type(error).__name__
        return str(told.get("M", "an error without words")) if isinstance(told, Mapping) else str(told)
