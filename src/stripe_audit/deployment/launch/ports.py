"""Ports of this machine: a free one, and who listens on one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Listener", "free_port", "is_below", "is_listening", "listener_on", "listeners_below", "ports_below"]

_COMMAND_CAP = 4096
_SHOWN = 120
"""Characters of a command."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: the process' id and command where they can be seen, else None."""

    port: int
    pid: int | None
    command: str | None
    addresses: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.named()

    def named(self, safe: Callable[[str], str] = str) -> str:
        """Who it is in words; ``safe`` removes secrets from its command before that is cut."""
        return f"{safe(self.command or 'a process')[:_SHOWN]} (process {self.pid})" if self.pid else "another process"


def free_port() -> int:
    """A port that was free a moment ago, on 127.0.0.1."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int, hosts: Sequence[str] = ("127.0.0.1", "::1")) -> bool:
    """Whether something accepts connections there; a server told to listen on ``localhost`` may take either address."""
    return any(_accepts(host, port) for host in hosts)


def _accepts(host: str, port: int) -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.settimeout(1.0)
            return probe.connect_ex((host, port)) == 0
    except OSError:  # no IPv6 on this machine
        return False


def listener_on(port: int) -> Listener | None:
    """Who listens on a port, or None. Without /proc (not Linux) only that somebody does."""
    table = [row for name in ("tcp", "tcp6") for row in _listening(Path("/proc/net") / name) if row[0] == port]
    if not table:
        return Listener(port, None, None) if not Path("/proc/net/tcp").exists() and is_listening(port) else None
    addresses = tuple(sorted({address for _, address, _ in table}))
    owner = _owner_of({inode for _, _, inode in table})
    return Listener(port, owner, _command(owner), addresses) if owner else Listener(port, None, None, addresses)


def _listening(path: Path) -> list[tuple[int, str, str]]:
    """Port, address and socket inode of each listening socket (proc(5), state 0A)."""
    try:
        rows = [line.split() for line in path.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [(int(row[1].rsplit(":", 1)[1], 16), _address(row[1]), row[9]) for row in rows if row[3] == "0A"]


def _address(text: str) -> str:
    raw = text.rsplit(":", 1)[0]
    if len(raw) == 8:
        return socket.inet_ntop(socket.AF_INET, bytes.fromhex(raw)[::-1])
    words = [bytes.fromhex(raw[at : at + 8])[::-1] for at in range(0, 32, 8)]
    return socket.inet_ntop(socket.AF_INET6, b"".join(words))


def _owner_of(inodes: set[str]) -> int | None:
    for folder in Path("/proc").glob("[0-9]*/fd"):
        if any(inode in inodes for inode in _sockets(folder)):
            return int(folder.parent.name)
    return None


def _command(pid: int | None) -> str | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return None
    return " ".join(word for word in words if word)[:_COMMAND_CAP] or None


def is_below(pid: int, ancestor: int) -> bool:
    """Whether a process is ``ancestor`` or one of its descendants, or in its process group (Linux)."""
    current = pid
    while current > 1:
        if current == ancestor:
            return True
        try:
            fields = Path(f"/proc/{current}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        if int(fields[2]) == ancestor:
            return True
        current = int(fields[1])
    return False


def ports_below(ancestor: int) -> tuple[int, ...]:
    """The ports that a process or its descendants listen on, sorted (Linux; elsewhere none are seen)."""
    return tuple(sorted({port for _, port in _listeners_and_ports(ancestor)}))


def listeners_below(ancestor: int) -> tuple[int, ...]:
    """Which of a process and its descendants listen on a port, sorted (Linux; elsewhere none are seen)."""
    return tuple(sorted({pid for pid, _ in _listeners_and_ports(ancestor)}))


def _listeners_and_ports(ancestor: int) -> Iterator[tuple[int, int]]:
    inodes = {inode: port for name in ("tcp", "tcp6") for port, _, inode in _listening(Path("/proc/net") / name)}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        pid = int(folder.parent.name)
        if is_below(pid, ancestor):
            yield from ((pid, inodes[inode]) for inode in _sockets(folder) if inode in inodes)


def _sockets(folder: Path) -> Iterator[str]:
    """The inodes of the sockets that a process holds; none where it may not be looked at."""
    try:
        names = [name for entry in folder.iterdir() if (name := _target_of(entry))]
    except OSError:
        return
    for name in names:
        if name.startswith("socket:["):
            yield name[len("socket:[") : -1]


def _target_of(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:  # closed since
        return None
