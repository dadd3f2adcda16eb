"""A stage whose ports are taken between their choice and their use."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from stripe_audit.audit import stage as stages
from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.testing import demo_stage


@pytest.fixture
def taken():
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("free_before", [0, 1], ids=["its port", "its port for TLS"])
def test_a_port_that_was_taken_meanwhile_is_another_one_then(monkeypatch, taken, free_before):
    given = iter([*(free_port() for _ in range(free_before)), taken])
    monkeypatch.setattr(stages, "free_port", lambda: next(given, None) or free_port())
    with demo_stage() as stage:
        assert str(taken) not in stage.ports.values()


def test_a_port_that_was_asked_for_is_not_exchanged(taken):
    with pytest.raises(OSError, match="in use"), demo_stage(port=taken):
        pass
