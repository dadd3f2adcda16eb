"""One outcome for each check, whatever it does; the others go on."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest

from stripe_audit.engine.attempt import MOST_FINDINGS, Attempt
from stripe_audit.errors import Inconclusive, Skip, TargetError
from stripe_audit.models import Evidence, Finding, Outcome, Severity
from tests.engine import fakes
from tests.engine.fakes import FakeContext, Run, make

ENDINGS = [
    (fakes.passes, Outcome.PASSED, None, None, None),
    (fakes.fails, Outcome.FAILED, None, None, None),
    (fakes.crashes, Outcome.ERRORED, None, None, "ZeroDivisionError: … went wrong (engine/fakes.py:"),
    (fakes.skips, Outcome.SKIPPED, "nothing to look at", "target.items", None),
    (fakes.is_inconclusive, Outcome.INCONCLUSIVE, "cannot tell", "observers.order", None),
    (fakes.is_refused, Outcome.SKIPPED, "writes are not permitted", "stripe.secret_key", None),
    (fakes.is_out_of_budget, Outcome.INCONCLUSIVE, "5000 requests are spent", "audit.budget.requests", None),
    (fakes.raises_system_exit, Outcome.ERRORED, None, None, "SystemExit: 0 (engine/fakes.py:"),
    (fakes.raises_base_exception, Outcome.ERRORED, None, None, "BaseException: a bare one (engine/fakes.py:"),
    (fakes.raises_keyboard_interrupt, Outcome.ERRORED, None, None, "KeyboardInterrupt (engine/fakes.py:"),
    (fakes.fails_then_crashes, Outcome.FAILED, None, None, "ZeroDivisionError: and then it broke (engine/fakes.py:"),
    (fakes.yields_no_finding, Outcome.ERRORED, None, None, "TypeError: a check yields findings, not str"),
    (fakes.hangs, Outcome.ERRORED, None, None, "not finished after 1 s"),
    (fakes.blocks, Outcome.ERRORED, None, None, "not finished after 1 s; it blocks at engine/fakes.py:"),
    (fakes.refuses_to_end, Outcome.ERRORED, None, None, "not finished after 1 s; it blocks at engine/fakes.py:"),
]


def test_every_ending_has_its_outcome_and_the_others_go_on():
    checks = [make(f"check-{run.__name__.replace('_', '-')}", run) for run, *_ in ENDINGS]
    run = Run(checks, jobs=len(checks), timeout=1.0, grace=0.5)
    results = run()
    run.contexts["check-blocks"].may_go_on.set()
    assert len(results) == len(ENDINGS)
    for check, (_, outcome, reason, setting, error) in zip(checks, ENDINGS, strict=True):
        result = results[check.id]
        assert (result.outcome, result.reason, result.setting) == (outcome, reason, setting), check.id
        assert result.error == error if error is None else error in result.error, check.id
        assert result.title == "A property holds"


def test_what_a_check_finds_is_stamped_with_its_id_and_severity():
    async def run(self, ctx):
        yield Finding("One", "d", check="somebody-else")
        yield Finding("Two", "d", severity=Severity.LOW)

    result = Run([make("a-check", run, severity=Severity.CRITICAL)])()["a-check"]
    assert [(f.check, f.severity) for f in result.findings] == [
        ("a-check", Severity.CRITICAL),
        ("a-check", Severity.LOW),
    ]


def test_a_check_that_fails_first_and_cannot_tell_the_rest_stays_failed_with_the_reason():
    async def run(self, ctx):
        yield Finding("One", "d")
        raise Inconclusive("the other route is unclear", supply="observers.order")

    result = Run([make("a-check", run)])()["a-check"]
    assert (result.outcome, result.reason, result.setting) == (
        Outcome.FAILED,
        "the other route is unclear",
        "observers.order",
    )


def test_findings_before_a_timeout_stand():
    async def run(self, ctx):
        yield Finding("One", "d")
        await asyncio.Event().wait()

    result = Run([make("a-check", run)], timeout=0.5)()["a-check"]
    assert result.outcome is Outcome.FAILED and len(result.findings) == 1
    assert result.error == "not finished after 0.5 s"


def test_a_timeout_of_the_checks_own_making_is_not_told_as_the_audits():
    async def times_out(self, ctx):
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        yield

    async def cancels_itself(self, ctx):
        raise asyncio.CancelledError
        yield

    results = Run([make("a-check", times_out), make("b-check", cancels_itself)])()
    assert results["a-check"].error.startswith("TimeoutError (")
    assert results["b-check"].error.startswith("CancelledError (")


@pytest.mark.parametrize("pause", [asyncio.sleep, None])
def test_a_check_that_swallows_its_timeout_has_not_passed(pause):
    async def run(self, ctx):
        try:
            await pause(20) if pause else time.sleep(0.2)
        except asyncio.CancelledError:
            pass
        return
        yield

    result = Run([make("a-check", run)], timeout=0.1, grace=5.0)()["a-check"]
    assert (result.outcome, result.error) == (Outcome.ERRORED, "not finished after 0.1 s")


def test_a_checks_own_timeout_counts():
    assert Run([make("a-check", fakes.hangs, timeout=0.1)])()["a-check"].error == "not finished after 0.1 s"


def test_an_ending_inside_a_task_group_is_still_an_ending():
    async def look():
        raise Skip("nothing here", setting="target.items")

    async def run(self, ctx):
        async with asyncio.TaskGroup() as group:
            group.create_task(look())
            group.create_task(asyncio.Event().wait())
        yield

    result = Run([make("a-check", run)])()["a-check"]
    assert (result.outcome, result.reason, result.setting) == (Outcome.SKIPPED, "nothing here", "target.items")


def test_what_was_left_behind_can_send_nothing_more():
    run = Run([make("a-check", fakes.blocks)], timeout=0.3, grace=0.2)
    run()
    context = run.contexts["a-check"]
    assert context.is_closed
    context.may_go_on.set()
    _wait_until(lambda: context.after_close)
    _wait_until(lambda: not [t for t in threading.enumerate() if t.name == "check a-check"])


def test_the_first_result_stands_whatever_the_thread_does_later():
    context, ends = FakeContext(), []
    attempt = Attempt(make("a-check", fakes.blocks), lambda check: context, 0.2, lambda: ends.append(1))
    attempt.start()
    _wait_until(lambda: attempt._generator is not None)
    attempt.leave_behind()
    first = attempt.result
    context.may_go_on.set()
    attempt._thread.join(10)
    assert first.error.startswith("not finished after 0.2 s; it blocks at engine/fakes.py:")
    assert attempt.result is first and ends == [1]


def test_a_context_that_comes_too_late_is_closed_before_the_check_can_use_it():
    may_go_on = threading.Event()
    late, has_run = FakeContext(), []

    def slow(check):
        may_go_on.wait(10)
        return late

    async def run(self, ctx):
        has_run.append(ctx)
        yield Finding("One", "d")

    result = Run([make("a-check", run)], make_context=slow, timeout=0.05, grace=0.05)()["a-check"]
    assert result.outcome is Outcome.ERRORED
    may_go_on.set()
    _wait_until(lambda: late.is_aclosed)
    assert late.is_closed and not has_run


def test_contexts_are_closed_whatever_happens():
    run = Run(
        [make("a-check", fakes.passes), make("b-check", fakes.crashes), make("c-check", fakes.raises_system_exit)]
    )
    run()
    assert all(context.is_closed and context.is_aclosed for context in run.contexts.values())


def test_a_context_that_cannot_be_made_is_an_error_of_that_check_alone():
    def refuse(check):
        if check.id == "a-check":
            raise TargetError("no such address sk_test_" + "a1B2" * 8)
        return FakeContext()

    results = Run([make("a-check", fakes.passes), make("b-check", fakes.passes)], make_context=refuse)()
    assert results["a-check"].error.startswith("no such address sk_test_…")
    assert results["b-check"].outcome is Outcome.PASSED


class _Sulking(FakeContext):
    """A context that fails where it can."""

    def close(self):
        raise RuntimeError("no")

    def safe(self, text):
        raise RuntimeError("no")


class _Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text for you")


def test_nothing_that_a_check_or_its_context_holds_can_break_the_engine():
    async def spoils_its_notes(self, ctx):
        ctx.notes = None
        return
        yield

    async def is_unprintable(self, ctx):
        raise _Unprintable
        yield

    sulking = Run([make("a-check", fakes.crashes)], make_context=lambda check: _Sulking(), timeout=5)()
    assert sulking["a-check"].error.startswith("ZeroDivisionError")
    results = Run([make("a-check", spoils_its_notes), make("b-check", is_unprintable)], timeout=5)()
    assert (results["a-check"].outcome, results["a-check"].notes) == (Outcome.PASSED, ())
    assert results["b-check"].error.startswith("_Unprintable (")


def test_a_check_that_never_stops_finding_is_stopped():
    async def run(self, ctx):
        while True:
            yield Finding("Again", "d")

    result = Run([make("a-check", run)], timeout=20)()["a-check"]
    assert (result.outcome, len(result.findings)) == (Outcome.FAILED, MOST_FINDINGS)
    assert "stopped after" in result.error


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (Finding("One", "d", severity="dreadful"), "'dreadful' is not a valid Severity"),
        (Finding("One", "d", evidence=("seen",)), "evidence is made by ctx.evidence(), not str"),
    ],
)
def test_a_malformed_finding_is_the_checks_error(finding, told):
    async def run(self, ctx):
        yield finding

    result = Run([make("a-check", run)])()["a-check"]
    assert result.outcome is Outcome.ERRORED and told in result.error


def test_what_leaves_a_check_is_redacted_and_plain():
    data = {"hunter2": b"hunter2", "price": Decimal("1.10"), "n": [1, True, None, 2.5, float("nan")], "set": {"b", "a"}}
    data["self"] = data

    async def run(self, ctx):
        ctx.notes.append("seen hunter2")
        yield Finding(
            "hunter2", "with hunter2", (Evidence("saw hunter2", data=data),), severity="low", fix="not hunter2"
        )

    result = Run([make("a-check", run)])()["a-check"]
    assert "hunter2" not in repr(result)
    assert result.notes == ("seen …",)
    (evidence,) = result.findings[0].evidence
    assert evidence.data["…"] == "…" and evidence.data["price"] == "1.10"
    assert evidence.data["n"] == [1, True, None, 2.5, "nan"] and evidence.data["set"] == ["a", "b"]
    assert result.findings[0].severity is Severity.LOW


def test_the_error_names_the_place_in_the_check_not_in_what_it_called():
    async def run(self, ctx):
        int("nothing")
        asyncio.run_coroutine_threadsafe(None, None)
        yield

    async def calls(self, ctx):
        asyncio.run_coroutine_threadsafe(None, None)
        yield

    def helps():
        int("nothing")

    async def is_helped(self, ctx):
        helps()
        yield

    results = Run([make("a-check", run), make("b-check", calls), make("c-check", is_helped)])()
    assert results["c-check"].error.endswith(f"(engine/test_outcomes.py:{helps.__code__.co_firstlineno + 1})")
    line = run.__code__.co_firstlineno + 1
    assert results["a-check"].error.endswith(f"(engine/test_outcomes.py:{line})")
    assert results["b-check"].error.endswith(f"(engine/test_outcomes.py:{calls.__code__.co_firstlineno + 1})")


def test_what_a_forgotten_task_raises_is_printed_nowhere(caplog, capfd):
    async def fail():
        raise ValueError("hunter2")

    async def run(self, ctx):
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert task.done()
        return
        yield

    assert Run([make("a-check", run)])()["a-check"].outcome is Outcome.PASSED
    gc.collect()
    assert not caplog.records and "hunter2" not in "".join(capfd.readouterr())


def test_a_check_for_which_there_is_no_thread_is_errored(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    result = Run([make("a-check", fakes.passes)])()["a-check"]
    assert result.error == "it could not be started: can't start new thread"


_SCRIPT = """
import asyncio, sys, time
from tests.engine.fakes import Run, make
async def run(self, ctx):
    await asyncio.to_thread(time.sleep, 3600)
    yield
print(Run([make("a-check", run)], timeout=0.1, grace=0.1)()["a-check"].error)
"""


def test_a_blocking_call_that_never_ends_does_not_keep_the_process(root):
    done = subprocess.run([sys.executable, "-c", _SCRIPT], cwd=root, timeout=20, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("not finished after 0.1 s\n", "", 0)


def test_blocking_calls_of_a_check_give_results_and_errors_and_are_bounded():
    def divide(by):
        return 1 / by

    async def run(self, ctx):
        assert await asyncio.gather(*(asyncio.to_thread(divide, n) for n in range(1, 101))) == [
            1 / n for n in range(1, 101)
        ]
        await asyncio.to_thread(divide, 0)
        yield

    assert Run([make("a-check", run)])()["a-check"].error.startswith("ZeroDivisionError: division by zero")


def test_what_a_check_left_running_ends_before_its_connections_are_closed():
    seen = []

    async def goes_on(ctx):
        try:
            await asyncio.sleep(3600)
        finally:
            seen.append(ctx.is_aclosed)

    async def gives_up(ctx):
        await asyncio.sleep(0)
        raise Inconclusive("cannot tell")

    async def run(self, ctx):
        await asyncio.gather(goes_on(ctx), gives_up(ctx))
        yield

    assert Run([make("a-check", run)])()["a-check"].outcome is Outcome.INCONCLUSIVE
    assert seen == [False]


def _wait_until(is_met, within=10.0):
    deadline = time.monotonic() + within
    while not is_met():
        assert time.monotonic() < deadline
        time.sleep(0.005)
