"""The golden report in every format, as it was last approved.

After a wanted change run ``STRIPE_AUDIT_UPDATE_EXPECTED=1 pytest tests/reporters/test_expected.py`` and read the diff.
The run that rewrites fails, so that it cannot be mistaken for a passing one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, PLAN, SOUND

from stripe_audit.reporters import terminal
from stripe_audit.reporters.action_plan import render_plan_markdown, render_plan_text
from stripe_audit.reporters.interface import FORMATS, reporter_named

EXPECTED = Path(__file__).parent / "expected"
# conftest.py takes our variables out of the environment before each test begins.
IS_UPDATING = os.environ.get("STRIPE_AUDIT_UPDATE_EXPECTED") == "1"
REPORTS = {"golden": GOLDEN, "interrupted": INTERRUPTED, "sound": SOUND, "empty": EMPTY}


def hold(name, text):
    file = EXPECTED / name
    if IS_UPDATING:
        file.write_bytes(text.encode())
        pytest.fail(f"{name} was rewritten")
    assert text == file.read_bytes().decode()


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_report_is_rendered_as_approved(name, format_name):
    reporter = reporter_named(format_name)
    hold(f"{name}{reporter.suffix}", reporter.render(REPORTS[name]))


def test_a_narrow_terminal_with_colours_is_rendered_as_approved():
    hold("golden-48-colour.txt", terminal.render(GOLDEN, width=48, color=True))


def test_the_plan_is_rendered_as_approved():
    hold("plan.md", render_plan_markdown(PLAN, "demo shop"))


def test_the_plan_for_a_terminal_is_rendered_as_approved():
    hold("plan.txt", render_plan_text(PLAN, "demo shop"))


def test_no_approved_file_is_left_over():
    wanted = {f"{name}{reporter_named(one).suffix}" for name in REPORTS for one in FORMATS}
    wanted |= {"golden-48-colour.txt", "plan.md", "plan.txt"}
    assert {file.name for file in EXPECTED.iterdir()} == wanted
