from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND
from tests.reporters.hostile import INERT

from stripe_audit.errors import UsageError
from stripe_audit.models import Evidence, Message, Severity
from stripe_audit.reporters import json_format
from stripe_audit.reporters.json_format import from_json, plain, read_report, to_json


@pytest.mark.parametrize(
    "report", [GOLDEN, INTERRUPTED, SOUND, EMPTY, INERT], ids=["golden", "cut", "sound", "empty", "inert"]
)
def test_what_is_read_back_is_what_was_there(report):
    text = to_json(report)
    again = from_json(text, "run.json")
    assert again == report
    assert to_json(again) == text
    assert text.endswith("}\n")


def test_the_order_of_mappings_does_not_matter():
    shuffled = dataclasses.replace(GOLDEN, checks=dict(reversed(GOLDEN.checks.items())))
    assert list(shuffled.checks) != list(GOLDEN.checks)
    assert to_json(shuffled) == to_json(GOLDEN)


def test_whole_numbers_in_the_place_of_floats_are_stable_too():
    report = dataclasses.replace(GOLDEN, run=dataclasses.replace(GOLDEN.run, started_at=5, finished_at=7))
    assert to_json(from_json(to_json(report), "x")) == to_json(report)


def test_the_summary_is_derived_from_the_results():
    document = json.loads(to_json(GOLDEN))
    summary = document["summary"]
    assert summary["headline"] == "judged 12 of 18"
    assert summary["verdict"] == "not safe"
    assert (summary["exit_code"], summary["judged"], summary["total"]) == (1, 12, 18)
    assert summary["outcomes"] == {"passed": 7, "failed": 5, "skipped": 4, "inconclusive": 1, "errored": 1}
    assert summary["severities"] == {"critical": 1, "high": 2, "medium": 1, "low": 1, "info": 1}
    assert [phase["judged"] for phase in summary["phases"]] == [3, 2, 1, 3, 1, 2]
    states = {task["id"]: task["state"] for phase in summary["phases"] for task in phase["tasks"]}
    assert len(states) == 24
    assert (states["1.1"], states["2.2"], states["2.3"]) == ("done", "problem", "open")
    inside = [finding["fingerprint"] for result in document["results"] for finding in result["findings"]]
    assert sorted(inside) == sorted(summary["fingerprints"])
    assert summary["fingerprints"] == [finding.fingerprint for finding in GOLDEN.findings]


def test_members_that_are_not_known_or_derived_are_ignored_on_reading():
    document = json.loads(to_json(GOLDEN))
    document["later"] = {"added": [1]}
    document["results"][0]["later"] = "x"
    document["checks"]["server-starts"]["later"] = None
    document["summary"] = "nonsense"
    assert from_json(json.dumps(document), "run.json") == GOLDEN


def test_lone_surrogates_are_kept_and_never_break_the_text():
    broken = "lone \ud800 and \udfff"
    report = dataclasses.replace(GOLDEN, notes=(broken,), left_behind=("\udc80",))
    text = to_json(report)
    assert text.encode().decode() == text
    assert "\\ud800" in text
    assert from_json(text, "x").notes == (broken,)


def test_what_acts_in_a_terminal_or_a_ci_log_is_escaped_and_kept():
    acting = "\x1b[31m \x9b31m \x00 \u202e \u200b \u2028 \U000e0041 ##[error] ##vso[task] 💳"
    text = to_json(dataclasses.replace(GOLDEN, notes=(acting,)))
    assert not set("\x1b\x9b\x00\u202e\u200b\u2028\U000e0041") & set(text)
    assert "##[" not in text
    assert "##vso[" not in text
    assert "💳" in text
    assert from_json(text, "x").notes == (acting,)


def test_data_that_json_does_not_know_become_text():
    evidence = Evidence(
        "odd",
        data={
            "decimal": Decimal("1.50"),
            "nan": float("nan"),
            "infinite": float("-inf"),
            "bytes": b"\xff ok",
            "set": {"b", "a"},
            "tuple": (1, 2),
            "enum": Severity.HIGH,
            "huge": 10**5000,
            "value": Message(body="x"),
            "object": json_format,
            7: None,
        },
    )
    result = dataclasses.replace(
        GOLDEN.results[5], findings=(dataclasses.replace(GOLDEN.results[5].findings[0], evidence=(evidence,)),)
    )
    text = to_json(dataclasses.replace(GOLDEN, results=(result,)))
    report = from_json(text, "x")
    data = report.results[0].findings[0].evidence[0].data
    assert data["decimal"] == "1.50"
    assert (data["nan"], data["infinite"]) == ("nan", "-inf")
    assert data["bytes"] == "\\xff ok"
    assert (data["set"], data["tuple"], data["enum"], data["7"]) == (["a", "b"], [1, 2], "high", None)
    assert data["huge"].startswith("0x")
    assert data["value"]["body"] == "x"
    assert data["object"].startswith("<module")
    assert to_json(report) == text


def test_data_without_end_are_cut():
    endless = []
    endless.append(endless)
    assert "…" in json.dumps(plain({"data": endless}), ensure_ascii=False)


def test_times_that_are_no_numbers_do_not_break_the_text():
    report = dataclasses.replace(GOLDEN, run=dataclasses.replace(GOLDEN.run, finished_at=float("nan")))
    assert from_json(to_json(report), "x").run.finished_at == 0.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON (line 1, column 1"),
        ("{", "not JSON (line 1, column 2"),
        ("# Payment review", "not JSON (line 1"),
        ("[]", "a JSON array, not an object"),
        ('"x"', "a JSON string, not an object"),
        ("null", "a JSON value, not an object"),
        ("{}", "no schema, not 'stripe-audit/v1'"),
        ('{"schema": "stripe-audit/v2"}', "schema 'stripe-audit/v2', not 'stripe-audit/v1'"),
        ('{"schema": ["x"]}', "schema \"['x']\", not"),
        ('{"schema": "\\u001b[31m"}', "schema '␛[31m', not"),
        (
            '{"schema": "stripe-audit/v1"}',
            "run: Field required; target: Field required; policy: Field required (and 2 more)",
        ),
        ("[" * 100_000, "not JSON that can be read"),
        ('{"schema": NaN}', "NaN is not a JSON number"),
        ('{"schema": 1e999}', "1e999 is not a JSON number"),
        ('{"schema": ' + "1" * 5000 + "}", "not JSON that can be read"),
    ],
)
def test_what_is_no_report_is_refused_by_name(text, told):
    with pytest.raises(UsageError) as caught:
        from_json(text, "run.json")
    assert caught.value.message.startswith("run.json is not a report of stripe-audit: ")
    assert told in caught.value.message
    assert caught.value.hint
    assert caught.value.message.isprintable()


def changed(path, value):
    document = json.loads(to_json(GOLDEN))
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("results", 0, "outcome"), "fine", "results.0.outcome: Input should be 'passed', 'failed'"),
        (("results", 5, "findings", 0, "severity"), "awful", "results.5.findings.0.severity"),
        (("run", "started_at"), "sk_test_secretsecretsecret", "run.started_at: Input should be a valid number"),
        (("checks", "\x1b[31m"), 7, "checks.␛[31m"),
        (("exchanges",), {"a": 1}, "exchanges: Input should be a valid tuple"),
    ],
)
def test_a_member_of_the_wrong_kind_is_named_without_its_value(path, value, told):
    with pytest.raises(UsageError) as caught:
        from_json(changed(path, value), "run.json")
    assert told in caught.value.message
    assert "sk_test" not in caught.value.message
    assert caught.value.message.isprintable()


def test_a_huge_text_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(json_format, "SIZE_CAP", 1024)
    with pytest.raises(UsageError, match="larger than"):
        from_json(to_json(GOLDEN), "run.json")


class TestReadingAFile:
    def test_a_saved_report_is_read(self, tmp_path):
        file = tmp_path / "run.json"
        file.write_text(to_json(GOLDEN), encoding="utf-8")
        assert read_report(file) == GOLDEN

    def test_a_byte_order_mark_is_no_matter(self, tmp_path):
        file = tmp_path / "run.json"
        file.write_text(to_json(GOLDEN), encoding="utf-8-sig")
        assert read_report(file) == GOLDEN

    @pytest.mark.parametrize("name", ["missing.json", ".", "a\0b"])
    def test_what_cannot_be_opened_is_named(self, tmp_path, name):
        with pytest.raises(UsageError, match=r"cannot be read: .+"):
            read_report(tmp_path / name)

    def test_other_encodings_are_refused(self, tmp_path):
        file = tmp_path / "run.json"
        file.write_bytes(to_json(GOLDEN).encode("utf-16"))
        with pytest.raises(UsageError, match="not UTF-8"):
            read_report(file)

    def test_a_huge_file_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(json_format, "SIZE_CAP", 1024)
        file = tmp_path / "run.json"
        file.write_text(to_json(GOLDEN), encoding="utf-8")
        with pytest.raises(UsageError, match="larger than"):
            read_report(file)
