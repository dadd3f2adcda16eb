from __future__ import annotations

import dataclasses
import re

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND

from stripe_audit.models import Evidence
from stripe_audit.reporters.interface import reporter_named
from stripe_audit.reporters.markdown_text import cell, code, fenced, inline, prose


def render(report):
    return reporter_named("markdown").render(report)


def section(text, title):
    return re.search(rf"^## {title}.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1].strip()


def test_after_the_title_comes_how_much_was_judged():
    lines = render(GOLDEN).splitlines()
    assert lines[0] == "# Payment review: demo shop"
    assert lines[2].startswith("**judged 12 of 18** checks: ")


def test_every_phase_and_task_is_ticked():
    ticks = re.findall(r"^- (\S+) \*\*(\d\.\d) ", render(GOLDEN), re.MULTILINE)
    assert len(ticks) == 24
    assert [tick for tick, task in ticks if task in ("1.1", "2.2", "2.3")] == ["✅", "⚠️", "⏳"]


def test_a_finding_shows_its_exchange_and_fix():
    text = section(render(GOLDEN), "Phase 2")
    assert "#### F1 · 🔴 critical · A forged event changed an order" in text
    assert "POST http://127.0.0.1:4000/api/webhooks/stripe" in text
    assert 'answer 200 after 12.3 ms: {"received":true}' in text
    assert "x99: this exchange is not in the report" in text
    assert "Fix: Verify the `Stripe-Signature` header" in text


def test_an_error_beside_findings_is_told():
    assert "failed with F1, F6; error: TimeoutError: not finished after 20 s" in render(GOLDEN)


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Working components", "No check passed, so nothing is shown to work."),
        ("Critical issues", "No finding of critical or high severity: nothing was judged."),
        ("Compliance", "No check of this report names a standard."),
        ("Recommendations", "None: there is no finding to act upon."),
        ("Gaps", "No check was skipped.\n\nNo check was inconclusive.\n\nNo check errored."),
    ],
)
def test_an_empty_section_says_so(title, told):
    assert section(render(EMPTY), title) == told


def test_a_sound_report_has_nothing_to_do():
    text = render(SOUND)
    assert section(text, "Next steps") == "Nothing that was measured asks for a next step."
    assert section(text, "Critical issues") == "No finding of critical or high severity."
    assert "**judged 18 of 18; secure and functional**" in section(text, "Closing verdict")
    assert "Exit code 0: nothing at or above medium, and the audit is complete." in text


def test_an_interrupted_report_says_that_it_is_a_part():
    text = render(INTERRUPTED)
    assert "- Interrupted: yes: the report is partial" in text
    assert "The run was interrupted, so this is a part of what was planned." in text
    assert "Exit code 130" in text


def test_much_evidence_is_cut_and_counted():
    result = GOLDEN.results[5]
    finding = dataclasses.replace(result.findings[0], evidence=tuple(Evidence(f"piece {n}") for n in range(25)))
    text = render(dataclasses.replace(GOLDEN, results=(dataclasses.replace(result, findings=(finding,)),)))
    assert "- piece 9\n- 15 more in the JSON report" in text
    assert "piece 10" not in text


def test_a_check_that_the_report_does_not_describe_is_shown_all_the_same():
    text = render(dataclasses.replace(GOLDEN, checks={}))
    assert "A forged event changed an order" in text
    assert "Fix: none is described." in text


def test_there_is_never_more_than_one_empty_line():
    for report in (GOLDEN, EMPTY, SOUND, INTERRUPTED):
        assert "\n\n\n" not in render(report)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("payment_intent & <b>", r"payment\_intent \& \<b\>"),
        ("see https://evil.example/a_b now", "see `https://evil.example/a_b` now"),
        ("ask @octo about #12", "ask `@octo` about `#12`"),
        ("`@x`", "`` `@x` ``"),
        ("1. one", r"1\. one"),
        ("1.50 s", "1.50 s"),
        ("- one", r"\- one"),
        ("/close", r"\/close"),
        ("a\n\nb", "a b"),
        ("", "(empty)"),
        (" \n", "(empty)"),
    ],
)
def test_a_line_of_foreign_text(text, shown):
    assert inline(text) == shown


def test_foreign_text_is_cut_and_says_so():
    assert inline("a" * 30, 10) == "aaaaaaaaaa… (20 more characters)"


@pytest.mark.parametrize(("text", "shown"), [("a`b", "``a`b``"), ("`", "`` ` ``"), ("a  b", "`a b`"), ("", "(empty)")])
def test_a_code_span_holds_any_backticks(text, shown):
    assert code(text) == shown


def test_a_cell_keeps_its_pipes_from_splitting_it():
    assert cell("a|b") == r"a\|b"
    assert cell("http://x|y") == "`http://x¦y`"


def test_a_fence_is_longer_than_any_in_it():
    assert fenced(["a ```` b", "c"], 2) == "  `````text\n  a ```` b\n  c\n  `````"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Use ``a_b`` and *c*.", r"Use `a_b` and \*c\*."),
        ("One\nline.\n\nTwo.", "One line.\n\n  Two."),
        ("Do:\n\n- one\n  more\n- two\n\nThen.", "Do:\n\n  - one more\n  - two\n\n  Then."),
        ("- one", "\n\n  - one"),
        ("`a``b`", "```a``b```"),
        ("@x`a`", "`@x` `a`"),
    ],
)
def test_prose_keeps_paragraphs_lists_and_code(text, shown):
    assert prose(text, 2) == shown
