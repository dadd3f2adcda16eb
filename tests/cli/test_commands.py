"""The command line as users meet it: as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from stripe_audit import __version__
from tests.cli.inside import Inside

HEAVY = ("stripe", "httpx", "aiohttp", "pydantic", "sqlalchemy", "rich", "jinja2", "yaml")


def command(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stripe_audit.cli import main; main()", *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_the_version_is_told(tmp_path: Path) -> None:
    assert command("--version", cwd=tmp_path).stdout == f"stripe-audit {__version__}\n"


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("checks", "--help")])
def test_help_imports_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    script = (
        "import atexit, sys\n"
        "from stripe_audit.cli import main\n"
        f"loaded = lambda: [name for name in {HEAVY!r} if name in sys.modules]\n"
        "atexit.register(lambda: print('LOADED', loaded()))\n"
        f"main({list(words)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: stripe-audit" in done.stdout
    assert done.stdout.endswith("LOADED []\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rnu",), "run"),
        (("run", "--phse", "1"), "--phase"),
        (("run", "--demo", "--check", "webhook-signature-verfied"), "webhook-signature-verified"),
        (("run", "--demo", "--phase", "webhook"), "webhooks"),
        (("run", "--demo", "--task", "9.9"), "there is no task '9.9'"),
        (("run", "--demo", "--defect", "signature-uncheked"), "signature-unchecked"),
        (("run", "--demo", "--variant", "quequed"), "queued"),
        (("run", "--demo", "--format", "markdwon"), "markdown"),
        (("run", "--demo", "--format", "json=no/such/folder/report.json"), "there is no folder"),
        (("run", "--demo", "--url", "http://127.0.0.1:1"), "--demo brings its own target"),
        (("run", "--defect", "signature-unchecked"), "belong to --demo"),
        (("run", "--settings", "missing.yaml"), "missing.yaml does not exist"),
        (("run", "--demo", "--phase", "1", "--task", "2.2"), "no check is selected"),
        (("run", "--demo", "--checks-dir", "nowhere"), "no such folder of checks"),
        (("report", "missing.json"), "missing.json cannot be read"),
        (("checks", "explain", "webhook-signature-verfied"), "webhook-signature-verified"),
    ],
)
def test_bad_usage_is_told_in_a_line_and_exits_2(
    words: tuple[str, ...], told: str, inside: Inside, tmp_path: Path
) -> None:
    done = inside(*words)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("version: 1\ntraget: {}\n", "stripe-audit.yaml:2: traget: unknown setting; did you mean 'target'?"),
        ("version: 1\ntarget: {environment: prod}\n", "stripe-audit.yaml:2: target.environment"),
        ("version: 1\nstripe: {secret_key: [sk_live_51Secret0Secret0Secret]}\n", "stripe.secret_key"),
        ("version: 1\n\ttarget: 1\n", "stripe-audit.yaml:2: not valid YAML"),
        ("a: &a [*a]\n", "an alias that contains itself"),
    ],
)
def test_bad_settings_name_file_and_line_and_no_secret(text: str, told: str, inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "stripe-audit.yaml").write_text(text)
    done = inside("run")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "Secret0" not in done.stderr + done.stdout


def test_a_check_that_does_not_import_fails_the_run_and_names_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "mine" / "webhooks" / "my_check.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("import json\n\nimport nosuchmodule\n")
    done = command("run", "--demo", "--checks-dir", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{broken}:3: ModuleNotFoundError" in done.stderr


def test_a_folder_for_runs_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = command("run", "--demo", "--output", "taken", cwd=tmp_path)
    assert done.returncode == 3
    assert "cannot be made" in done.stderr
    assert "--output" in done.stderr


def test_checks_are_listed_and_explained(inside: Inside) -> None:
    listed = json.loads(inside("checks", "list", "--json").stdout)
    assert [check["task"] for check in listed] == sorted(check["task"] for check in listed)
    text = inside("checks", "list", "--phase", "webhooks").stdout
    assert "webhook-signature-verified" in text
    assert "server-starts" not in text
    explained = inside("checks", "explain", "webhook-signature-verified").stdout
    for heading in ("What it checks", "Why it matters", "How to fix", "References"):
        assert f"\n{heading}\n" in explained


def test_the_schema_and_the_sample_are_printed(inside: Inside, tmp_path: Path) -> None:
    schema = json.loads(inside("settings", "schema").stdout)
    assert schema["properties"]["target"]
    (tmp_path / "stripe-audit.yaml").write_text(inside("settings", "sample").stdout)
    done = inside("settings", "check")
    assert done.returncode == 0
    assert "right" in done.stdout


def test_a_dry_run_starts_nothing_and_says_what_would_be_done(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "stripe-audit.yaml").write_text(inside("settings", "sample").stdout)
    done = inside("run", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "webhook-signature-verified" in done.stdout
    assert "requests" in done.stdout
    plan = inside("run", "--dry-run", "--format", "markdown")
    assert plan.stdout.startswith("# ")
    assert "⏳" in plan.stdout
    assert {entry.name for entry in tmp_path.iterdir()} == {"stripe-audit.yaml"}


@pytest.mark.parametrize(("words", "code"), [(["checks", "list", "--json"], 1), (["report", "report.json"], 0)])
def test_a_reader_that_has_left_is_no_crash_and_does_not_change_the_verdict(
    words: list[str], code: int, tmp_path: Path
) -> None:
    from stripe_audit.reporters.json_format import to_json
    from tests.reporters.golden import GOLDEN

    (tmp_path / "report.json").write_text(to_json(GOLDEN), "utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-c", "from stripe_audit.cli import main; main()", *words],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            timeout=60,
        )
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_a_full_disk_is_told_and_the_report_is_not_lost(tmp_path: Path) -> None:
    from stripe_audit.reporters.json_format import to_json
    from tests.reporters.golden import GOLDEN

    (tmp_path / "report.json").write_text(to_json(GOLDEN), "utf-8")
    done = command("report", "report.json", "--format", "markdown=/dev/full", cwd=tmp_path)
    assert done.returncode == 3
    assert "/dev/full cannot be written: No space left on device" in done.stderr
    assert "judged" in done.stdout
