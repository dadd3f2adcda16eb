from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stripe_audit.errors import UsageError
from stripe_audit.reporters.interface import FILE_FORMATS, FORMATS, Output, Reporter, parse_output, reporter_named

ALL = f"one of {', '.join(FORMATS)}"
EVERY = f"one of {', '.join((*FORMATS, *FILE_FORMATS))}"


def test_files_of_two_formats_are_told_apart_by_their_ending():
    suffixes = [reporter_named(name).suffix for name in FORMATS]
    assert len(set(suffixes)) == len(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_reporter_of_that_name(name):
    reporter = reporter_named(name)
    assert isinstance(reporter, Reporter)
    assert reporter.name == name
    assert reporter.suffix.startswith(".")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("markdwn", "did you mean markdown?"),
        ("md", "did you mean markdown?"),
        ("JSON", ALL),
        ("jsn", "did you mean json?"),
        ("text", "did you mean terminal?"),
        ("", ALL),
    ],
)
def test_an_unknown_name_is_an_error_with_a_suggestion(name, hint):
    with pytest.raises(UsageError) as caught:
        reporter_named(name)
    assert caught.value.hint == hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("json", Output("json")),
        ("JSON", Output("json")),
        ("json=-", Output("json")),
        ("json=out/a=b.json", Output("json", Path("out/a=b.json"))),
        ("markdown=~/review.md", Output("markdown", Path.home() / "review.md")),
    ],
)
def test_a_format_with_or_without_a_path(text, output):
    assert parse_output(text) == output


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("report.md", "a file is given as FORMAT=PATH: markdown=report.md"),
        ("report.pdf", "a file is given as FORMAT=PATH: pdf=report.pdf"),
        ("report.html", "a file is given as FORMAT=PATH: html=report.html"),
        ("out/junit.xml", "a file is given as FORMAT=PATH: junit=out/junit.xml"),
        ("out/report.json", "a file is given as FORMAT=PATH: json=out/report.json"),
        ("json=", "json=FILE writes to a file, json alone to standard output"),
        ("json= ", "json=FILE writes to a file, json alone to standard output"),
        ("json=a\0b", "json=FILE writes to a file, json alone to standard output"),
        ("termnal=x", "did you mean terminal?"),
        ("", EVERY),
        ("=x", EVERY),
    ],
)
def test_what_is_no_output_is_an_error_that_says_what_to_write(text, hint):
    with pytest.raises(UsageError) as caught:
        parse_output(text)
    assert caught.value.hint == hint


HEAVY = ("rich", "jinja2", "pydantic", "httpx", "aiohttp", "stripe", "markdown_it")


def imported(statement):
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def test_the_interface_imports_nothing_heavy():
    assert imported("import stripe_audit.reporters.interface") == []


def test_a_format_imports_only_what_it_needs_when_it_renders():
    render = (
        "from tests.reporters.golden import GOLDEN as report\n"
        "from stripe_audit.reporters.interface import reporter_named\n"
        "reporter_named({!r}).render(report)"
    )
    assert imported(render.format("json")) == []
    assert imported(render.format("markdown")) == ["jinja2"]
    assert imported(render.format("html")) == ["jinja2"]
    assert set(imported(render.format("terminal"))) <= {"rich", "markdown_it"}


def test_plain_progress_does_without_rich():
    assert (
        imported("import sys\nfrom stripe_audit.reporters.progress import PlainProgress\nPlainProgress(sys.stderr)")
        == []
    )
