"""How a run is summed up: ticks, the closing verdict, exit codes and their reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stripe_audit.models import CheckResult, Exchange, Finding, Message, Outcome, Party, Severity, Verdict
from stripe_audit.phases import PHASES, TASKS
from stripe_audit.report import (
    SCHEMA,
    Policy,
    Report,
    RunFacts,
    TargetFacts,
    TaskState,
    closing_verdict,
    exit_code,
    exit_reasons,
    task_state,
)

RUN = RunFacts(tag="sa1", version="0.1.0", started_at=1000.0, finished_at=1012.5)
TARGET = TargetFacts("shop", "http://127.0.0.1:1", "test", True, "emulator", None, "proved", "load")
PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
INCONCLUSIVE, ERRORED = Outcome.INCONCLUSIVE, Outcome.ERRORED


def result(task="1.1", outcome=PASSED, *severities, check="a-check", **more):
    findings = tuple(Finding(f"{severity} one", "d", severity=severity, check=check) for severity in severities)
    return CheckResult(check, task, "A property holds", outcome, findings, **more)


def failed(severity, task="1.1", **more):
    return result(task, FAILED, severity, **more)


def report(*results, policy=None, run=RUN, target=TARGET):
    return Report(run, target, policy or Policy(), {}, results)


def everywhere(*more, but=()):
    """One passed check in each phase, and more."""
    return [result(f"{n}.1") for n in range(1, 7) if n not in but] + list(more)


# The closing verdict

LOW = failed(Severity.LOW)
VERDICTS = [
    (everywhere(), Verdict.SECURE),
    (everywhere(failed(Severity.CRITICAL)), Verdict.NOT_SAFE),
    (everywhere(failed(Severity.HIGH)), Verdict.NOT_SAFE),
    (everywhere(failed(Severity.MEDIUM)), Verdict.WITH_GAPS),
    (everywhere(LOW), Verdict.SECURE),
    (everywhere(failed(Severity.INFO)), Verdict.SECURE),
    (everywhere(failed(Severity.MEDIUM), failed(Severity.HIGH)), Verdict.NOT_SAFE),
    (everywhere(result("1.1", SKIPPED)), Verdict.SECURE),
    (everywhere(result("1.1", INCONCLUSIVE)), Verdict.NOT_PROVEN),
    (everywhere(result("1.1", ERRORED, error="x")), Verdict.NOT_PROVEN),
    (everywhere(result("1.1", INCONCLUSIVE), failed(Severity.HIGH)), Verdict.NOT_SAFE),
    (everywhere(replace(LOW, error="and then it broke")), Verdict.NOT_PROVEN),
    (everywhere(replace(LOW, reason="the other route is unclear")), Verdict.NOT_PROVEN),
    (everywhere(but=[4]), Verdict.NOT_PROVEN),
    (everywhere(result("4.2", SKIPPED), but=[4]), Verdict.NOT_PROVEN),
    (everywhere(result("4.2", FAILED, Severity.LOW), but=[4]), Verdict.SECURE),
    (everywhere(failed(Severity.MEDIUM), but=[4]), Verdict.WITH_GAPS),
    (everywhere(failed(Severity.HIGH), but=[4]), Verdict.NOT_SAFE),
    ([], Verdict.NOT_PROVEN),
]


@pytest.mark.parametrize(("results", "expected"), VERDICTS)
def test_the_closing_verdict_follows_the_rule(results, expected):
    assert closing_verdict(report(*results)) is expected


@pytest.mark.parametrize(("results", "expected"), VERDICTS)
@pytest.mark.parametrize(
    "changed", [{"run": replace(RUN, interrupted=True)}, {"target": replace(TARGET, reached=False)}]
)
def test_an_interrupted_run_or_an_absent_target_proves_nothing_good(results, expected, changed):
    expected = Verdict.NOT_PROVEN if expected is Verdict.SECURE else expected
    assert closing_verdict(report(*results, **changed)) is expected


# Tasks


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ([], TaskState.OPEN),
        ([result("2.2", SKIPPED)], TaskState.OPEN),
        ([result("2.2", INCONCLUSIVE)], TaskState.OPEN),
        ([result("2.2", ERRORED)], TaskState.OPEN),
        ([result("2.1")], TaskState.OPEN),
        ([result("2.2")], TaskState.DONE),
        ([result("2.2"), result("2.2", SKIPPED)], TaskState.DONE),
        ([result("2.2"), failed(Severity.LOW, "2.2")], TaskState.DONE),
        ([result("2.2"), result("2.2", INCONCLUSIVE)], TaskState.PARTLY),
        ([result("2.2"), result("2.2", ERRORED)], TaskState.PARTLY),
        ([failed(Severity.LOW, "2.2", error="x")], TaskState.PARTLY),
        ([failed(Severity.INFO, "2.2", reason="x")], TaskState.PARTLY),
        ([result("2.2"), failed(Severity.MEDIUM, "2.2")], TaskState.PROBLEM),
        ([failed(Severity.CRITICAL, "2.2"), result("2.2", ERRORED)], TaskState.PROBLEM),
        ([failed(Severity.CRITICAL, "2.1"), result("2.2")], TaskState.DONE),
    ],
)
def test_how_a_task_is_ticked(results, state):
    assert task_state(report(*results), TASKS["2.2"]) is state


# Exit codes

STRICT = Policy(strict=True)
GONE = replace(TARGET, reached=False)
STOPPED = replace(RUN, interrupted=True)
EXITS = [
    (everywhere(), {}, 0, []),
    (everywhere(failed(Severity.MEDIUM)), {}, 1, ["1 finding at or above medium"]),
    (everywhere(failed(Severity.MEDIUM), failed(Severity.HIGH)), {}, 1, ["2 findings at or above medium"]),
    (everywhere(LOW), {}, 0, []),
    (everywhere(LOW), {"policy": Policy(fail_on=Severity.LOW)}, 1, ["1 finding at or above low"]),
    (everywhere(failed(Severity.HIGH)), {"policy": Policy(fail_on=Severity.CRITICAL)}, 0, []),
    (everywhere(failed(Severity.INFO)), {"policy": Policy(fail_on=Severity.INFO)}, 1, ["1 finding at or above info"]),
    (everywhere(result("1.1", ERRORED, error="x")), {}, 3, ["1 check errored"]),
    (everywhere(result("1.1", ERRORED), result("1.1", ERRORED)), {}, 3, ["2 checks errored"]),
    (everywhere(replace(LOW, error="x")), {}, 3, ["1 check errored"]),
    (everywhere(result("1.1", INCONCLUSIVE)), {}, 0, []),
    (everywhere(result("1.1", SKIPPED)), {"policy": STRICT}, 0, []),
    (
        everywhere(result("1.1", INCONCLUSIVE)),
        {"policy": STRICT},
        3,
        ["1 check inconclusive, in whole or in part, and --strict is set"],
    ),
    (
        everywhere(replace(LOW, reason="x"), result("2.1", INCONCLUSIVE), result("2.1", ERRORED, error="x")),
        {"policy": STRICT},
        3,
        ["1 check errored", "2 checks inconclusive, in whole or in part, and --strict is set"],
    ),
    (everywhere(replace(LOW, reason="x")), {}, 0, []),
    (everywhere(), {"target": GONE}, 3, ["the target was not reached"]),
    (everywhere(but=[4]), {}, 3, ["no check of phase 4 (Security and compliance) was judged"]),
    (everywhere(result("4.1", SKIPPED), but=[4]), {}, 3, ["no check of phase 4 (Security and compliance) was judged"]),
    (everywhere(but=[4]), {"policy": Policy(allow_empty=("security",))}, 0, []),
    (everywhere(but=[4]), {"policy": Policy(selected_phases=(1, 2, 3, 5, 6))}, 0, []),
    ([result("2.1")], {"policy": Policy(selected_phases=(2,))}, 0, []),
    (
        everywhere(failed(Severity.HIGH), but=[4]),
        {"target": GONE},
        1,
        [
            "1 finding at or above medium",
            "the target was not reached",
            "no check of phase 4 (Security and compliance) was judged",
        ],
    ),
    (everywhere(), {"run": STOPPED}, 130, ["interrupted: the report is partial"]),
    (
        everywhere(failed(Severity.HIGH)),
        {"run": STOPPED},
        130,
        ["interrupted: the report is partial", "1 finding at or above medium"],
    ),
    ([], {}, 3, [f"no check of phase {phase.number} ({phase.title}) was judged" for phase in PHASES]),
]


@pytest.mark.parametrize(("results", "changed", "code", "reasons"), EXITS)
def test_the_exit_code_and_every_reason_for_it(results, changed, code, reasons):
    made = report(*results, **changed)
    assert exit_code(made) == code
    assert [text for _, text in exit_reasons(made)] == reasons
    assert code == 0 or code in {number for number, _ in exit_reasons(made)}


def test_a_verdict_of_secure_never_comes_with_a_failing_exit_code_but_for_the_users_own_threshold():
    for results, changed, code, _ in EXITS:
        policy = changed.get("policy", Policy())
        if closing_verdict(report(*results, **changed)) is Verdict.SECURE and policy.fail_on is Severity.MEDIUM:
            assert code == 0


# The rest


def test_findings_come_worst_first_and_else_in_plan_order():
    made = report(
        result("1.1", FAILED, Severity.LOW, Severity.HIGH, check="a-check"),
        result("1.2", FAILED, Severity.HIGH, Severity.CRITICAL, check="b-check"),
    )
    assert [(f.check, f.severity.value) for f in made.findings] == [
        ("b-check", "critical"),
        ("a-check", "high"),
        ("b-check", "high"),
        ("a-check", "low"),
    ]


def test_what_was_judged_is_counted_against_everything():
    made = report(result(), failed(Severity.LOW), result("1.1", SKIPPED), result("2.1", ERRORED))
    assert (made.judged, made.headline) == (2, "judged 2 of 4")
    assert made.count(SKIPPED) == 1 and made.count(INCONCLUSIVE) == 0
    assert len(made.of_phase(PHASES[0])) == 3 and len(made.of_phase(PHASES[1])) == 1
    assert made.of_task(TASKS["2.1"]) == (made.results[3],)
    assert made.schema == SCHEMA and made.run.duration_s == 12.5


def test_an_exchange_is_found_by_its_id():
    exchange = Exchange("x1", Party.AUDIT, Party.APP, "GET", "u", Message(), None, None, "refused", 1.0, 2.0)
    made = replace(report(), exchanges=(exchange,))
    assert made.exchange("x1") is exchange and made.exchange("x2") is None


def test_a_fingerprint_is_stable_and_tells_findings_apart():
    finding = Finding("t", "d", check="a-check", route="webhook /hook", discriminator="replay")
    assert finding.fingerprint == "ad78305ec3d7db51277788db"  # a baseline that someone keeps must go on to fit
    same = replace(finding, title="other", detail="other", severity=Severity.LOW, fix="x")
    assert same.fingerprint == finding.fingerprint
    others = [
        replace(finding, check="b-check"),
        replace(finding, route="webhook /other"),
        replace(finding, route=None),
        replace(finding, discriminator=""),
        replace(finding, check="a-check\0webhook /hook", route="replay", discriminator=""),
    ]
    assert len({finding.fingerprint, *(other.fingerprint for other in others)}) == len(others) + 1


def test_there_are_six_phases_of_four_tasks():
    assert [phase.number for phase in PHASES] == [1, 2, 3, 4, 5, 6]
    assert list(TASKS) == [f"{phase}.{n}" for phase in range(1, 7) for n in range(1, 5)]
    assert [phase.folder for phase in PHASES] == [
        "environment",
        "webhooks",
        "payments",
        "security",
        "errors",
        "integration",
    ]
