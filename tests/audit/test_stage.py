"""What stands around the checks, and that nothing of it stays."""

from __future__ import annotations

import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.audit.filling import fill_text
from stripe_audit.audit.stage import Stage
from stripe_audit.deployment.launch.ports import is_listening
from stripe_audit.errors import SettingsError, StripeError, TargetError
from stripe_audit.settings import load_settings
from tests.audit.test_proof import settings


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def test_everything_is_gone_afterwards(tmp_path: Path) -> None:
    with Stage(settings(tmp_path, observers={"mail": {"kind": "smtp"}})) as stage:
        assert stage.stripe and stage.observers.mail and stage.launched and stage.launched.pid
        ports = [port_of(stage.spec.url), port_of(stage.stripe.address.url), stage.observers.smtp[1]]
        scratch = stage.scratch
        assert all(is_listening(port) for port in ports)
        assert scratch.is_dir()
    assert not any(is_listening(port) for port in ports)
    assert not scratch.exists()
    assert stage.launched.exit_code is not None


def test_a_target_that_dies_is_no_exception_and_its_last_words_are_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('cannot find module ./webhook-service')"]
    made = settings(tmp_path, target={"launch": {"command": command, "env": {"PORT": "{port}"}}})
    with Stage(made) as stage:
        assert stage.unreached and "exited with code 1" in stage.unreached
        assert stage.launch_failure and "webhook-service" in stage.launch_failure.output


def test_an_unreachable_target_is_said_in_words(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Stage(settings(tmp_path, target={"url": url}), is_launching=False) as stage:
            assert stage.unreached and stage.unreached.startswith("no connection to 127.0.0.1 port")


def test_a_port_in_use_is_an_error_that_names_its_setting(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StripeError) as caught, Stage(settings(tmp_path, stripe={"port": port})):
            pass
        assert caught.value.hint and "stripe.port" in caught.value.hint
        observers = {"mail": {"kind": "smtp", "port": port}}
        with pytest.raises(TargetError) as missed, Stage(settings(tmp_path, observers=observers)):
            pass
        assert missed.value.hint and "observers.mail.port" in missed.value.hint


def test_the_same_seed_gives_the_same_keys_and_tag(tmp_path: Path) -> None:
    made = settings(tmp_path)
    one, two, other = Stage(made, seed=7), Stage(made, seed=7), Stage(made, seed=8)
    assert (one.keys, one.tag) == (two.keys, two.tag)
    assert one.tag != other.tag


def test_placeholders_of_webhooks_that_are_not_declared_are_an_error() -> None:
    with pytest.raises(SettingsError, match="names no webhook; declared are main"):
        fill_text("{webhook_secret:mian}", {"webhook_secret": "x", "webhook_secret:main": "x"})


def test_the_sample_settings_set_a_stage(tmp_path: Path) -> None:
    from stripe_audit.settings import sample_settings

    path = tmp_path / "stripe-audit.yaml"
    path.write_text(sample_settings())
    stage = Stage(load_settings(path, environ={}))
    stage.choose_ports()
    assert stage.spec.url == f"http://127.0.0.1:{stage.ports['port']}"
