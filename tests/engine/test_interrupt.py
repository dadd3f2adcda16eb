"""Ctrl-C, SIGTERM, and listeners that fail: partial results, nothing hangs, nothing goes on in secret."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from stripe_audit.errors import OutputError
from stripe_audit.events import CheckBegan, CheckFinished, PhaseFinished
from stripe_audit.models import Finding, Outcome
from tests.engine import fakes
from tests.engine.fakes import FakeContext, Run, make


def test_an_interrupt_in_the_middle_gives_a_partial_result_for_everything():
    async def is_interrupted_and_refuses(self, ctx):
        threading.Thread(target=run.engine.interrupt, daemon=True).start()
        async for finding in fakes.refuses_to_end(self, ctx):
            yield finding

    checks = [
        make("a-check", fakes.fails),
        make("b-check", fakes.hangs),
        make("c-check", is_interrupted_and_refuses),
        make("d-check", fakes.passes),
        make("e-check", fakes.passes, task="6.4"),
    ]
    run = Run(checks, jobs=2, timeout=60, grace=0.2)
    began = time.monotonic()
    results = run()
    assert time.monotonic() - began < 10
    assert results["a-check"].outcome is Outcome.FAILED
    assert (results["b-check"].outcome, results["b-check"].error) == (Outcome.ERRORED, "interrupted")
    assert results["c-check"].error.startswith("interrupted; it blocks at engine/test_interrupt.py:")
    for late in ("d-check", "e-check"):
        assert (results[late].outcome, results[late].reason) == (Outcome.SKIPPED, "interrupted before it began")
    assert [e.result.check for e in run.events if isinstance(e, CheckFinished)] == list(results)
    assert [e.number for e in run.events if isinstance(e, PhaseFinished)] == [1, 6]
    assert run.engine.is_interrupted
    assert all(context.is_closed for context in run.contexts.values())


def test_an_interrupt_before_the_run_starts_nothing():
    run = Run([make("a-check", fakes.crashes)])
    run.engine.interrupt()
    assert run()["a-check"].reason == "interrupted before it began"
    assert not run.contexts


def test_an_interrupt_while_a_context_is_being_made_keeps_the_check_from_running():
    ran, is_making, may_go_on = [], threading.Event(), threading.Event()

    def slow(check):
        is_making.set()
        may_go_on.wait(10)
        return FakeContext()

    async def run(self, ctx):
        ran.append(1)
        yield Finding("One", "d")

    interrupted = Run([make("a-check", run)], make_context=slow, grace=10)

    def interrupt():
        is_making.wait(10)
        interrupted.engine.interrupt()
        while interrupted.engine._running["a-check"]._why_ended is None:
            time.sleep(0.002)
        may_go_on.set()

    threading.Thread(target=interrupt, daemon=True).start()
    assert interrupted()["a-check"].error == "interrupted"
    assert not ran


def test_findings_made_before_the_interrupt_stand():
    is_found = threading.Event()

    async def run(self, ctx):
        yield Finding("One", "d")
        is_found.set()
        async for finding in fakes.hangs(self, ctx):
            yield finding

    interrupted = Run([make("a-check", run)], timeout=60)
    threading.Thread(target=lambda: is_found.wait(10) and interrupted.engine.interrupt(), daemon=True).start()
    result = interrupted()["a-check"]
    assert (result.outcome, len(result.findings), result.error) == (Outcome.FAILED, 1, "interrupted")


@pytest.mark.parametrize("error", [OutputError("no space left on device"), KeyboardInterrupt()])
def test_what_a_listener_raises_ends_the_run_but_leaves_no_check_at_work(error):
    def listen(event):
        if event == CheckBegan("c-check"):
            raise error

    run = Run(
        [
            make("a-check", fakes.passes),
            make("b-check", fakes.hangs),
            make("c-check", fakes.passes, requires=["a-check"]),
        ],
        jobs=8,
        timeout=60,
        listeners=[listen],
    )
    with pytest.raises(type(error)):
        run.engine.run()
    assert all(context.is_closed for context in run.contexts.values())
    assert {result.check: result.outcome for result in run.engine.results} == {
        "a-check": Outcome.PASSED,
        "b-check": Outcome.ERRORED,
    }


_SCRIPT = """
import asyncio, signal, sys
from tests.engine import fakes
async def run(self, ctx):
    while True:
        try:
            await asyncio.sleep(0.0001)
        except asyncio.CancelledError:
            if ctx.is_closed:
                break
    yield
checks = [fakes.make(f"check-{n}", run if n % 3 == 0 else fakes.passes) for n in range(90)]
for turn in range(3):
    audit = fakes.Run(checks, jobs=8, timeout=0.02, grace=0.01)
    signal.signal(signal.SIGALRM, lambda *_: audit.engine._wake.put(None) if turn < 2 else audit.engine.interrupt())
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    results = audit()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert len(results) == 90
print("whole")
"""


def test_a_storm_of_signals_does_not_stop_the_engine(root):
    """A handler runs inside whatever the main thread was doing, so nothing that it takes may be held there."""
    done = subprocess.run([sys.executable, "-c", _SCRIPT], cwd=root, timeout=30, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("whole\n", "")
