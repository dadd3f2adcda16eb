"""Hostile text, as the pipeline stores it and raw: every format stays whole, and nothing in it acts."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from tests.reporters.hostile import CORPUS, INERT, PLAN_RAW, RAW, SECRETS

from stripe_audit.phases import PHASES
from stripe_audit.reporters import terminal
from stripe_audit.reporters.action_plan import render_plan_markdown, render_plan_text
from stripe_audit.reporters.github_markdown import COMMENT_MARK
from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import from_json
from stripe_audit.reporters.markdown_text import cell, code, fenced, inline, prose
from stripe_audit.reporters.quoting import quoted

REPORTS = {"inert": INERT, "raw": RAW}
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ACTING_TOKENS = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "text_special_html",
    "s_open",
    "hr",
    "blockquote_open",
}


@cache
def rendered(format_name, name):
    return reporter_named(format_name).render(REPORTS[name])


def tokens_of(markdown):
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


def texts_outside_code(markdown):
    """The text as a reader sees it, a piece for each block, without what stands in code."""
    for token in PARSER.parse(markdown):
        if token.type == "inline":
            yield "".join("\uffff" if child.type == "code_inline" else child.content for child in token.children)


everywhere = pytest.mark.parametrize("name", REPORTS)


@everywhere
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_is_valid_utf8_and_ends_with_a_newline(format_name, name):
    text = rendered(format_name, name)
    assert text.encode("utf-8").decode("utf-8") == text
    assert text.endswith("\n")


@everywhere
@pytest.mark.parametrize("format_name", FORMATS)
def test_nothing_that_acts_without_being_seen_is_left(format_name, name):
    shown = set(rendered(format_name, name)) - {"\n"}
    acting = {char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not acting


# What may stand in the output of ``github``: its own commands, each on a line, escaped as GitHub's runner reads them.
ANNOTATION = re.compile(r"^::(error|warning|notice) (?:file=[^:,\n]+,line=\d+,)?title=[^:,\n]+::[^\n]*$", re.MULTILINE)
# "::name" at the beginning of a line, after spaces, is a command to GitHub's runner; "##[" anywhere was one before.
COMMAND = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE)


@everywhere
@pytest.mark.parametrize("format_name", FORMATS)
def test_no_line_is_a_command_to_a_ci_runner(format_name, name):
    text = rendered(format_name, name)
    assert not COMMAND.search(ANNOTATION.sub("", text) if format_name == "github" else text)


@pytest.mark.parametrize("width", [1, 24, 37, 53, 100])
def test_no_wrapped_line_is_a_command_to_a_ci_runner(width):
    assert not COMMAND.search(terminal.render(RAW, width=width))


@everywhere
def test_json_keeps_everything(name):
    text = rendered("json", name)
    report = from_json(text, "run.json")
    assert report == REPORTS[name]
    assert reporter_named("markdown").render(report) == rendered("markdown", name)
    assert reporter_named("terminal").render(report) == rendered("terminal", name)


MARKDOWN = ("markdown", "github-summary", "github-comment")
every_markdown = pytest.mark.parametrize("format_name", MARKDOWN)


def markdown_of(format_name, name):
    """Without the mark of a comment, which is ours."""
    return rendered(format_name, name).removeprefix(f"{COMMENT_MARK}\n")


@everywhere
@every_markdown
def test_markdown_has_no_link_image_or_html_from_hostile_text(format_name, name):
    kinds = {token.type for token in tokens_of(markdown_of(format_name, name))}
    assert not kinds & ACTING_TOKENS
    assert {"heading_open", "bullet_list_open", "fence", "table_open", "code_inline"} <= kinds


@everywhere
def test_markdown_has_only_the_headings_that_the_review_has(name):
    tokens = PARSER.parse(rendered("markdown", name))
    headings = [(token.tag, following.content) for token, following in pairwise(tokens) if token.type == "heading_open"]
    assert [text.split(":")[0] for tag, text in headings if tag == "h1"] == ["Payment review"]
    assert [text for tag, text in headings if tag == "h2"] == [
        *(f"Phase {phase.number}: {phase.title}" for phase in PHASES),
        "Executive summary",
        "Working components",
        "Critical issues",
        "Gaps: what was not looked at",
        "Compliance",
        "Test summary",
        "Recommendations",
        "Next steps",
        "Closing verdict",
    ]
    assert sum(tag == "h4" for tag, _ in headings) == len(REPORTS[name].findings)


# What GitHub and GitLab link by themselves in text that is no code.
LINKED = re.compile(r"@\w|\b(?:https?|ftp)://|\bwww\.|\b\w+#\d|(?<!\w)[#!~%]\w|\bGH-\d|\w@\w")


@everywhere
@every_markdown
def test_markdown_has_no_mention_or_address_outside_code(format_name, name):
    for text in texts_outside_code(markdown_of(format_name, name)):
        assert not LINKED.search(text), text[:300]


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_secret_that_the_pipeline_masked_comes_back(format_name):
    text = rendered(format_name, "inert")
    assert not [kind for kind, secret in SECRETS.items() if secret[8:-4] in text]


def test_each_kind_of_secret_is_in_the_raw_report():
    assert all(any(secret in text for text in CORPUS) for secret in SECRETS.values())
    assert all(secret in rendered("json", "raw") for secret in SECRETS.values())


@everywhere
@every_markdown
def test_markdown_tables_keep_their_columns(format_name, name):
    allowed = {"markdown": {4, 7}}.get(format_name, {3, 5})
    widths = []
    columns = 0
    for token in PARSER.parse(markdown_of(format_name, name)):
        if token.type == "tr_open":
            columns = 0
        elif token.type in ("th_open", "td_open"):
            columns += 1
        elif token.type == "tr_close":
            widths.append(columns)
    assert set(widths) == allowed
    # A row of more cells than its table has is cut silently, so the pipes that split are counted too.
    for line in markdown_of(format_name, name).splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1 in allowed, line[:300]


def test_the_plan_is_inert_too():
    markdown = render_plan_markdown(PLAN_RAW, CORPUS[4])
    assert not {token.type for token in tokens_of(markdown)} & ACTING_TOKENS
    assert not any(LINKED.search(text) for text in texts_outside_code(markdown))
    for text in (markdown, render_plan_text(PLAN_RAW, CORPUS[4])):
        assert not COMMAND.search(text)
        assert not {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs")} - {"\n"}


def test_markup_is_shown_and_not_obeyed():
    plain = terminal.render(INERT, width=2000)
    assert "[bold red]markup[/bold red] [/x] [link=http://evil.example]rich[/link] :boom:" in plain
    coloured = terminal.render(RAW, width=100, color=True)
    assert set(re.findall("\x1b(.)", coloured)) == {"["}
    assert set(re.findall("\x1b\\[[0-9;]*(.)", coloured)) == {"m"}


def test_templates_in_data_are_not_filled_in():
    assert "49" not in [word for text in texts_outside_code(inline("{{ 7 * 7 }}")) for word in text.split()]
    assert "{{" in html.unescape(PARSER.render(rendered("markdown", "raw")))


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
@pytest.mark.parametrize("escape", [inline, cell, prose, code, lambda text: fenced([text, text])], ids=range(5))
def test_each_way_to_escape_is_inert_alone_and_inside_a_line(text, escape):
    for place in ("{}", "- {}", "**bold** {} _it_", "| {} | x |\n|---|---|\n| a | {} |"):
        if escape not in (inline, cell, code) and place != "{}":
            continue
        if escape is not cell and place.startswith("|"):
            continue
        markdown = place.replace("{}", escape(text))
        assert not {token.type for token in tokens_of(markdown)} & ACTING_TOKENS
        assert not any(LINKED.search(shown) for shown in texts_outside_code(markdown))


@pytest.mark.parametrize(
    "text", [text for text in CORPUS if len(text) < 400 and text.strip()], ids=lambda text: text[:12]
)
def test_inline_text_is_shown_as_it_is(text):
    shown = "".join(child.content for token in PARSER.parse(inline(text)) for child in token.children or ())
    assert shown == quoted(text)
