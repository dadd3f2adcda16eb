from __future__ import annotations

import dataclasses
import re

from tests.reporters.golden import PLAN

from stripe_audit.plan import Plan
from stripe_audit.reporters.action_plan import render_plan_markdown, render_plan_text


def test_the_plan_begins_with_what_will_run_and_its_bounds():
    line = render_plan_markdown(PLAN, "demo shop").splitlines()[2]
    assert (
        line == "**Will run 3 of 7** checks, with at most 81 requests to the target and at most 20 objects made there."
    )
    last = render_plan_text(PLAN).splitlines()[-1]
    assert last.startswith("will run 3 of 7 checks, with at most 81 requests to the target and at most 20 objects")


def test_every_task_is_in_the_plan():
    for text in (render_plan_markdown(PLAN), render_plan_text(PLAN)):
        assert len(re.findall(r"^\W+\d\.\d ", text, re.MULTILINE)) == 24


def test_each_check_says_what_it_may_do_or_why_it_will_not_run():
    markdown = render_plan_markdown(PLAN)
    assert (
        "⏳ Forged webhook events are rejected (`webhook-signature-verified`): effect write, routes webhook, order, "
        "at most 80 requests and 20 objects\n" in markdown
    )
    assert "will not run: observers.mail is not declared; set `observers.mail`\n" in markdown
    assert "added because another check requires it" in markdown
    assert "Set `observers.mail` to let 2 checks run: `customer-notified`, `failed-payment-alerted`" in markdown


def test_a_plan_without_gaps_says_so():
    whole = dataclasses.replace(PLAN, entries=PLAN.running)
    assert render_plan_markdown(whole).endswith("## What will not run\n\nEvery selected check will run.\n")
    assert "What will not run" not in render_plan_text(whole)


def test_an_empty_plan_is_rendered_too():
    assert "**Will run 0 of 0** checks" in render_plan_markdown(Plan((), PLAN.permission))
    assert "will run 0 of 0 checks" in render_plan_text(Plan((), PLAN.permission))


def test_the_plan_in_ascii():
    text = render_plan_text(PLAN, encoding="ascii")
    assert text.isascii()
    assert "  . 1.1 Backend starts" in text
