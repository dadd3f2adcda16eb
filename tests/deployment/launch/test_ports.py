"""Who listens on a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.deployment.launch import ports
from stripe_audit.deployment.launch.ports import Listener, free_port, is_below, is_listening, listener_on, ports_below


def listening(host: str = "127.0.0.1") -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.bind((host, 0))
    made.listen()
    return made


def has_ipv6() -> bool:
    try:
        listening("::1").close()
    except OSError:
        return False
    return True


def test_a_free_port_is_free() -> None:
    port = free_port()
    assert 0 < port < 65536
    assert not is_listening(port)
    assert listener_on(port) is None


@pytest.mark.parametrize("host", ["127.0.0.1", *(["::1"] if has_ipv6() else [])])
def test_a_listener_is_seen_on_whatever_address_it_listens(host: str) -> None:
    with closing(listening(host)) as made:
        port = made.getsockname()[1]
        assert is_listening(port)
        found = listener_on(port)
        assert found is not None
        assert (found.port, found.pid, found.addresses) == (port, os.getpid(), (host,))
        assert found.command
        assert str(found) == f"{found.command[:120]} (process {os.getpid()})"
    assert not is_listening(port)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("0100007F:0BB9", "127.0.0.1"),
        ("00000000:0BB9", "0.0.0.0"),
        ("00000000000000000000000001000000:0BB9", "::1"),
        ("00000000000000000000000000000000:0BB9", "::"),
        ("0000000000000000FFFF00000100007F:0BB9", "::ffff:127.0.0.1"),
    ],
)
def test_an_address_is_read_as_the_kernel_writes_it(written: str, address: str) -> None:
    assert ports._address(written) == address


def test_a_connection_is_no_listener() -> None:
    with closing(listening()) as made, closing(socket.create_connection(made.getsockname())) as client:
        assert listener_on(client.getsockname()[1]) is None


def test_a_bound_socket_that_does_not_listen_is_no_listener() -> None:
    with closing(socket.socket()) as made:
        made.bind(("127.0.0.1", 0))
        port = made.getsockname()[1]
        assert listener_on(port) is None
        assert not is_listening(port)


def test_an_owner_that_cannot_be_seen_is_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_owner_of", lambda _: None)
    with closing(listening()) as made:
        found = listener_on(made.getsockname()[1])
    assert found is not None
    assert (found.pid, found.command) == (None, None)
    assert str(found) == "another process"
    assert str(Listener(1, None, None)) == "another process"


def test_descendants_and_members_of_a_group_are_below() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', 'input()'])"
    parent = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE)
    with parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        while not (found := children.read_text().split()):
            pass
        child = int(found[0])
        assert is_below(child, parent.pid)
        assert is_below(child, os.getpid())
        assert is_below(parent.pid, parent.pid)
        assert not is_below(parent.pid, child)
        assert not is_below(os.getpid(), parent.pid)
        parent.communicate(b"\n")
    assert not is_below(child, parent.pid)
    assert not is_below(2**22 + 1, 1)


def test_the_ports_of_a_process_are_those_that_it_listens_on() -> None:
    with closing(listening()) as one, closing(listening()) as other:
        found = ports_below(os.getpid())
        assert {one.getsockname()[1], other.getsockname()[1]} <= set(found)
        assert list(found) == sorted(found)
