"""The HTML report, read without a browser: whole, inert, self-contained, and the same each time."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import shlex
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND
from tests.reporters.hostile import CORPUS, INERT, RAW
from tests.reporters.told import FORGED, STORY, TOLD

from stripe_audit.models import Evidence, Exchange, Message, Party, Severity, SourceLocation
from stripe_audit.phases import PHASES
from stripe_audit.report import Accepted, Since
from stripe_audit.reporters.html import HtmlReporter
from stripe_audit.reporters.html_evidence import curl, run_command
from stripe_audit.reporters.html_fixes import fix_pages, framework_of
from stripe_audit.reporters.html_text import block, data_block, inline, linked, prose, with_labels
from stripe_audit.reporters.json_format import from_json, to_json
from stripe_audit.reporters.review import Numbered

REPORTS = {
    "golden": GOLDEN,
    "told": TOLD,
    "sound": SOUND,
    "interrupted": INTERRUPTED,
    "empty": EMPTY,
    "inert": INERT,
    "raw": RAW,
}
VOID = {"meta", "br", "hr", "img", "input", "link", "wbr", "base"}
everywhere = pytest.mark.parametrize("name", REPORTS)


class Reader(HTMLParser):
    """Tags with their attributes, the text, and what does not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@cache
def page(name):
    return HtmlReporter().render(REPORTS[name])


@cache
def read(name):
    reader = Reader()
    reader.feed(page(name))
    reader.close()
    return reader


# One file that nothing can act in


@everywhere
def test_the_page_is_well_formed(name):
    reader = read(name)
    assert not reader.unbalanced and not reader.open
    identities = [attributes["id"] for _, attributes in reader.tags if attributes.get("id")]
    assert len(identities) == len(set(identities))
    targets = {attributes.get("href", "") for _, attributes in reader.tags if attributes.get("href")}
    assert {target[1:] for target in targets if target.startswith("#")} <= set(identities)
    labels = " ".join(attributes.get("aria-labelledby") or "" for _, attributes in reader.tags).split()
    assert set(labels) <= set(identities)


@everywhere
def test_no_script_no_style_attribute_and_nothing_from_elsewhere(name):
    reader = read(name)
    allowed = {"a", "article", "b", "body", "circle", "code", "dd", "desc", "details", "div", "dl", "dt", "figcaption"}
    allowed |= {"figure", "h1", "h2", "h3", "h4", "h5", "head", "header", "html", "i", "li", "line", "main", "meta"}
    allowed |= {
        "nav",
        "ol",
        "p",
        "path",
        "pre",
        "rect",
        "section",
        "span",
        "strong",
        "style",
        "summary",
        "svg",
        "symbol",
    }
    allowed |= {"table", "tbody", "td", "text", "th", "thead", "title", "tr", "ul", "use"}
    assert {tag for tag, _ in reader.tags} <= allowed
    names = {attribute for _, attributes in reader.tags for attribute in attributes}
    assert not {one for one in names if one.startswith("on") or one in ("style", "src", "srcset", "srcdoc", "action")}
    elsewhere = [attributes["href"] for attributes in reader.named("a") if not attributes["href"].startswith("#")]
    assert all(re.match(r"https://(docs\.stripe\.com/|cwe\.mitre\.org/|github\.com/)", one) for one in elsewhere)
    assert {attributes["href"][0] for attributes in reader.named("use")} <= {"#"}


@everywhere
def test_the_policy_allows_the_one_style_element_and_nothing_else(name):
    policy = next(a["content"] for a in read(name).named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    styles = re.findall(r"<style>(.*?)</style>", page(name), re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_hostile_text_is_shown_and_not_obeyed():
    text = read("raw").text
    for shown in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "=1+1", "[link](http://evil.example)", "<U+D800>"):
        assert shown in text
    assert "\x1b" not in page("raw") and "\u202e" not in page("raw")


@pytest.mark.parametrize(
    "text", ["</style><script>alert(1)</script>", "]]></svg><img src=x>", '" onload="alert(1)', "--><b>"]
)
def test_nothing_closes_what_it_stands_in(text):
    finding = dataclasses.replace(FORGED, title=text, detail=text, route=text, fix=text)
    results = tuple(
        dataclasses.replace(one, findings=(finding,), title=text, notes=(text,)) if FORGED in one.findings else one
        for one in TOLD.results
    )
    target = dataclasses.replace(TOLD.target, name=text, url=text)
    reader = Reader()
    reader.feed(HtmlReporter().render(dataclasses.replace(TOLD, results=results, target=target, notes=(text,))))
    assert not reader.unbalanced and not reader.open
    assert {tag for tag, _ in reader.tags} <= {tag for tag, _ in read("told").tags}
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert reader.text.count(text) > 6


def test_one_megabyte_on_a_line_stays_small():
    assert len(page("raw")) < 8_000_000
    assert max(len(piece) for piece in read("raw").texts) < 40_000


@everywhere
def test_the_same_report_gives_the_same_bytes_saved_or_not(name):
    assert HtmlReporter().render(REPORTS[name]) == page(name)
    if name != "raw":
        assert HtmlReporter().render(from_json(to_json(REPORTS[name]), "run.json")) == page(name)


def test_the_order_of_mappings_does_not_matter():
    turned = dataclasses.replace(
        TOLD,
        checks=dict(reversed(list(TOLD.checks.items()))),
        stories=dict(reversed(list(TOLD.stories.items()))),
    )
    assert HtmlReporter().render(turned) == page("told")


# What it says


def test_the_summary_is_told_first():
    text = read("golden").text
    assert text.index("Judged") < text.index("Not safe") < text.index("What to do next") < text.index("Evidence")
    title = page("golden").partition("<title>")[2].partition("</title>")[0]
    assert title == f"{GOLDEN.headline}, not safe: demo shop"


def test_every_phase_and_task_is_there_with_its_state_in_words():
    text = read("golden").text
    for phase in PHASES:
        assert f"{phase.number} {phase.title}" in text
        for task in phase.tasks:
            assert re.search(rf"{re.escape(task.id)} {re.escape(task.title)} (done|problem|partly judged|open)", text)


def test_severity_is_told_in_words_beside_its_colour():
    for severity in Severity:
        assert re.search(rf'class="chip is-{severity}"><svg.*?</svg>{severity.capitalize()}</span>', page("golden"))


@pytest.mark.parametrize("name", ["golden", "told", "raw"])
def test_every_finding_is_there_with_fingerprint_and_fix(name):
    found = REPORTS[name].findings
    headings = [attributes["id"] for attributes in read(name).named("article") if attributes.get("id")]
    assert headings == [f"F{number}" for number in range(1, len(found) + 1)]
    assert all(finding.fingerprint in read(name).text for finding in found)


def test_an_exchange_is_shown_whole_once_and_then_referred_to():
    twice = dataclasses.replace(FORGED, evidence=(Evidence("first", "x1"), Evidence("again", "x1")))
    results = tuple(
        dataclasses.replace(one, findings=(twice,)) if FORGED in one.findings else one for one in TOLD.results
    )
    text = HtmlReporter().render(dataclasses.replace(TOLD, results=results))
    assert text.count('<details class="exchange"') == page("told").count('<details class="exchange"')
    assert '<a class="ref" href="#exchange-1">x1</a>' in text


def test_bodies_keep_their_lines():
    assert "\n  &#34;id&#34;: &#34;evt_1&#34;,\n" in page("golden")


def test_what_the_report_does_not_keep_is_said():
    assert "x99, which is not in the report" in read("golden").text


def test_the_same_fix_is_told_once():
    text = HtmlReporter().render(INERT)
    assert "As for <a href=" not in text  # each of these checks has one finding
    doubled = tuple(
        dataclasses.replace(one, findings=(FORGED, dataclasses.replace(FORGED, discriminator="2")))
        if FORGED in one.findings
        else one
        for one in GOLDEN.results
    )
    assert 'As for <a href="#F1">F1</a>.' in HtmlReporter().render(dataclasses.replace(GOLDEN, results=doubled))


def test_the_same_story_is_drawn_once():
    other = dataclasses.replace(FORGED, discriminator="2")
    results = tuple(
        dataclasses.replace(one, findings=(FORGED, other)) if FORGED in one.findings else one for one in TOLD.results
    )
    stories = {**TOLD.stories, other.fingerprint: TOLD.stories[FORGED.fingerprint]}
    text = HtmlReporter().render(dataclasses.replace(TOLD, results=results, stories=stories))
    assert text.count('<svg class="sequence"') == page("told").count('<svg class="sequence"')
    assert 'What led to it is drawn at <a href="#F1">F1</a>.' in text


def test_the_handler_stands_where_a_finding_names_no_source():
    priced = next(one for one in GOLDEN.findings if one.route and not one.source)
    report = dataclasses.replace(GOLDEN, handlers={priced.route: SourceLocation("src/payments.ts", 9)})
    assert 'handled in <span class="source">src/payments.ts:9</span>' in HtmlReporter().render(report)
    assert "handled in" not in HtmlReporter().render(dataclasses.replace(GOLDEN, handlers={}))


def test_decisions_are_told_with_their_finding_and_hold_for_a_time():
    day = datetime.fromtimestamp(GOLDEN.run.started_at, UTC).date()
    for until, is_held in ((day.isoformat(), True), ("2020-01-31", False)):
        decided = Accepted("known, and mended next week", "ada", until, "stripe-audit.yaml:7")
        text = HtmlReporter().render(dataclasses.replace(GOLDEN, accepted={FORGED.fingerprint: decided}))
        assert "accepted by ada" in text and "known, and mended next week" in text
        assert text.count('<span class="of">accepted</span>') == is_held


def test_what_has_changed_since_an_earlier_report_is_told():
    since = Since(GOLDEN.run.started_at - 86_400, ("high: A price", "low: A header"), ("critical: A forgery",), ())
    text = HtmlReporter().render(dataclasses.replace(GOLDEN, since=since))
    part = text.partition('id="since-title"')[2].partition("</section>")[0]
    assert "2 resolved" in part and "high: A price" in part and "1 new" in part and "not looked at" not in part
    nothing = HtmlReporter().render(dataclasses.replace(GOLDEN, since=Since(GOLDEN.run.started_at)))
    assert "Nothing has changed." in nothing and "since-title" not in page("golden")


def test_a_story_without_evidence_in_it_is_called_an_example():
    evidence = (Evidence("fulfilled twice", data={"fulfilled": 2}),)
    results = tuple(
        dataclasses.replace(one, findings=(dataclasses.replace(FORGED, evidence=evidence),))
        if FORGED in one.findings
        else one
        for one in TOLD.results
    )
    text = HtmlReporter().render(dataclasses.replace(TOLD, results=results)).split("<article")
    told = next(part for part in text if 'id="F1"' in part)
    assert "One of the payments that this check made</b>, as an example" in told and "seen afterwards" not in told
    assert "One of the payments that this check made" not in page("told")


def test_a_journey_is_drawn_with_the_check_that_followed_it():
    text = page("told")
    journey = text.index('aria-label="Sequence diagram of one-time-payment-completes"')
    assert text.index('id="phase-6"') < journey < text.index('id="gaps"')
    assert text[journey:].count("A journey of one-time-payment-completes") == 1


# Commands


SENT = Exchange(
    "x1",
    Party.CUSTOMER,
    Party.APP,
    "POST",
    "http://127.0.0.1:4000/a?b='c'",
    Message(
        (("Host", "x"), ("Content-Type", "application/json"), ("@/etc/passwd", "x"), ("A", "b\n c")), "it's `$(id)`\n"
    ),
    None,
    200,
    None,
    0.0,
    0.0,
)


def test_the_command_sends_the_request_again_and_the_shell_reads_it_as_it_is():
    assert shlex.split((curl(SENT) or "").replace("\\\n", "")) == [
        "curl",
        "--include",
        "--globoff",
        "--request",
        "POST",
        "http://127.0.0.1:4000/a?b='c'",
        "--header",
        "Content-Type: application/json",
        "--header",
        "A: b c",
        "--data-raw",
        "it's `$(id)`\n",
    ]


@pytest.mark.parametrize("text", CORPUS)
def test_no_text_of_a_target_becomes_a_command(text):
    made = curl(dataclasses.replace(SENT, request=Message((("X", text),), text), url=f"http://127.0.0.1/{text}"))
    if made is not None:
        words = shlex.split(made.replace("\\\n  ", " "))
        assert words[0] == "curl" and words[5].startswith("http://127.0.0.1/")
        assert words[6] == "--header" and words[8:9] in ([], ["--data-raw"])
        assert len(words) in (8, 10)
    command = run_command(Numbered("F1", dataclasses.replace(FORGED, check=text), None))
    assert shlex.split(command)[:3] == ["stripe-audit", "run", "--check"] and len(shlex.split(command)) == 4


@pytest.mark.parametrize(
    "members",
    [
        {"request": Message((), "x", True)},
        {"request": Message((), "x" * 5000)},
        {"url": "file:///etc/passwd"},
        {"url": "-o/etc/passwd"},
        {"method": "GET -o x"},
    ],
)
def test_what_cannot_be_sent_again_as_it_was_has_no_command(members):
    assert curl(dataclasses.replace(SENT, **members)) is None


# Fixes


def answered(*headers):
    one = dataclasses.replace(STORY[0], response=Message(headers, ""))
    return dataclasses.replace(GOLDEN, exchanges=(one,))


@pytest.mark.parametrize(
    ("header", "framework"),
    [
        (("X-Powered-By", "Express"), "Express"),
        (("x-powered-by", "Next.js"), "Next.js"),
        (("Server", "Werkzeug/3.0 Python/3.12"), "Flask"),
        (("server", "uvicorn"), "FastAPI"),
        (("Set-Cookie", "laravel_session=[hidden]"), "Laravel"),
        (("X-Runtime", "0.012"), "Rails"),
        (("Server", "nginx"), None),
    ],
)
def test_the_framework_is_told_by_the_targets_own_answers(header, framework):
    assert framework_of(answered(header)) == framework


def test_the_projects_manifests_are_believed_before_the_answers():
    report = answered(("X-Powered-By", "Express"))
    report = dataclasses.replace(report, target=dataclasses.replace(report.target, framework="Fastify"))
    assert framework_of(report) == "Fastify"
    facts = dataclasses.replace(
        report.checks[FORGED.check], fix="Verify. Per framework: docs/fixes/webhook-signatures.md."
    )
    text = HtmlReporter().render(dataclasses.replace(report, checks={**report.checks, FORGED.check: facts}))
    opened, _, folded = text.partition("addContentTypeParser")[2].partition('<details class="how">')
    assert "<h5>Fastify</h5>" in text and "express.raw" not in opened and "express.raw" in folded
    assert "docs/fixes/" not in text


def test_what_stripe_answers_tells_nothing_of_the_target():
    one = dataclasses.replace(STORY[1], response=Message((("X-Powered-By", "Express"),), ""))
    assert framework_of(dataclasses.replace(GOLDEN, exchanges=(one,))) is None


def test_the_fix_of_the_detected_framework_stands_open_and_the_others_are_folded():
    page_of_fixes = fix_pages("Per framework: docs/fixes/webhook-signatures.md.")[0]
    assert [part.title for part in page_of_fixes.parts_of("Fastify")] == ["Fastify"]
    assert "Express" in [part.title for part in page_of_fixes.rest_of("Fastify")]
    assert page_of_fixes.parts_of(None) == ()
    body = page_of_fixes.parts_of("Fastify")[0].body
    assert "addContentTypeParser" in body and "<script" not in body and "<a " not in body


@pytest.mark.parametrize("fix", [None, "", "docs/fixes/nothing.md", "docs/fixes/../../pyproject.md", "docs/fixes/X.md"])
def test_a_fix_that_names_no_page_has_none(fix):
    assert fix_pages(fix) == ()


def test_every_shipped_page_of_fixes_can_be_shown(root):
    for path in sorted((root / "docs" / "fixes").glob("*.md")):
        shown = fix_pages(f"see docs/fixes/{path.name}")
        assert shown and shown[0].title and shown[0].parts
        assert (
            not shown[0].parts[0].body.startswith("<p>For <code>")
            and "<p>For findings of" not in shown[0].parts[0].body
        )


# Text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Use `a < b` & ``c``.", "<p>Use <code>a &lt; b</code> &amp; <code>c</code>.</p>"),
        ("Do:\n\n- one\n- `two`\n\nThen.", "<p>Do:</p><ul><li>one</li><li><code>two</code></li></ul><p>Then.</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("", '<p><span class="none">(empty)</span></p>'),
    ],
)
def test_what_authors_write_keeps_its_paragraphs_lists_and_code(text, shown):
    assert prose(text) == shown


def test_labels_of_findings_become_links_and_nothing_else_does():
    text = with_labels(prose("Fix F1, F2 and `F3`; not F4, XF1, F1x, F-1 or F01."), 3)
    assert re.findall(r'<a href="#(\w+)">\1</a>', text) == ["F1", "F2", "F3"]
    assert re.sub(r"<[^>]*>", "", text) == "Fix F1, F2 and F3; not F4, XF1, F1x, F-1 or F01."


def test_lines_and_blocks_are_bounded_and_inert():
    assert "12 more characters" in inline("x" * 412)
    assert block("a\n\nb\tc") == "a\n\nb   c"
    assert block("::error::x") == ": :error::x"
    assert data_block({"a": 1}) == "{&#34;a&#34;: 1}"
    assert data_block({"a": "x" * 200}).count("\n") == 2


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("docs.stripe.com/webhooks#retries", "https://docs.stripe.com/webhooks#retries"),
        ("CWE-347", "https://cwe.mitre.org/data/definitions/347.html"),
        ("PCI DSS 6.2.4", None),
        ("evil.example/stripe.com", None),
        ("stripe.com.evil.example/", None),
        ('docs.stripe.com/"onclick="x', None),
        ("javascript:alert(1)", None),
    ],
)
def test_only_addresses_of_known_hosts_become_links(reference, address):
    assert re.findall(r'href="([^"]*)"', linked(reference)) == ([address] if address else [])
