"""The command line within this process: one for each call would cost half a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stripe_audit.cli import main


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


Inside = Callable[..., Done]


def inside_process(capsys: pytest.CaptureFixture[str]) -> Inside:
    """Runs the words of a command, as ``tests.cli.test_commands.command`` does in a process."""

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
