"""Errors and tracebacks of a defect of ours hold no secret that the audit has read."""

from __future__ import annotations

import pytest

from stripe_audit import cli, redaction


@pytest.fixture
def failing(monkeypatch):
    """A command line that fails with a text."""
    monkeypatch.setattr(redaction, "_REMEMBERED", set())
    redaction.remember(["correct horse battery 9"])

    def fails_with(error):
        def make_app():
            def app(words, prog_name):
                raise error

            return app

        monkeypatch.setattr("stripe_audit.cli.app.make_app", make_app)
        with pytest.raises(SystemExit) as ended:
            cli.main(["run"])
        return ended.value.code

    return fails_with


SECRETS = "correct horse battery 9 and sk_test_51Aaaaaaaaaaaaaaaaaaaaa and \x1b[31m"


@pytest.mark.parametrize("error", [RuntimeError(SECRETS), OSError(5, SECRETS, SECRETS)])
def test_a_traceback_is_shown_where_it_is_asked_for_and_holds_no_secret(failing, error, monkeypatch, capsys):
    monkeypatch.setenv("STRIPE_AUDIT_TRACEBACK", "1")
    assert failing(error) == 3
    told = capsys.readouterr().err
    assert "Traceback (most recent call last)" in told
    assert "raise error" in told
    for hidden in ("correct horse", "Aaaaaaaaaaaa", "\x1b"):
        assert hidden not in told


def test_without_being_asked_there_is_none(failing, capsys):
    assert failing(RuntimeError(SECRETS)) == 3
    told = capsys.readouterr().err
    assert "Traceback" not in told and "internal error: RuntimeError" in told
    assert "correct horse" not in told
