from __future__ import annotations

import pytest

from tests.checks.modules import module_of


@pytest.mark.parametrize(
    ("failure", "was_run", "exit_code", "title"),
    [
        (None, True, None, None),
        (None, True, 1, "The server exited after it had started"),
        (None, True, 0, "The server exited after it had started"),
        ("port 3001 is already in use by node (process 7)", False, None, "The server cannot be started"),
        ("the target exited with code 3 before it was ready", True, 3, "The server exits while it starts"),
        ("the target was not healthy within 20 s", True, None, "The server does not become ready"),
    ],
)
def test_what_is_wrong_with_a_start(failure, was_run, exit_code, title):
    wrong = module_of("server-starts").assess(failure, was_run=was_run, exit_code=exit_code)
    assert (wrong and wrong[0]) == title
    if wrong and failure:
        assert failure in wrong[1]
