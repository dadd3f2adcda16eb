"""What a launch implies where the settings do not say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit.errors import SettingsError
from stripe_audit.settings import load_settings
from stripe_audit.settings.launching import way_without_launch
from stripe_audit.settings.model import TargetSettings


def target(folder: Path, text: str) -> TargetSettings:
    (folder / "stripe-audit.yaml").write_text(f"version: 1\ntarget: {text}\n")
    return load_settings(folder=folder, environ={}).model.target


@pytest.mark.parametrize(
    ("text", "way", "url"),
    [
        ("{launch: {command: npm start}}", "inject", "http://127.0.0.1:{port}"),
        ("{launch: {command: x, env: {BASE: '{stripe_url}'}}}", "env", "http://127.0.0.1:{port}"),
        ("{launch: {command: [x, --stripe, '{stripe_url}']}}", "env", "http://127.0.0.1:{port}"),
        ("{stripe: proxy, launch: {command: x, env: {BASE: '{stripe_url}'}}}", "proxy", "http://127.0.0.1:{port}"),
        ("{stripe: none, url: 'http://localhost:8000', launch: {command: x}}", "none", "http://localhost:8000"),
        ("{stripe: env}", "env", "http://127.0.0.1:3001"),
        ("{}", "none", "http://127.0.0.1:3001"),
    ],
)
def test_the_way_to_stripe(text: str, way: str, url: str, tmp_path: Path) -> None:
    found = target(tmp_path, text)
    assert (found.stripe, found.url) == (way, url)


@pytest.mark.parametrize("way", ["inject", "proxy"])
def test_what_is_not_launched_can_be_led_by_no_launch(way: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        target(tmp_path, f"{{stripe: {way}}}")
    assert f"stripe: {way} is for an app that the audit starts" in str(caught.value)
    assert way_without_launch(way, is_launching=False) == "none"  # type: ignore[arg-type]
    assert way_without_launch("env", is_launching=False) == "env"


def test_what_a_launch_tells_the_app(tmp_path: Path) -> None:
    launch = target(tmp_path, "{launch: {command: 'serve --port {port}', env: {HOOK: '{webhook_secret:main}'}}}").launch
    assert launch is not None
    assert launch.says("port") and launch.says("webhook_secret") and not launch.says("secret_key")
    assert launch.words == ["serve", "--port", "{port}"]
