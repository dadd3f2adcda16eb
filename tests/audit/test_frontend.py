"""Pages that a frontend serves at an address of its own: launched beside the app, running already, or not there."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.audit.stage import Stage
from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.errors import SettingsError
from stripe_audit.models import CheckResult
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks

APP = Path(__file__).with_name("pages_app.py")
STRIPE_JS = '<script src="https://js.stripe.com/v3/"></script>'
PAGE = f"<!doctype html><title>Pay</title>{STRIPE_JS}<p>order</p>"
STRICT = "default-src 'none'; script-src 'self'"
SOUND = (
    "default-src 'none'; script-src https://js.stripe.com https://*.js.stripe.com; connect-src https://api.stripe.com; "
    "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def settings(
    folder: Path, *, env: dict[str, str] | None = None, frontend: dict[str, Any] | None = None, **target: Any
) -> Path:
    command = [sys.executable, str(APP)]
    beside = {"command": command, "env": {"PORT": "{frontend_port}", "PAGE": PAGE, **(env or {})}}
    whole = {
        "environment": "test",
        "stripe": "none",
        "launch": {"command": command, "env": {"PORT": "{port}"}},
        "frontend_launch": {**beside, **(frontend or {})},
        "routes": {"page": {"path": "/checkout?order={order}", "origin": "frontend"}},
        **target,
    }
    path = folder / "stripe-audit.yaml"
    kept = {name: value for name, value in whole.items() if value is not None}
    path.write_text(json.dumps({"version": 1, "target": kept}))
    return path


def results(path: Path, *checks: str, is_launching: bool = True) -> dict[str, CheckResult]:
    with Stage(load_settings(path, environ={}), is_launching=is_launching) as stage:
        found = run_checks(checks, stage)
        is_started = bool(running(path.parent))
    assert is_started is is_launching
    assert not running(path.parent), "everything that was started is stopped"
    return found


def running(folder: Path) -> list[str]:
    """The processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(process.name)
    return found


def test_a_page_of_a_frontend_that_is_launched_beside_the_app_is_judged(tmp_path):
    found = results(settings(tmp_path, env={"POLICY": STRICT}), "csp-allows-stripe", "stripe-js-from-stripe")
    assert found["csp-allows-stripe"].outcome == "failed"
    assert all("page /checkout?order={order}" in finding.route for finding in found["csp-allows-stripe"].findings)
    assert found["stripe-js-from-stripe"].outcome == "passed"


@pytest.mark.parametrize("whose", ["frontend", "app"])
def test_an_open_env_file_is_found_beside_the_page_and_beside_the_app(tmp_path, whose):
    command = [sys.executable, str(APP)]
    env = {"frontend": {}, "app": {}, whose: {"ENV_FILE": "/.env"}}
    launch = {"command": command, "env": {"PORT": "{port}", **env["app"]}}
    path = settings(tmp_path, env=env["frontend"], launch=launch)
    (found,) = results(path, "secrets-not-in-frontend").values()
    assert [finding.title for finding in found.findings] == ["An env file can be fetched"]
    assert ("http://127.0.0.1" in found.findings[0].detail) is (whose == "frontend")


def test_a_sound_page_of_a_frontend_passes(tmp_path):
    found = results(settings(tmp_path, env={"POLICY": SOUND}), "csp-allows-stripe", "csp-restricts-scripts")
    assert {name: (one.outcome, one.reason) for name, one in found.items()} == {
        "csp-allows-stripe": ("passed", None),
        "csp-restricts-scripts": ("passed", None),
    }


@pytest.mark.chromium
def test_the_browser_opens_the_frontend_s_page(tmp_path):
    (found,) = results(settings(tmp_path, env={"POLICY": STRICT}), "page-works-in-browser").values()
    assert found.outcome == "failed" and any("js.stripe.com" in finding.detail for finding in found.findings)


def test_a_frontend_that_runs_already_is_taken_as_it_is(tmp_path):
    path = settings(tmp_path, env={"POLICY": STRICT})
    with Stage(load_settings(path, environ={})) as stage:
        (tmp_path / "beside").mkdir()
        beside = settings(tmp_path / "beside", frontend_launch=None, frontend_url=stage.spec.frontend_url)
        (found,) = results(beside, "csp-allows-stripe").values()
    assert found.outcome == "failed"


@pytest.mark.parametrize(
    ("frontend", "words"),
    [
        (
            {"env": {"PORT": "{frontend_port}", "EXITS": "3"}},
            "it exited with code 3 before it was ready; it said last: no configuration",
        ),
        ({"command": ["/no/such/program"]}, "its command cannot be run"),
    ],
)
def test_a_frontend_that_does_not_start_makes_its_pages_inconclusive_and_nothing_else(tmp_path, frontend, words):
    found = results(settings(tmp_path, frontend=frontend), "csp-allows-stripe", "server-starts")
    assert found["server-starts"].outcome == "passed"
    page = found["csp-allows-stripe"]
    assert page.outcome == "inconclusive"
    assert page.reason.startswith("the frontend does not start: ") and words in page.reason
    assert page.setting == "target.frontend_launch, or a frontend that runs at target.frontend_url"


def test_without_a_launch_a_frontend_at_a_port_of_the_run_is_not_there(tmp_path):
    with Stage(load_settings(settings(tmp_path), environ={})) as stage:
        (tmp_path / "beside").mkdir()
        beside = settings(tmp_path / "beside", url=stage.spec.url)
        (found,) = results(beside, "csp-allows-stripe", is_launching=False).values()
    assert (found.outcome, found.setting) == ("skipped", "target.frontend_url")


def test_a_frontend_that_nobody_started_says_so(tmp_path):
    address = f"http://127.0.0.1:{free_port()}"
    (found,) = results(settings(tmp_path, frontend_launch=None, frontend_url=address), "csp-allows-stripe").values()
    assert found.outcome == "inconclusive" and "cannot be opened" in found.reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"launch": None}, "frontend_launch starts the frontend beside an app"),
        ({"frontend_launch": None}, "routes.page: origin: frontend needs frontend_url"),
        (
            {"frontend_launch": None, "frontend_url": "http://127.0.0.1:{frontend_port}"},
            "is the port of frontend_launch",
        ),
        (
            {"routes": {"order": {"path": "/orders/{order}", "origin": "frontend"}}},
            "routes.order: origin: frontend is for page and return_page",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(tmp_path, change, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(settings(tmp_path, **change), environ={})
