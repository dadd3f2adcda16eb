"""A trend over reports: what is new, fixed, not looked at any more, and still there; in text and in HTML."""

from __future__ import annotations

import dataclasses
import re

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, SOUND, STARTED
from tests.reporters.hostile import RAW
from tests.reporters.test_html import Reader

from stripe_audit.models import Outcome
from stripe_audit.reporters.history import changes, history_of, history_text, moment_of
from stripe_audit.reporters.html_history import history_html


def at(report, days, **target):
    run = dataclasses.replace(report.run, started_at=STARTED + days * 86_400, tag=f"day{days}")
    return moment_of(dataclasses.replace(report, run=run, target=dataclasses.replace(report.target, **target)))


def without(check, outcome=Outcome.PASSED):
    results = tuple(
        dataclasses.replace(one, outcome=outcome, findings=(), error=None) if one.check == check else one
        for one in GOLDEN.results
    )
    return dataclasses.replace(GOLDEN, results=results)


SIGNED = "webhook-signature-verified"
COUNT = len(GOLDEN.findings)
OF_SIGNED = sum(finding.check == SIGNED for finding in GOLDEN.findings)


def test_reports_are_told_in_order_of_time_whatever_order_they_are_given_in():
    told = history_of([at(SOUND, 2), at(GOLDEN, 0), at(GOLDEN, 1)])
    assert [point.moment.tag for point in told.points] == ["day0", "day1", "day2"]
    assert history_of([at(GOLDEN, 1), at(SOUND, 2), at(GOLDEN, 0)]) == told


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (GOLDEN, ""),
        (without(SIGNED), f"{OF_SIGNED} fixed"),
        (without(SIGNED, Outcome.SKIPPED), f"{OF_SIGNED} not looked at any more"),
        (without(SIGNED, Outcome.INCONCLUSIVE), f"{OF_SIGNED} not looked at any more"),
        (dataclasses.replace(GOLDEN, results=()), f"{COUNT} not looked at any more"),
    ],
)
def test_what_changed_since_the_report_before(second, told):
    history = history_of([at(GOLDEN, 0), at(second, 1)])
    assert changes(history.points[1]) == told
    back = history_of([at(second, 0), at(GOLDEN, 1)])
    assert changes(back.points[1]) == (f"{told.split()[0]} new" if told else "")


def test_nothing_is_new_in_the_first_report():
    assert changes(history_of([at(GOLDEN, 0)]).points[0]) == ""


def test_only_the_newest_are_kept_and_still_compared_to_those_before_them():
    told = history_of([at(without(SIGNED), 0), at(GOLDEN, 1)], last=1)
    assert len(told.points) == 1 and told.points[0].new == OF_SIGNED


def test_the_target_of_the_newest_report_is_told_and_others_are_counted():
    moments = [at(GOLDEN, 0, name="old"), at(GOLDEN, 1, name="new"), at(GOLDEN, 0.5, name="old")]
    told = history_of(moments)
    assert (told.target, dict(told.others)) == ("new", {"old": 2})
    assert len(history_of(moments, "old").points) == 2
    assert history_of(moments, "none").points == () and history_of([]).points == ()


def test_findings_that_last_are_counted_without_gaps():
    told = history_of([at(GOLDEN, 0), at(without(SIGNED), 1), at(GOLDEN, 2), at(GOLDEN, 3)])
    lasting = {check: runs for check, _, runs in told.lasting}
    assert lasting[SIGNED] == 2 and lasting["webhook-duplicates-harmless"] == 4
    assert [runs for _, _, runs in told.lasting] == sorted((runs for _, _, runs in told.lasting), reverse=True)


def test_the_text_has_a_line_for_each_report():
    text = history_text(history_of([at(GOLDEN, 0), at(without(SIGNED), 1), at(SOUND, 2)]))
    lines = text.splitlines()
    assert lines[0] == "History of demo shop: 3 reports"
    assert "not safe" in lines[1] and "█" * 24 in lines[1]
    assert f"({OF_SIGNED} fixed)" in lines[2] and "no findings" in lines[3]
    assert text.endswith("\n") and "Still there" not in text


def test_the_page_says_the_same_as_the_text():
    history = history_of([at(GOLDEN, 0), at(without(SIGNED), 1), at(GOLDEN, 2)])
    page = history_html(history)
    reader = Reader()
    reader.feed(page)
    assert not reader.open and not reader.unbalanced
    assert f"{OF_SIGNED} fixed" in reader.text and f"{OF_SIGNED} new" in reader.text and "Still there" in reader.text
    assert page == history_html(history)


def test_bars_are_as_high_as_there_are_findings():
    page = history_html(history_of([at(GOLDEN, 0), at(SOUND, 1)]))
    heights = [
        float(one)
        for one in re.findall(r'<rect class="is-(?:critical|high|medium|low|info)".*?height="([\d.]+)"', page)
    ]
    assert abs(sum(heights) - 200) < 1
    assert page.count('<rect class="is-passed"') == 1


@pytest.mark.parametrize("count", [1, 2, 11, 400])
def test_many_reports_are_drawn_within_the_page(count):
    page = history_html(history_of([at(GOLDEN, day) for day in range(count)]))
    rights = [
        float(x) + float(width)
        for x, width in re.findall(r'<rect class="is-\w+" x="([\d.]+)".*?width="([\d.]+)"', page)
    ]
    assert rights and max(rights) <= 860
    assert len(re.findall(r'class="tick" x="[\d.]+" y="232"', page)) <= 11
    assert ("280 older reports not drawn" in page) is (count == 400)


def test_hostile_reports_do_no_harm():
    for report in (RAW, EMPTY):
        history = history_of([moment_of(report), moment_of(report)])
        reader = Reader()
        reader.feed(history_html(history))
        assert not reader.open and not reader.unbalanced
        assert not {tag for tag, _ in reader.tags} & {"script", "img"}
        assert not any(line.lstrip().startswith("::") for line in history_text(history).splitlines())
        assert "\x1b" not in history_text(history)
