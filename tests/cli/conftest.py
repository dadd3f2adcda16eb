"""The command line within this process: one for each call would cost half a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit.cli import main
from tests.cli.inside import Done, Inside


@pytest.fixture
def inside(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Inside:
    """Runs the words of a command in ``tmp_path``, as ``tests.cli.test_commands.command`` does in a process."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Done:
        code: object = 0
        try:
            main(list(words))
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        assert isinstance(code, int)
        return Done(code, told.out, told.err)

    return run
