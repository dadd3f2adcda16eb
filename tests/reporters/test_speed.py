"""500 findings take far less than half a second in each format; four times that is allowed for a busy machine."""

from __future__ import annotations

import dataclasses
import time

import pytest
from tests.reporters.golden import GOLDEN

from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import from_json, to_json

pytestmark = pytest.mark.alone

TEMPLATE = GOLDEN.results[5]
LARGE = dataclasses.replace(
    GOLDEN,
    checks={f"check-{n}": dataclasses.replace(GOLDEN.checks[TEMPLATE.check], id=f"check-{n}") for n in range(500)},
    results=tuple(
        dataclasses.replace(
            TEMPLATE,
            check=f"check-{n}",
            task=f"{1 + n % 6}.{1 + n % 4}",
            findings=(dataclasses.replace(TEMPLATE.findings[0], check=f"check-{n}"),),
        )
        for n in range(500)
    ),
)


LIMITED = {"github-comment": 50}
"""Formats that leave out what their place has no room for, and how many they show at least."""


@pytest.mark.parametrize("name", FORMATS)
def test_500_findings_are_rendered_in_time(name):
    reporter = reporter_named(name)
    reporter.render(GOLDEN)
    start = time.perf_counter()
    text = reporter.render(LARGE)
    took = time.perf_counter() - start
    assert text.count("A forged event changed an order") >= LIMITED.get(name, 500)
    assert took < 2, f"{name} took {took:.2f} s"


def test_500_findings_are_read_in_time():
    text = to_json(LARGE)
    start = time.perf_counter()
    assert len(from_json(text, "run.json").findings) == 500
    assert time.perf_counter() - start < 2
