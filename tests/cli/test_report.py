"""``stripe-audit report``: a report rendered again, a bundle written and checked."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stripe_audit.cli import main
from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import to_json
from tests.cli.test_commands import command
from tests.reporters.golden import GOLDEN


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a report, which is the working directory."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(to_json(GOLDEN), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


@pytest.mark.parametrize("words", [("run/report.json",), ("show", "run/report.json"), ("run",), ("./run",)])
def test_a_report_is_shown_with_or_without_saying_show(here: Path, capsys, words) -> None:
    code, out, _ = called(capsys, "report", *words, "--format", "markdown")
    assert (code, out) == (0, reporter_named("markdown").render(GOLDEN))
    code, out, _ = called(capsys, "report", "--format", "markdown", *words) if words[0] != "show" else (0, out, "")
    assert (code, out) == (0, reporter_named("markdown").render(GOLDEN))


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "terminal"])
def test_every_format_is_printed_and_written_alike(here: Path, capsys, name) -> None:
    code, out, _ = called(capsys, "report", "run", "--format", name)
    assert (code, out) == (0, reporter_named(name).render(GOLDEN))
    code, _, _ = called(capsys, "report", "run", "--format", f"{name}=out")
    assert code == 0
    assert (here / "out").read_text("utf-8") == out


def test_the_formats_in_the_help_are_those_that_there_are(here: Path, capsys) -> None:
    for words in (("run", "--help"), ("report", "show", "--help")):
        _, out, _ = called(capsys, *words)
        assert "".join(FORMATS) in "".join(out.split()).replace(",", "")


def test_a_bundle_is_written_and_verified(here: Path, capsys) -> None:
    code, _, _ = called(capsys, "report", "run", "--bundle", "evidence.zip", "--format", "csv=x.csv")
    assert code == 0
    code, out, _ = called(capsys, "report", "verify", "evidence.zip")
    assert code == 0
    assert "files as they were written; head " in out
    assert "not signed" in out
    with zipfile.ZipFile("evidence.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile("evidence.zip", "w") as archive:
        for name, data in {**found, "report.md": b"all is well"}.items():
            archive.writestr(name, data)
    code, out, _ = called(capsys, "report", "verify", "evidence.zip")
    assert (code, out) == (1, "report.md: was changed\n")


def test_a_report_that_was_written_elsewhere_finds_its_runs_folder(here: Path, capsys) -> None:
    (here / "run" / "exchanges.ndjson").write_text("")
    named = dataclasses.replace(GOLDEN, run=dataclasses.replace(GOLDEN.run, folder=str(here / "run")))
    (here / "mine.json").write_text(to_json(named), "utf-8")
    entries = []
    for tag in (GOLDEN.run.tag, "another"):
        other = dataclasses.replace(named, run=dataclasses.replace(named.run, tag=tag))
        (here / "run" / "report.json").write_text(to_json(other), "utf-8")
        code, _, err = called(capsys, "report", "mine.json", "--bundle", "evidence.zip", "--format", "csv=x.csv")
        assert code == 0
        assert ("only what the report quotes" in err) is (tag == "another")
        with zipfile.ZipFile("evidence.zip") as archive:
            entries.append(len(json.loads(archive.read("exchanges.har"))["log"]["entries"]))
    assert entries == [0, len(GOLDEN.exchanges)]


@pytest.mark.ssh
def test_a_bundle_is_signed_with_the_users_key(here: Path, capsys) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], check=True)
    (here / "signers").write_text("me@example.com " + (here / "key.pub").read_text())
    code, _, _ = called(capsys, "report", "run", "--bundle", "evidence.zip", "--sign", "key", "--format", "csv=x.csv")
    assert code == 0
    code, out, _ = called(capsys, "report", "verify", "evidence.zip")
    assert code == 0 and "signed with SHA256:" in out and "--signers" in out
    words = ("report", "verify", "evidence.zip", "--signers", "signers", "--identity", "me@example.com")
    code, out, _ = called(capsys, *words)
    assert code == 0 and "signed by me@example.com with SHA256:" in out
    code, out, _ = called(capsys, *words[:-1], "you@example.com")
    assert code == 1 and "is not you@example.com's" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "run", "--sign", "key"), "--sign signs a bundle"),
        (("report", "run", "--bundle", "x.zip", "--sign", "key"), "--sign key: there is no such file"),
        (("report", "run", "--bundle", "none/x.zip"), "there is no folder"),
        (("report", "run", "--bundle", "run"), "run is a folder"),
        (("report", "run", "--format", "srif"), "did you mean sarif?"),
        (("report", "run", "--format", "csv", "--format", "junit"), "csv and junit cannot both go"),
        (("report", "verify", "run/report.json"), "is no bundle"),
        (("report", "verify", "none.zip"), "is not there"),
        (("report", "verify", "none.zip", "--signers", "x"), "--signers and --identity go together"),
        (("report", "verify", "none.zip", "--signers", "x", "--identity", "y"), "--signers x: there is no such file"),
        (("run", "--dry-run", "--bundle", "x.zip"), "--bundle needs a run, and --dry-run makes none"),
        (("run", "--dry-run", "--events", "-"), "--events needs a run"),
        (("run", "--dry-run", "--format", "sarif"), "the plan has no sarif format"),
        (("run", "--demo", "--events", "-", "--format", "csv"), "--events - and csv cannot both go"),
        (("run", "--demo", "--events", "none/x"), "none/x: there is no folder"),
    ],
)
def test_bad_usage_is_told_and_leaves_nothing(here: Path, capsys, words, told) -> None:
    before = set(here.rglob("*"))
    code, out, err = called(capsys, *words)
    assert code == 2, (out, err)
    assert told in err
    assert "hint: " in err or "no such file" in told
    assert set(here.rglob("*")) == before


def test_a_bundle_that_cannot_be_written_is_told_and_the_reports_are_there(here: Path, capsys, monkeypatch) -> None:
    from stripe_audit.bundle import packing

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing, "_add", full)
    code, _, err = called(capsys, "report", "run", "--bundle", "x.zip", "--format", "csv=x.csv")
    assert code == 3
    assert "x.zip cannot be written: No space left on device" in err
    assert (here / "x.csv").is_file() and not (here / "x.zip").exists()


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A short run whose events are on standard output."""
    words = ("run", "--demo", "--check", "health-endpoint-answers", "--quiet", "--allow-empty", "security")
    return command(*words, "--events", "-", cwd=tmp_path_factory.mktemp("events"))


def test_events_on_standard_output_are_all_that_is_there(streamed: subprocess.CompletedProcess[str]) -> None:
    lines = [json.loads(line) for line in streamed.stdout.splitlines()]
    assert [line["event"] for line in lines] == [
        "run-started",
        "phase-started",
        "check-began",
        "check-finished",
        "phase-finished",
        "run-finished",
        "report",
    ]
    assert lines[-1]["exit_code"] == streamed.returncode == 0


STREAMING = """
import sys
from stripe_audit.cli.event_output import events_to
from stripe_audit.events import CheckBegan
with events_to("-") as stream:
    for number in range(3):
        stream(CheckBegan("x"))
print("what else is printed goes nowhere, and is no error")
sys.stderr.write(f"the run went on: {stream.trouble}")
"""


def test_a_reader_of_events_that_leaves_ends_no_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        words = [sys.executable, "-c", STREAMING]
        done = subprocess.run(words, stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "the run went on: Broken pipe")
