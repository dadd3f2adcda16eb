"""An emulator in a process of its own: used as the other is, and gone with whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.emulator import EmulatorApart, EmulatorConfig, RemoteControl
from stripe_audit.errors import StripeError
from stripe_audit.keys import make_test_keys
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

KEYS = make_test_keys(seed=5)

STARTED = """
import sys, time
from stripe_audit.emulator import EmulatorApart, EmulatorConfig
from stripe_audit.keys import make_test_keys
apart = EmulatorApart(EmulatorConfig(keys=make_test_keys(5)))
apart.start()
print(apart.pid, flush=True)
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.01)


def test_it_answers_from_another_process_and_ends_when_it_is_stopped():
    stripe = EmbeddedStripe(KEYS, seed=5, is_apart=True)
    stripe.start()
    try:
        pid = stripe._emulator.pid
        assert isinstance(pid, int) and pid != os.getpid() and is_alive(pid)
        address = stripe.address
        assert (address.audit_key, address.publishable_key) == (KEYS.audit_secret, KEYS.publishable)
        assert RemoteControl(address.url, address.control_token).health()["live_keys_refused"] == 0
    finally:
        stripe.stop()
    assert not is_alive(pid)
    stripe.stop()
    with pytest.raises(StripeError, match="does not answer"):
        stripe.control("GET", "health")


def test_a_port_in_use_is_told_with_the_setting_and_nothing_is_left():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stripe = EmbeddedStripe(KEYS, port=taken.getsockname()[1], is_apart=True)
        with pytest.raises(StripeError, match=r"cannot listen: .*address already in use") as caught:
            stripe.start()
    assert "stripe.port" in str(caught.value.hint)
    assert stripe._emulator.pid is None


def test_a_child_that_cannot_begin_is_an_error_in_words(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(StripeError, match="its process ended at once"):
        EmbeddedStripe(KEYS, is_apart=True).start()


def test_keys_are_the_caller_s_to_give():
    with pytest.raises(ValueError, match="keys"):
        EmulatorApart(EmulatorConfig())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_is_gone_with_a_caller_that_is_killed(number):
    with subprocess.Popen([sys.executable, "-c", STARTED], stdout=subprocess.PIPE) as caller:
        pid = int(caller.stdout.readline())
        try:
            assert is_alive(pid)
        finally:
            caller.send_signal(number)
    until_gone(pid)


def test_an_interrupt_from_the_keyboard_does_not_reach_it():
    apart = EmulatorApart(EmulatorConfig(keys=KEYS))
    apart.start()
    try:
        assert os.getsid(apart.pid) == apart.pid
    finally:
        apart.stop()
