"""What runs when: phases, requirements, resources; and that none of it shows in the results."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit.catalog import Catalog, LoadedCheck
from stripe_audit.check import NEEDS, Uses
from stripe_audit.engine import Engine
from stripe_audit.engine.locks import Resources, conflict
from stripe_audit.events import CheckBegan, CheckFinished, PhaseFinished, PhaseStarted
from stripe_audit.models import Effect, Finding, Outcome
from stripe_audit.phases import PHASES
from stripe_audit.plan import Declared, Plan, make_plan
from stripe_audit.safety import Permission
from tests.engine import fakes
from tests.engine.fakes import Run, make, timeless

TASKS = [f"{phase}.1" for phase in range(1, 7)]


class Trace:
    """Which checks are at work, seen from inside them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.spans = {}
        self.clock = 0
        self.began = []

    def tick(self):
        with self.lock:
            self.clock += 1
            return self.clock

    def check(self, identity, *, turns=2, then=fakes.passes, **options):
        trace = self

        async def run(self, ctx):
            began = trace.tick()
            trace.began.append(identity)
            for _ in range(turns):
                await asyncio.sleep(0)
            async for finding in then(self, ctx):
                yield finding
            trace.spans[identity] = (began, trace.tick())

        return make(identity, run, **options)

    def overlap(self, one, other):
        (a, b), (c, d) = self.spans[one], self.spans[other]
        return a < d and c < b


def test_phases_run_one_after_the_other():
    trace = Trace()
    checks = [trace.check(f"check-{task[0]}-{n}", task=task) for task in reversed(TASKS) for n in "ab"]
    run = Run(checks, jobs=8)
    run()
    assert [identity[6] for identity in trace.began] == sorted(identity[6] for identity in trace.began)
    phases = [event for event in run.events if isinstance(event, PhaseStarted | PhaseFinished)]
    titles = {phase.number: phase.title for phase in PHASES}
    assert phases == [e for n in range(1, 7) for e in (PhaseStarted(n, titles[n]), PhaseFinished(n))]


def test_inside_a_phase_what_is_required_comes_first_and_conflicting_checks_follow_the_plan():
    trace = Trace()
    checks = [
        trace.check("a-last", requires=["z-first", "m-middle"]),
        trace.check("m-middle", requires=["z-first"]),
        trace.check("z-first"),
    ]
    results = Run(checks, jobs=8)()
    assert list(results) == trace.began == ["z-first", "m-middle", "a-last"]


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (fakes.fails, "needs b-required, which failed"),
        (fakes.skips, "needs b-required, which was skipped"),
        (fakes.is_inconclusive, "needs b-required, which was inconclusive"),
        (fakes.crashes, "needs b-required, which errored"),
    ],
)
def test_a_check_whose_requirement_did_not_pass_is_skipped_and_so_on_down_the_line(run, told):
    checks = [
        make("b-required", run),
        make("c-dependant", fakes.passes, requires=["b-required"]),
        make("d-far", fakes.passes, task="6.4", requires=["c-dependant"]),
        make("e-other", fakes.passes),
    ]
    results = Run(checks)()
    assert (results["c-dependant"].outcome, results["c-dependant"].reason) == (Outcome.SKIPPED, told)
    assert results["d-far"].reason == "needs c-dependant, which was skipped"
    assert results["e-other"].outcome is Outcome.PASSED


def test_a_check_that_is_not_planned_is_told_with_its_reason_and_setting():
    run = Run([make("a-check", fakes.crashes, needs=("route:webhook",)), make("b-check", fakes.passes)])
    results = run()
    assert (results["a-check"].outcome, results["a-check"].setting) == (Outcome.SKIPPED, "target.routes.webhook")
    assert results["a-check"].reason == "target.routes.webhook is not declared"
    assert CheckBegan("a-check") not in run.events
    assert [e.result.check for e in run.events if isinstance(e, CheckFinished)] == ["a-check", "b-check"]


def test_checks_run_side_by_side_up_to_the_number_of_jobs():
    barrier, most, now, lock = threading.Barrier(4), [0], [0], threading.Lock()

    async def run(self, ctx):
        with lock:
            now[0] += 1
            most[0] = max(most)
            most[0] = max(most[0], now[0])
        await asyncio.to_thread(barrier.wait, 10)  # broken, and the check errored, unless four are at work
        with lock:
            now[0] -= 1
        return
        yield

    results = Run([make(f"check-{n}", run) for n in range(8)], jobs=4)()
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}
    assert most == [4]


def test_what_is_used_alone_excludes_others_and_what_is_shared_does_not():
    together = threading.Barrier(2)

    async def meets(self, ctx):
        await asyncio.to_thread(together.wait, 10)
        return
        yield

    trace = Trace()
    shared, alone = Uses(shared=("target",)), Uses(shared=(), alone=("target",))
    checks = [
        trace.check("a-shared", then=meets, uses=shared),
        trace.check("b-shared", then=meets, uses=shared),
        trace.check("c-alone", uses=alone),
        trace.check("d-alone", uses=alone),
        trace.check("e-shared", uses=shared),
    ]
    results = Run(checks, jobs=8)()
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}
    assert not any(trace.overlap("c-alone", other) for other in ("a-shared", "b-shared", "d-alone", "e-shared"))
    assert not any(trace.overlap("d-alone", other) for other in ("a-shared", "b-shared", "e-shared"))


def test_a_check_that_waits_to_be_alone_is_not_overtaken():
    """The second reader would fit beside the first, but the writer between them came earlier."""
    may_end, trace = threading.Event(), Trace()

    async def waits(self, ctx):
        await asyncio.to_thread(may_end.wait, 10)
        return
        yield

    async def lets_it_end(self, ctx):
        may_end.set()
        return
        yield

    checks = [
        trace.check("a-reader", then=waits, uses=Uses(shared=("target",))),
        trace.check("b-writer", uses=Uses(shared=(), alone=("target",))),
        trace.check("c-reader", uses=Uses(shared=("target",))),
        trace.check("d-neutral", then=lets_it_end),
    ]
    Run(checks, jobs=8)()
    assert trace.spans["d-neutral"][1] < trace.spans["b-writer"][0] < trace.spans["c-reader"][0]


def test_a_check_that_waits_to_share_is_not_overtaken_by_one_that_would_be_alone():
    """The last check is to see the target after all others, though one of those still waits for its requirement."""
    may_end, trace = threading.Event(), Trace()

    async def waits(self, ctx):
        await asyncio.to_thread(may_end.wait, 10)
        return
        yield

    async def lets_it_end(self, ctx):
        may_end.set()
        return
        yield

    checks = [
        trace.check("a-required", then=waits),
        trace.check("b-reader", requires=["a-required"], uses=Uses(shared=("target",))),
        trace.check("c-last", uses=Uses(shared=(), alone=("target",))),
        trace.check("d-neutral", then=lets_it_end),
    ]
    Run(checks, jobs=8)()
    assert [identity for identity in trace.began if identity != "a-required"] == ["d-neutral", "b-reader", "c-last"]


@pytest.mark.parametrize("jobs", [1, 8])
def test_checks_are_told_in_plan_order_whatever_ends_first(jobs):
    first_may_end, trace = threading.Event(), Trace()

    async def waits(self, ctx):
        await asyncio.to_thread(first_may_end.wait, 10 if jobs > 1 else 0)
        return
        yield

    async def lets_it_end(self, ctx):
        first_may_end.set()
        return
        yield

    middle = [trace.check(f"check-{n}") for n in "bcdefgh"]
    checks = [trace.check("check-a", then=waits), *middle, trace.check("check-i", then=lets_it_end)]
    run = Run(checks, jobs=jobs)
    order = list(run())
    told = [event.result.check for event in run.events if isinstance(event, CheckFinished)]
    assert told == order == [f"check-{n}" for n in "abcdefghi"]
    if jobs > 1:
        assert trace.spans["check-a"][1] > trace.spans["check-i"][0]


def test_each_check_begins_before_it_is_told_and_inside_its_phase():
    run = Run([make(f"check-{n}", fakes.passes, task=TASKS[n % 6]) for n in range(12)], jobs=8)
    run()
    phase, begun = None, set()
    for event in run.events:
        if isinstance(event, PhaseStarted):
            phase = event.number
        elif isinstance(event, CheckBegan):
            begun.add(event.check)
            assert run.catalog[event.check].task == f"{phase}.1"
        elif isinstance(event, CheckFinished):
            assert event.result.check in begun and event.result.task == f"{phase}.1"


def _mixed(seed):
    """A made-up catalogue of all that a check can do in no time, with requirements and resources."""
    source = random.Random(seed)
    doing = [fakes.passes, fakes.passes, fakes.passes, fakes.fails, fakes.crashes, fakes.skips, fakes.is_inconclusive]
    doing += [fakes.fails_then_crashes, fakes.raises_system_exit, fakes.yields_no_finding]

    def wandering(then, turns):
        async def run(self, ctx):
            for _ in range(turns):
                await asyncio.sleep(0)
            ctx.notes.append(f"{turns} turns")
            ctx.exchanges.append(f"{self.id}-x")
            async for finding in then(self, ctx):
                yield finding

        return run

    checks = []
    for n in range(18):
        before = [check.id for check in checks if check.task == TASKS[n // 9]]
        checks.append(
            make(
                f"check-{n:02}",
                wandering(source.choice(doing), source.randrange(4)),
                task=TASKS[n // 9],
                requires=source.sample(before, min(len(before), source.choice([0, 0, 1]))),
                uses=source.choice([Uses(), fakes.NOTHING_SHARED, Uses(shared=("target",), alone=("faults",))]),
                needs=source.choice([(), (), (), ("items",)]),
            )
        )
    return checks


def test_one_job_and_eight_give_the_same_results_twenty_times():
    checks = _mixed(seed=165)
    expected = timeless(Run(checks, jobs=1)().values())
    assert len(Counter(result.outcome for result in expected)) == 5
    for n in range(20):
        run = Run(checks, jobs=8 if n % 2 else 3)
        assert timeless(run().values()) == expected
        told = [event.result for event in run.events if isinstance(event, CheckFinished)]
        assert timeless(told) == expected


_uses = st.builds(
    Uses,
    shared=st.lists(st.sampled_from(["target", "stripe", "clock"]), max_size=2, unique=True).map(tuple),
    alone=st.lists(st.sampled_from(["target", "stripe", "clock"]), max_size=1).map(tuple),
)


@st.composite
def _catalogues(draw):
    """Up to seven checks: (uses, requires among those before it, whether it passes)."""
    described = []
    for n in range(draw(st.integers(1, 7))):
        required = draw(st.lists(st.integers(0, n - 1), max_size=2, unique=True)) if n else []
        described.append((draw(_uses), required, draw(st.booleans())))
    return described


@settings(max_examples=40)
@given(_catalogues(), st.sampled_from([1, 2, 8]))
def test_order_and_exclusion_hold_for_any_catalogue(described, jobs):
    trace = Trace()
    checks = [
        trace.check(
            f"check-{n}",
            then=fakes.passes if passes else fakes.skips,
            uses=uses,
            requires=[f"check-{r}" for r in required],
        )
        for n, (uses, required, passes) in enumerate(described)
    ]
    run = Run(checks, jobs=jobs)
    results = run()
    order = {identity: n for n, identity in enumerate(run.catalog)}
    assert list(results) == list(order)
    assert [e.result.check for e in run.events if isinstance(e, CheckFinished)] == list(order)
    for one in checks:
        for required in one.requires:
            assert results[required].outcome is Outcome.PASSED or one.id not in trace.spans
            if one.id in trace.spans:
                assert trace.spans[required][1] < trace.spans[one.id][0]
    began = [check for check in checks if check.id in trace.spans]
    for one, other in itertools.permutations(began, 2):
        if order[one.id] < order[other.id] and (jobs == 1 or conflict(one.uses, other.uses)):
            assert trace.spans[one.id][1] < trace.spans[other.id][0]


@settings(max_examples=60)
@given(st.lists(st.tuples(_uses, st.booleans()), max_size=20), st.lists(_uses, max_size=3))
def test_resources_are_reader_writer_locks(steps, earlier):
    """Against the plainest model: a list of who holds what."""
    resources, held = Resources(), []
    for uses, is_taking in steps:
        if is_taking:
            is_free = not any(conflict(uses, other) for other in held)
            assert resources.is_free_for(uses, []) == is_free
            assert resources.is_free_for(uses, earlier) == (is_free and not any(conflict(uses, e) for e in earlier))
            if is_free:
                resources.take(uses)
                held.append(uses)
        elif held:
            resources.give_back(held.pop(0))
    for uses in held:
        resources.give_back(uses)
    everything = Uses(shared=(), alone=("target", "stripe", "clock"))
    assert resources.is_free_for(everything, [])


@given(_uses, _uses)
def test_conflict_is_mutual_and_only_over_what_is_used_alone(one, other):
    assert conflict(one, other) == conflict(other, one)
    assert conflict(one, one) == bool(one.alone)
    if not one.alone and not other.alone:
        assert not conflict(one, other)


def test_a_plan_that_lacks_what_is_required_ends_with_errors_instead_of_never():
    checks = [make("a-check", fakes.passes, requires=["z-check"]), make("b-check", fakes.passes)]
    catalog = Catalog(LoadedCheck(check, fakes.Path("x.py")) for check in [*checks, make("z-check", fakes.passes)])
    whole = make_plan(catalog, tuple(catalog), Declared(frozenset(NEEDS)), Permission(Effect.LOAD, "a fake"))
    plan = Plan(tuple(entry for entry in whole.entries if entry.check.id != "z-check"), whole.permission)
    results = {r.check: r for r in Engine(catalog, plan, lambda check: fakes.FakeContext()).run()}
    assert results["a-check"].outcome is Outcome.ERRORED
    assert results["a-check"].error == "requires z-check, which the plan does not have before it"
    assert results["b-check"].outcome is Outcome.PASSED


def test_no_job_is_no_engine():
    with pytest.raises(ValueError, match="jobs"):
        Run([], jobs=0)


def test_an_absurd_timeout_is_only_long():
    assert Run([make("a-check", fakes.fails)], timeout=1e300)()["a-check"].findings[0] == Finding(
        "It is broken", "For a reason.", severity=fakes.Severity.HIGH, check="a-check"
    )
