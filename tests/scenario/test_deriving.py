"""What a scenario needs, does and shares follows from its steps; its file can only say more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stripe_audit.catalog import builtin_folder, load_catalog
from stripe_audit.check import Check, Uses
from stripe_audit.models import Effect
from stripe_audit.scenario.deriving import Derived, derived
from stripe_audit.scenario.files import check_of
from tests.scenario.test_reading import read

JUDGE = "  - expect: {value: 1, that: {'@': 1}}\n"


def of(tmp_path: Path, steps: str, more: str = "") -> Derived:
    return derived(read(tmp_path, f"{more}steps:\n{steps}{JUDGE}"))


@pytest.mark.parametrize(
    ("steps", "needs", "effect", "alone"),
    [
        ("  - request: {path: /}\n    save: a\n", (), Effect.READ, ()),
        ("  - request: {route: health}\n    save: a\n", ("route:health",), Effect.WRITE, ()),
        ("  - request: {path: /, method: POST}\n", (), Effect.WRITE, ()),
        ("  - create_payment: {}\n", ("route:create_payment", "items", "stripe"), Effect.WRITE, ()),
        ("  - create_customer: {}\n", ("route:customer",), Effect.WRITE, ()),
        ("  - create_checkout: {}\n", ("route:checkout", "items", "stripe"), Effect.WRITE, ()),
        ("  - create_subscription: {}\n", ("route:subscribe", "plans", "stripe"), Effect.WRITE, ()),
        (
            "  - create_payment: {capture: manual}\n",
            ("route:create_payment", "held_items", "stripe"),
            Effect.WRITE,
            (),
        ),
        (
            "  - create_subscription: {}\n  - advance: {days: 1, of: subscription}\n",
            ("route:subscribe", "plans", "stripe"),
            Effect.WRITE,
            (),
        ),
        ("  - restart:\n", ("launch",), Effect.FAULT, ("process", "target")),
        ("  - advance: {days: 1}\n", ("stripe",), Effect.WRITE, ("clock",)),
        ("  - fault: {kind: slow, seconds: 1}\n", ("stripe",), Effect.FAULT, ("faults", "target")),
        ("  - stripe: {get: /v1/balance}\n", ("stripe",), Effect.WRITE, ()),
        ("  - expect: {logs: [x], that: {count: 0}}\n", ("observer:logs",), Effect.READ, ()),
        ("  - expect: {mail: a@b.c, that: {count: 0}}\n", ("observer:mail",), Effect.READ, ()),
        (
            "  - together:\n      - kill: {start: false}\n      - request: {route: health}\n",
            ("launch", "route:health"),
            Effect.FAULT,
            ("process", "target"),
        ),
    ],
)
def test_from_steps(tmp_path: Path, steps: str, needs: tuple[str, ...], effect: Effect, alone: tuple[str, ...]) -> None:
    found = of(tmp_path, steps)
    assert (found.needs, found.effect, found.uses.alone) == (needs, effect, alone)
    assert not set(found.uses.shared) & set(alone)


def test_a_fault_of_one_payment_is_shared_and_one_of_all_is_not(tmp_path: Path) -> None:
    found = of(tmp_path, "  - create_payment: {}\n  - fault: {kind: slow, of: payment}\n")
    assert (found.effect, found.uses.alone, found.is_alone) == (Effect.FAULT, (), False)


def test_forged_events_are_probes_and_need_the_secret(tmp_path: Path) -> None:
    found = of(tmp_path, "  - create_payment: {hold: true}\n  - deliver: {tamper: absent}\n")
    assert {"webhook_secret", "route:webhook"} <= set(found.needs)
    assert found.effect is Effect.WRITE  # the payment


def test_the_file_can_only_say_more(tmp_path: Path) -> None:
    more = "needs: ['observer:mail']\neffect: probe\nuses: {alone: [deliveries]}\n"
    found = of(tmp_path, "  - create_payment: {}\n", more)
    assert found.needs == ("route:create_payment", "items", "stripe", "observer:mail")
    assert found.effect is Effect.WRITE
    assert found.uses == Uses(shared=("target", "stripe"), alone=("deliveries",))
    assert of(tmp_path, "  - create_payment: {}\n", "effect: load\n").effect is Effect.LOAD


def test_bounds_grow_with_the_rows(tmp_path: Path) -> None:
    one = of(tmp_path, "  - create_payment: {}\n")
    three = of(tmp_path, "  - create_payment: {}\n", "matrix: {a: [1, 2, 3]}\n")
    assert (one.max_objects, three.max_objects) == (1, 3)
    assert three.max_requests == 3 * one.max_requests > 0


def shipped() -> list[Path]:
    return sorted(builtin_folder("scenarios").glob("*/*.yaml"))


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_a_shipped_scenario_is_a_check_like_any_other(path: Path) -> None:
    check: type[Check] = check_of(path)
    told: Any = check.documentation
    assert check.id == path.stem.replace("_", "-") and "scenario" in check.tags
    assert all((told.title, told.what, told.why, told.fix)) and not told.title.endswith(".")
    assert check.references and check.max_requests and check.max_objects
    assert check.effect in (Effect.WRITE, Effect.FAULT)


def test_they_are_in_the_catalogue_and_nothing_else_is_in_their_folder() -> None:
    catalog = load_catalog()
    found = {catalog.path(identity) for identity in catalog if "scenario" in catalog[identity].tags}
    assert found == set(shipped()) and len(found) >= 14
