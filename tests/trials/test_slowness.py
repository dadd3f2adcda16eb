"""When late answers are the machine's fault. Tables without I/O."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from tests.checks.modules import module_of
from tests.load.test_judging import SOUND

from stripe_audit import trials
from stripe_audit.trials import slowness


@pytest.mark.parametrize(
    ("times", "said"),
    [((1.0, 1.1, 1.2), None), ((9.0, 1.1, 9.0), None), ((5.0, 6.4, 8.0), "work takes 5 times its time")],
)
def test_a_machine_is_busy_if_every_try_is_slow(
    times: tuple[float, ...], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(times)
    monkeypatch.setattr(slowness, "_slowness", lambda: next(left))
    told = asyncio.run(trials.busy_machine())
    assert (told and told.endswith(said)) if said else told is None


def test_work_takes_at_least_its_own_time() -> None:
    assert slowness._slowness() >= 0.9


@pytest.mark.parametrize(
    ("changes", "is_late"),
    [
        ({"errors": {"no answer within 10 s": 90}}, True),
        ({"errors": {"no answer within 10 s": 90, "answered 503": 20}}, True),
        ({"errors": {"no answer within 10 s": 90, "answered 503": 21}}, False),
        ({"errors": {"no answer within 10 s": 90}, "lost": {"o1": {}}}, False),
        ({"errors": {"no answer within 10 s": 90}, "doubled": {"o1": {}}}, False),
    ],
)
def test_a_load_is_only_late_if_the_target_says_no_to_few(changes: dict[str, object], is_late: bool) -> None:
    check = module_of("webhook-survives-load")
    assert check.is_only_late(dataclasses.replace(SOUND, **changes)) is is_late


@pytest.mark.parametrize(("sent", "seconds", "is_slow"), [(240, 14.9, True), (240, 8.1, True), (240, 7.9, False)])
def test_a_burst_is_slow_below_thirty_a_second(sent: int, seconds: float, is_slow: bool) -> None:
    check = module_of("testing-of-cards-limited")
    assert check.is_slow([trials.Burst(sent, seconds, None, None)]) is is_slow
