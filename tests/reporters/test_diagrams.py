"""Sequence diagrams and the timeline: what is drawn, in which order, and the same in words."""

from __future__ import annotations

import dataclasses
import math
import re
import xml.etree.ElementTree as ET

import pytest
from tests.reporters.golden import GOLDEN, STARTED
from tests.reporters.hostile import CORPUS
from tests.reporters.told import STORY, TOLD

from stripe_audit.models import Party
from stripe_audit.reporters.diagrams import DRAWN_CAP, path_of, sequence_diagram
from stripe_audit.reporters.diagrams_timeline import timeline, timeline_lines


def drawn(exchanges=STORY, cited=("x24",), note="", name="d1"):
    made = sequence_diagram(exchanges, cited=frozenset(cited), name=name, title="What led to F1", note=note)
    assert made
    return made, ET.fromstring(made.svg)


def texts(svg, kind=""):
    return [one.text for one in svg.iter("text") if kind in (one.get("class") or "")]


def test_the_parties_stand_as_lifelines_and_only_those_that_speak():
    _, svg = drawn()
    assert texts(svg, "who") == ["Audit", "Customer", "App", "Stripe", "Webhooks"]
    _, svg = drawn(STORY[1:2], ())
    assert texts(svg, "who") == ["App", "Stripe"]


def test_answers_stand_where_they_came_in_time():
    _, svg = drawn(STORY[:2], ())
    assert texts(svg, "said") == [
        "POST /api/create-payment-intent",
        "fault slow: POST /v1/payment_intents",
        "200 · 50.0 ms",
        "200 · 90.0 ms",
    ]
    assert texts(svg, "when") == ["+0.000 s", "+0.020 s", "+0.070 s", "+0.090 s"]


def test_the_order_of_the_exchanges_given_does_not_matter():
    assert drawn(STORY)[0] == drawn(tuple(reversed(STORY)))[0]


def test_evidence_faults_and_duplicates_are_marked_in_words_and_form():
    made, svg = drawn()
    assert len([one for one in svg.iter("rect") if one.get("class") == "band"]) == 2
    assert "duplicate: POST /api/webhooks/stripe" in texts(svg, "marked")
    lines = [one.get("d") for one in svg.iter("path") if "marked" in (one.get("class") or "")]
    assert len(lines) == 5  # the fault and the duplicate, both with a tip, and the duplicate's second line
    assert made.lines[4].endswith("(evidence, duplicate)")
    assert made.lines[1].endswith("answered 200 after 50.0 ms (fault: slow)")


def test_a_webhook_event_is_named_by_its_type():
    made, svg = drawn()
    assert "POST /api/webhooks/stripe · payment_intent.succeeded" in texts(svg, "said")
    assert "Webhooks to App: POST /api/webhooks/stripe · payment_intent.succeeded, answered 200" in made.lines[3]


def test_long_ids_are_shortened_in_the_drawing_and_whole_in_words():
    identity = "pi_3zVWzRwBDj8v7jI3t05HA0Oy"
    one = dataclasses.replace(STORY[2], url=f"http://127.0.0.1:1/v1/payment_intents/{identity}/confirm")
    made, svg = drawn((one,), ())
    assert texts(svg, "said")[0] == "POST /v1/payment_intents/pi_3zVWzRwBDj8…A0Oy/confirm"
    assert identity in made.lines[0]


def test_no_answer_and_a_servers_error_are_bad():
    silent = dataclasses.replace(STORY[0], status=None, response=None, error="reset by peer")
    made, svg = drawn((silent, dataclasses.replace(STORY[1], status=503)), ())
    assert texts(svg, "bad") == ["503 · 50.0 ms", "no answer · 90.0 ms"]
    assert "no answer after 90.0 ms: reset by peer" in made.lines[0]


def test_what_was_seen_afterwards_is_a_note():
    _, svg = drawn(note='seen afterwards: {"state": "paid"}')
    assert texts(svg, "noted") == ['seen afterwards: {"state": "paid"}']


def test_the_drawing_has_a_title_and_a_description_and_says_the_same_in_words():
    made, svg = drawn(name="diagram-F7")
    assert svg.get("role") == "img" and svg.get("aria-labelledby") == "diagram-F7-title diagram-F7-desc"
    assert {svg.find("title").get("id"), svg.find("desc").get("id")} == {"diagram-F7-title", "diagram-F7-desc"}
    assert len(made.lines) == len(STORY)


def test_everything_lies_within_the_drawing():
    _, svg = drawn(note="n" * 400)
    width, height = (float(svg.get(name)) for name in ("width", "height"))
    for one in svg.iter("text"):
        x, y, length = float(one.get("x")), float(one.get("y")), len(one.text) * 6.3
        left = {"end": x - length, "middle": x - length / 2}.get(one.get("text-anchor"), x)
        assert left >= -1 and left + length <= width + 1 and 0 <= y <= height, one.text


def test_a_long_story_is_cut_around_its_evidence_and_says_so():
    many = [dataclasses.replace(STORY[5], id=f"x{n}", started_at=STARTED + n) for n in range(100, 200)]
    made, svg = drawn(many, ("x150",))
    assert made.left_out == 100 - DRAWN_CAP and len(made.lines) == DRAWN_CAP
    assert "x150" in texts(svg, "id")


def test_nothing_is_drawn_of_nothing():
    assert sequence_diagram((), cited=frozenset(), name="d", title="") is None


@pytest.mark.parametrize("text", CORPUS)
def test_hostile_text_stays_text(text):
    one = dataclasses.replace(STORY[0], id=text or "x", method=text, url=f"http://a/{text}", fault=text, error=text)
    made = sequence_diagram([one], cited=frozenset(), name="d", title=text, note=text)
    assert made
    svg = ET.fromstring(made.svg)
    assert {one.tag for one in svg.iter()} <= {"svg", "title", "desc", "rect", "line", "text", "path"}
    assert len(made.svg) < 20_000


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 1e300, -1e300])
def test_numbers_from_elsewhere_do_no_harm(number):
    one = dataclasses.replace(STORY[0], started_at=number, duration_ms=number)
    _, svg = drawn((one, STORY[1]), ())
    assert len(texts(svg, "when")) == 4


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://127.0.0.1:1/a?b=c", "/a?b=c"),
        ("http://127.0.0.1:1", "/"),
        ("no address", "no address"),
        ("http://a/\x1b[31m", "/␛[31m"),
    ],
)
def test_an_address_is_shown_without_its_host(url, path):
    assert path_of(url) == path


def test_a_party_may_speak_to_itself():
    _, svg = drawn((dataclasses.replace(STORY[0], source=Party.APP),), ())
    assert len(list(svg.iter("circle"))) == 2


# The timeline


def test_each_check_that_began_is_a_bar_in_the_order_of_the_report():
    svg = ET.fromstring(timeline(TOLD))
    begun = [result for result in TOLD.results if result.started_at]
    names = texts(svg, "name")
    assert names == [result.check for result in begun]
    bars = [one for one in svg.iter("rect") if "bar" in one.get("class")]
    assert [one.get("class") for one in bars] == [f"bar {result.outcome}" for result in begun]
    assert all(float(one.get("x")) + float(one.get("width")) <= 860 for one in bars)


def test_outcomes_other_than_passed_are_told_in_words():
    told = texts(ET.fromstring(timeline(TOLD)), "took")
    assert sum(one.endswith(" failed") for one in told) == sum(
        result.outcome == "failed" for result in TOLD.results if result.started_at
    )


def test_the_timeline_is_told_in_words_too():
    assert timeline_lines(TOLD)[0] == "+0.00 s server-starts: passed after 1.50 s"


def test_a_report_without_times_has_no_timeline():
    assert timeline(GOLDEN) is None and timeline_lines(GOLDEN) == ()


@pytest.mark.parametrize("number", [math.inf, math.nan, 1e300, -1.0])
def test_times_from_elsewhere_are_left_out(number):
    results = tuple(dataclasses.replace(one, started_at=number, duration_s=number) for one in GOLDEN.results)
    assert timeline(dataclasses.replace(GOLDEN, results=results)) is None


def test_a_run_of_no_time_and_one_of_a_day_have_readable_axes():
    for duration in (0.0, 0.001, 86_400.0):
        one = dataclasses.replace(GOLDEN.results[0], started_at=STARTED, duration_s=duration)
        svg = timeline(dataclasses.replace(GOLDEN, results=(one,)))
        assert svg and 1 <= len(re.findall('class="tick"', svg)) <= 12
