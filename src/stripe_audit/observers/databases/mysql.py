"""MySQL and MariaDB, by PyMySQL.

The library writes values into the statement. Here they are written as hexadecimal literals, which end nowhere and hold
nothing that could be read as SQL, whatever the server's modes and character sets are.
"""

from __future__ import annotations

import getpass
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stripe_audit.observers.databases.interface import Row, Unreadable
from stripe_audit.observers.databases.query import with_values
from stripe_audit.observers.databases.server import DatabaseServer, local_socket

__all__ = ["MysqlDatabase"]

_COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"


def _literal(text: str) -> str:
    return f"_utf8mb4 x'{text.encode('utf-8', 'replace').hex()}'"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class MysqlDatabase(DatabaseServer):
    """``?socket=/path`` leads to a socket, ``?ssl=true`` asks for TLS."""

    module = "pymysql"

    def _connect(self) -> Any:
        address, options = self._address, self._address.options
        path = options.get("socket") or options.get("unixsocket")
        if path:
            local_socket(Path(path), self._within).close()
        connection = self._driver.connect(
            host=address.host,
            port=address.port,
            unix_socket=path,
            user=address.user or getpass.getuser(),
            password=address.password or "",
            database=address.name,
            charset="utf8mb4",
            connect_timeout=max(1, int(self._within)),
            read_timeout=self._within * 2,
            write_timeout=self._within * 2,
            program_name="stripe-audit",
            **self._tls(),
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            if "mariadb" in connection.get_server_info().lower():
                cursor.execute(f"SET SESSION max_statement_time = {self._within:g}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {int(self._within * 1000)}")
        return connection

    def _tls(self) -> dict[str, Any]:
        if self._address.encryption == "verify":
            return {"ssl": ssl.create_default_context()}
        if self._address.encryption == "on":
            return {"ssl": {"check_hostname": False, "verify_mode": "none"}}
        return {"ssl_disabled": True} if self._address.encryption == "off" else {}

    def _begin(self, connection: Any) -> None:
        connection.query("START TRANSACTION READ ONLY")

    def _end(self, connection: Any) -> None:
        connection.query("ROLLBACK")

    def _select(self, connection: Any, query: str, values: Mapping[str, str]) -> list[Row]:
        def written(name: str) -> str:
            if name not in values:
                raise Unreadable(f"the query asks for :{name}, and there is no such value")
            return _literal(values[name])

        with connection.cursor() as cursor:
            cursor.execute(with_values(query, written, is_mysql=True).rstrip().removesuffix(";"))
            columns = [column[0] for column in cursor.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _found(self, connection: Any, texts: Sequence[str]) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_COLUMNS)
            for table, column in cursor.fetchall():
                found = " OR ".join(f"INSTR(CAST({_quoted(column)} AS CHAR), {_literal(text)})" for text in texts)
                cursor.execute(f"SELECT 1 FROM {_quoted(table)} WHERE {found} LIMIT 1")  # noqa: S608 - quoted, literals
                if cursor.fetchall():
                    return True
        return False

    def _words(self, error: Exception) -> str:
        if isinstance(error, RuntimeError) and "cryptography" in str(error):
            return "the server wants the password encrypted; add ?ssl=true to the URL, or pip install cryptography"
        return str(error.args[-1] if error.args else type(error).__name__)
