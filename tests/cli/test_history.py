"""``stripe-audit report history``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from stripe_audit.reporters.json_format import to_json
from tests.cli.test_report import called
from tests.reporters.golden import GOLDEN, SOUND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs in folders of their own, a report beside them, and what is none."""
    later = dataclasses.replace(SOUND, run=dataclasses.replace(SOUND.run, started_at=SOUND.run.started_at + 86_400))
    for name, report in (("a", GOLDEN), ("b", later)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(to_json(report), "utf-8")
    (tmp_path / "c.json").write_text(
        to_json(dataclasses.replace(GOLDEN, run=dataclasses.replace(GOLDEN.run, started_at=1.0)))
    )
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "exchanges.ndjson").write_text("{")
    return tmp_path


def test_a_folder_of_runs_and_reports_is_told_as_a_trend(folder: Path, capsys) -> None:
    code, out, err = called(capsys, "report", "history", str(folder))
    assert code == 0 and out.startswith("History of demo shop: 3 reports\n")
    assert err.startswith("passed over: ") and "broken.json" in err and err.count("\n") == 1


def test_the_page_is_written_and_the_newest_are_chosen(folder: Path, capsys) -> None:
    page = folder / "history.html"
    code, out, _ = called(capsys, "report", "history", str(folder), "-f", f"html={page}", "--last", "2")
    assert code == 0 and "2 reports" in out
    assert "History of payment reviews" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere is no folder"),
        ([".", "--target", "other"], "holds no report of 'other'"),
        ([".", "-f", "sarif"], "a history has no sarif format"),
    ],
)
def test_what_cannot_be_told_is_an_error_with_a_hint(folder: Path, capsys, monkeypatch, words, told) -> None:
    monkeypatch.chdir(folder)
    code, _, err = called(capsys, "report", "history", *words)
    assert code == 2 and told in err and "hint: " in err
