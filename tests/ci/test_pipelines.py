"""What pipelines take from this repository is valid, and its shell does what it says, with a fake stripe-audit."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from stripe_audit.cli import run as run_command

TELLS = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$TOLD"
for word in "$@"; do case $word in *=*) echo content > "${word#*=}";; esac; done
exit "${CODE:-0}"
"""


@pytest.fixture
def script(root: Path, tmp_path: Path):
    """Runs ci/github.sh with a stripe-audit that writes down how it was called."""
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "stripe-audit"
    fake.write_text(TELLS)
    fake.chmod(0o755)

    def run(**variables: str) -> tuple[int, list[str], str, str]:
        files = {name: tmp_path / name for name in ("TOLD", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        env = {
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            **{name: str(path) for name, path in files.items()},
            **variables,
        }
        done = subprocess.run(
            [root / "ci/github.sh"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=30
        )
        assert not done.stderr, done.stderr
        told = files["TOLD"].read_text().splitlines()
        return done.returncode, told, files["GITHUB_OUTPUT"].read_text(), files["GITHUB_STEP_SUMMARY"].read_text()

    return run


def options() -> set[str]:
    return {name for one in get_command(run_command.make({})).params for name in (*one.opts, *one.secondary_opts)}


def test_the_action_writes_its_outputs_and_ends_as_the_audit_does(script, tmp_path):
    code, words, output, summary = script(CODE="1")
    assert code == 1 and words[0] == "run"
    assert f"report={tmp_path}/stripe-audit/report.json" in output and "exit-code=1" in output
    assert summary == "content\n"


def test_its_inputs_are_words_and_never_shell(script, tmp_path):
    evil = "$(touch owned); `touch owned` && touch owned"
    _, words, *_ = script(SETTINGS="a b.yaml", BASELINE=evil, ARGUMENTS=f"--check\nwebhook-*\n\n{evil}\n")
    assert words[words.index("--settings") + 1] == "a b.yaml"
    assert words[words.index("--baseline") + 1] == evil
    assert words[-3:] == ["--check", "webhook-*", evil]
    assert not (tmp_path / "owned").exists()


def test_every_flag_that_they_use_exists(root: Path):
    texts = [(root / name).read_text() for name in ("ci/github.sh", "ci/gitlab.yml", ".pre-commit-hooks.yaml")]
    used = {
        flag
        for text in texts
        for line in text.splitlines()
        if "run " in line or "words" in line
        for flag in re.findall(r"(?<![\w-])--[a-z-]+", line)
    }
    assert used and used <= options() | {"--rm", "--network"}, used - options()


def test_the_action_and_the_template_are_what_their_hosts_read(root: Path):
    action = yaml.safe_load((root / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
        assert "${{ inputs" not in step.get("run", ""), "an input in a script is read as shell"
    for value in action["outputs"].values():
        assert value["value"].startswith("${{ steps.audit.outputs.")
    job = yaml.safe_load((root / "ci/gitlab.yml").read_text())[".stripe-audit"]
    assert all(shlex.split(line) for line in [*job["before_script"], *job["script"]])
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= set(hook)


@pytest.mark.parametrize("name", ["ci/github.sh", ".ci/run"])
def test_the_shell_is_shell(root: Path, name):
    assert subprocess.run(["bash", "-n", root / name], check=False).returncode == 0


@pytest.mark.shellcheck
@pytest.mark.parametrize("name", ["ci/github.sh", ".ci/run"])
def test_the_shell_has_no_slip(root: Path, name):
    done = subprocess.run(["shellcheck", root / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_hook_runs_as_it_is_written(root: Path, tmp_path: Path):
    """In a project that has only settings: nothing is started, and nothing is sent."""
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    (tmp_path / ".env").write_text("STRIPE_SECRET_KEY=sk_live_" + "a1B2" * 20 + "\n")
    (tmp_path / "stripe-audit.yaml").write_text(
        "version: 1\ntarget: {environment: test, env_files: [.env], url: 'http://127.0.0.1:1', root: .}\n"
    )
    words = shlex.split(hook["entry"])[1:]
    done = subprocess.run(
        [sys.executable, "-c", "from stripe_audit.cli import main; main()", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "live key" in done.stdout
