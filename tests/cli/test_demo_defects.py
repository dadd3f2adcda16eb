"""``stripe-audit run --demo --defect``: what is broken on purpose is reported, and decides the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.demo.defects import DEFECTS
from tests.cli.test_commands import command


def test_a_defect_is_reported_and_fails_the_command(tmp_path: Path) -> None:
    words = ("--check", "webhook-signature-verified", "--format", "markdown")
    done = command("run", "--demo", "--defect", "empty-secret-accepted", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert "judged 1 of 1" in done.stdout
    assert "empty-key" in done.stdout
    assert "not safe" in done.stdout
    lenient = command("run", "--demo", "--defect", "unhealthy", "--fail-on", "critical", *words, cwd=tmp_path)
    assert lenient.returncode == 0, lenient.stdout


@pytest.mark.parametrize("name", ["dies-at-start", "wrong-port"])
def test_a_shop_that_does_not_start_is_told_from_one_that_is_unsound(name: str, tmp_path: Path) -> None:
    env = {"STRIPE_AUDIT_TARGET__LAUNCH__READY_WITHIN": "3"}
    done = command("run", "--demo", "--defect", name, "--format", "json", cwd=tmp_path, env=env)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    failed = {result["check"] for result in report["results"] if result["outcome"] == "failed"}
    assert DEFECTS[name].breaks in failed
    judged = [result for result in report["results"] if result["outcome"] in ("passed", "failed")]
    beyond = {result["check"] for result in judged if not result["task"].startswith("1.")}
    assert {report["checks"][check]["effect"] for check in beyond} <= {"none"}, beyond
    assert all(result["reason"] for result in report["results"] if result["outcome"] == "skipped")
