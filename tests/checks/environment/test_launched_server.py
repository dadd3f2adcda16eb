"""Launched processes: the sound shop, one that dies, one on another port, and a port that somebody else has."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

from stripe_audit.audit.stage import Stage
from stripe_audit.demo.project import write_project
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks

CHECKS = ("server-starts", "server-on-configured-port", "env-keys-present")


def judged(folder: Path, *defects: str, ready_within: float = 15.0, **target: str) -> dict[str, CheckResult]:
    settings = write_project(folder, defects=defects)
    flags = {"target": {"launch": {"ready_within": ready_within}, **target}}
    with Stage(load_settings(settings, flags=flags, environ={})) as stage:
        return run_checks(CHECKS, stage)


def test_a_sound_server_passes_and_tells_when_and_where_it_was_ready(tmp_path):
    results = judged(tmp_path)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}
    assert results["server-starts"].notes[0].startswith("ready after ")
    assert results["server-on-configured-port"].notes[0].endswith(", on 127.0.0.1")
    assert any(note.startswith("the app's log tells of ") for note in results["env-keys-present"].notes)


def test_a_server_that_dies_is_told_with_its_last_words(tmp_path):
    results = judged(tmp_path, "dies-at-start")
    (finding,) = results["server-starts"].findings
    assert finding.title == "The server exits while it starts"
    assert "code 3" in finding.detail
    assert "cannot find module './webhook-service'" in finding.evidence[0].summary
    assert results["server-on-configured-port"].outcome is Outcome.INCONCLUSIVE


def test_a_server_on_another_port_is_found_there(tmp_path):
    results = judged(tmp_path, "wrong-port", ready_within=2.5)
    (finding,) = results["server-on-configured-port"].findings
    assert finding.title == "The server listens on another port"
    assert len(finding.evidence[0].data["process listens on"]) == 2  # the other one, and TLS where it belongs
    assert results["server-starts"].findings[0].title == "The server does not become ready"


def test_a_port_that_is_taken_is_told_with_its_owner(tmp_path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        results = judged(tmp_path, url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    (finding,) = results["server-on-configured-port"].findings
    assert finding.title == "Another process has the port"
    assert "(process " in finding.detail
    assert results["server-starts"].findings[0].title == "The server cannot be started"
