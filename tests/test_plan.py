"""What will run, and for what will not: the reason, and the setting that would enable it."""

from __future__ import annotations

import pytest

from stripe_audit.check import NEEDS
from stripe_audit.models import Effect
from stripe_audit.plan import Declared, make_plan
from stripe_audit.safety import Permission
from tests.engine import fakes
from tests.engine.fakes import make

ALL = Declared(frozenset(NEEDS))
EVERYTHING = Permission(Effect.LOAD, "proved")
UNPROVEN = Permission(Effect.READ, "nothing proves it", "target.launch", True)


def check(identity="a-check", effect=Effect.NONE, **options):
    return make(identity, fakes.passes, effect=effect, **options)


def plan(checks, declared=ALL, permission=EVERYTHING, selected=None):
    catalog = fakes.catalog_of(checks)
    return make_plan(catalog, tuple(catalog) if selected is None else selected, declared, permission)


def only(*checks, **options):
    entries = plan(checks, **options).entries
    return entries[-1]


def test_what_nothing_hinders_runs():
    entry = only(
        check(needs=("route:webhook", "route:order", "stripe"), effect=Effect.WRITE, max_requests=7, max_objects=3)
    )
    assert (entry.will_run, entry.reason, entry.setting, entry.is_added) == (True, None, None, False)
    assert entry.routes == ("webhook", "order")
    assert (entry.max_requests, entry.max_objects) == (7, 3)
    assert (entry.check.id, entry.check.effect) == ("a-check", "write")


@pytest.mark.parametrize("need", sorted(NEEDS))
def test_what_is_not_declared_is_named_with_its_setting(need):
    entry = only(check(needs=(need,)), declared=Declared(frozenset(NEEDS) - {need}))
    assert (entry.will_run, entry.reason, entry.setting) == (False, f"{NEEDS[need]} is not declared", NEEDS[need])


def test_a_more_telling_reason_is_preferred():
    declared = Declared(frozenset(), {"webhook_secret": "the variable STRIPE_WEBHOOK_SECRET is not set"})
    entry = only(check(needs=("webhook_secret",)), declared=declared)
    assert entry.reason == "the variable STRIPE_WEBHOOK_SECRET is not set"
    assert entry.setting == "target.routes.webhook[].secret"


@pytest.mark.parametrize("effect", list(Effect))
def test_an_unreached_target_leaves_only_what_sends_nothing(effect):
    declared = Declared(frozenset(NEEDS), unreached="no connection to 127.0.0.1 port 9")
    entry = only(check(effect=effect), declared=declared)
    if effect is Effect.NONE:
        assert entry.will_run
    else:
        assert entry.reason == "the target was not reached: no connection to 127.0.0.1 port 9"
        assert (entry.will_run, entry.setting) == (False, "target.url")


@pytest.mark.parametrize("granted", list(Effect))
@pytest.mark.parametrize("effect", list(Effect))
def test_effects_against_permission(effect, granted):
    entry = only(check(effect=effect), permission=Permission(granted, "only so much", "target.launch"))
    assert entry.will_run == (effect.rank <= granted.rank)
    if not entry.will_run:
        assert entry.reason == f"its effect is {effect.value!r}, and only so much"
        assert entry.setting == "target.launch"


@pytest.mark.parametrize(
    ("permission", "setting"),
    [
        (UNPROVEN, "--allow-probes, or target.launch"),
        (Permission(Effect.READ, "interrupted", None, True), "--allow-probes"),
        (Permission(Effect.READ, "interrupted"), None),
        (
            Permission(Effect.READ, "a live sign was seen", "the target must run in test mode"),
            "the target must run in test mode",
        ),
    ],
)
def test_the_flag_for_probes_is_named_only_where_it_would_help(permission, setting):
    assert only(check(effect=Effect.PROBE), permission=permission).setting == setting
    assert only(check(effect=Effect.WRITE), permission=permission).setting == permission.setting


def test_the_first_obstacle_is_what_is_missing_then_the_target_then_the_effect_then_what_is_required():
    needy = check("b-check", Effect.WRITE, needs=("items",), requires=["a-check"])
    first = check("a-check", Effect.WRITE)
    away = Declared(frozenset(), unreached="gone")
    assert "target.items" in only(first, needy, declared=away, permission=UNPROVEN).reason
    away = Declared(frozenset(["items"]), unreached="gone")
    assert "not reached" in only(first, needy, declared=away, permission=UNPROVEN).reason
    here = Declared(frozenset(["items"]))
    assert "its effect" in only(first, needy, declared=here, permission=UNPROVEN).reason
    mild = check("b-check", Effect.READ, needs=("items",), requires=["a-check"])
    entry = only(first, mild, declared=here, permission=UNPROVEN)
    assert entry.reason == "needs a-check, which will not run"
    assert entry.setting == "target.launch"


def test_what_a_selected_check_requires_is_added_and_said_to_be():
    checks = [
        check("a-check", task="1.1"),
        check("b-check", task="2.1", requires=["a-check"]),
        check("c-check", task="3.1", requires=["b-check"]),
        check("d-check", task="3.1"),
    ]
    entries = plan(checks, selected=["c-check"]).entries
    assert [(entry.check.id, entry.is_added) for entry in entries] == [
        ("a-check", True),
        ("b-check", True),
        ("c-check", False),
    ]
    assert [entry.is_added for entry in plan(checks, selected=["c-check", "a-check"]).entries] == [False, True, False]


def test_a_requirement_that_will_not_run_is_handed_down():
    checks = [
        check("a-check", task="1.1", needs=("items",)),
        check("b-check", task="2.1", requires=["a-check"]),
        check("c-check", task="6.4", requires=["b-check"]),
    ]
    entries = plan(checks, declared=Declared(frozenset())).entries
    assert [entry.reason for entry in entries] == [
        "target.items is not declared",
        "needs a-check, which will not run",
        "needs b-check, which will not run",
    ]
    assert {entry.setting for entry in entries} == {"target.items"}
    assert not plan(checks, declared=Declared(frozenset())).running


def test_the_order_is_the_catalogues_whatever_the_order_of_the_selection():
    checks = [check(f"check-{n}", task=f"{n}.1") for n in range(1, 7)]
    made = plan(checks, selected=[f"check-{n}" for n in (6, 2, 4)])
    assert [entry.check.id for entry in made.entries] == ["check-2", "check-4", "check-6"]
    assert made.running == made.entries and made.permission == EVERYTHING


def test_planning_is_pure():
    checks = [check("a-check"), check("b-check", Effect.WRITE, requires=["a-check"])]
    assert plan(checks, permission=UNPROVEN) == plan(checks, permission=UNPROVEN)
    assert plan([], selected=[]).entries == ()
