"""The guides for developers, CI and reviewers name only flags, formats, events and files that there are."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from stripe_audit.bundle.packing import write_bundle
from stripe_audit.cli.app import make_app
from stripe_audit.reporters import event_stream
from stripe_audit.reporters.interface import FORMATS
from tests.reporters.golden import GOLDEN

GUIDES = ("developer", "ci", "reviewer")


@pytest.fixture(params=GUIDES)
def guide(request: pytest.FixtureRequest, root: Path) -> str:
    return (root / "docs" / f"{request.param}.md").read_text("utf-8")


def options_of(command: Any) -> Iterator[str]:
    """The flags of a command and of all below it."""
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, TyperGroup):
        context = command.context_class(command, info_name=command.name)
        for name in command.list_commands(context):
            yield from options_of(command.get_command(context, name))


def test_every_flag_is_one_of_the_commands(guide: str) -> None:
    known = set(options_of(get_command(make_app()))) | {"--help"}
    lines = [line for line in guide.splitlines() if "stripe-audit " in line or line.strip().startswith("--format")]
    assert lines
    assert {flag for line in lines for flag in re.findall(r"(?<!\S)--[a-z][a-z-]+", line)} <= known


def test_every_format_is_one_that_there_is(guide: str) -> None:
    assert set(re.findall(r"--format ([a-z-]+)", guide)) <= set(FORMATS)


def test_all_formats_are_in_the_developers_guide(root: Path) -> None:
    table = (root / "docs" / "developer.md").read_text("utf-8").partition("## Formats")[2]
    assert {name for name in FORMATS if f"`{name}`" in table} == set(FORMATS) - {"pdf"}


def test_every_event_is_in_the_guide_for_ci(root: Path) -> None:
    text = (root / "docs" / "ci.md").read_text("utf-8")
    assert event_stream.SCHEMA in text
    for name in re.findall(r"^``([a-z-]+)``", event_stream.__doc__ or "", re.MULTILINE):
        assert f"`{name}`" in text


def test_every_file_of_a_bundle_is_in_the_reviewers_guide(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "reviewer.md").read_text("utf-8")
    write_bundle(tmp_path / "x.zip", GOLDEN, None)
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert [name for name in archive.namelist() if f"`{name}`" not in text] == ["README.txt"]


def test_links_lead_to_files(guide: str, root: Path) -> None:
    assert all((root / "docs" / link).is_file() for link in re.findall(r"\]\(([^)#]+)\)", guide))
