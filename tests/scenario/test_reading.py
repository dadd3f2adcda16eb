"""Scenarios from files: what is wrong is told with file, line and step."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from pathlib import Path

import pytest

from stripe_audit.errors import CatalogError
from stripe_audit.scenario.reading import Scenario, read_scenario

HEAD = """\
version: 1
id: my-scenario
task: "6.1"
severity: high
title: It holds.
what: What.
why: Why.
fix: Fix.
"""
"""Eight lines; steps begin on the ninth."""
PAID = """\
steps:
  - create_payment: {}
  - pay: {}
  - eventually: {order: payment, that: {state: paid}}
"""


def read(tmp_path: Path, text: str, head: str = HEAD) -> Scenario:
    path = tmp_path / "my_scenario.yaml"
    path.write_text(head + textwrap.dedent(text), "utf-8")
    return read_scenario(path)


def problem(tmp_path: Path, text: str, head: str = HEAD) -> str:
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, text, head)
    assert caught.value.hint
    return caught.value.message.replace(f"{tmp_path}/", "")


def test_steps_know_their_lines(tmp_path: Path) -> None:
    scenario = read(tmp_path, PAID)
    assert [(step.model.action, step.source.line) for step in scenario.steps] == [
        ("create_payment", 10),
        ("pay", 11),
        ("eventually", 12),
    ]
    assert scenario.rows == ({},)


def test_decimals_are_exact(tmp_path: Path) -> None:
    scenario = read(tmp_path, "steps:\n  - create_payment: {}\n  - refund: {amount: 1.10}\n" + PAID[7:])
    amount = scenario.steps[1].model.body.amount
    assert amount == Decimal("1.10") and isinstance(amount, Decimal)


def test_a_matrix_of_lists_is_each_with_each(tmp_path: Path) -> None:
    scenario = read(tmp_path, "matrix: {currency: [usd, eur], count: [1, 2]}\n" + PAID)
    assert len(scenario.rows) == 4 and scenario.rows[1] == {"currency": "usd", "count": 2}
    scenario = read(tmp_path, "matrix: [{price: 0.29}]\n" + PAID)
    assert scenario.rows[0]["price"] == Decimal("0.29")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps:\n  - pya: {}\n", "my_scenario.yaml:10: step 1 (pya): is not known here; did you mean 'pay'?"),
        ("steps:\n  - pay: {wiht: visa}\n", "my_scenario.yaml:10: step 1 (pay): wiht: is not known here; did you"),
        (
            "steps:\n  - create_payment: {}\n  - pay: {}\n    refund: {}\n",
            "my_scenario.yaml:11: step 2 (pay): a step does one thing, and this one does pay and refund",
        ),
        ("steps:\n  - name: x\n", "my_scenario.yaml:10: step 1: a step does one thing, and this one does nothing"),
        ("steps:\n  - pay: {}\n", "my_scenario.yaml:10: step 1 (pay): 'payment' was not saved by an earlier step"),
        (
            "steps:\n  - create_payment: {}\n  - refund: {payment: paymnt}\n",
            "my_scenario.yaml:11: step 2 (refund): 'paymnt' was not saved by an earlier step; did you mean 'payment'?",
        ),
        (
            "steps:\n  - create_payment: {}\n  - expect: {order: payment, that: {'a[': 1}}\n",
            "my_scenario.yaml:11: step 2 (expect): that.a[: not a JMESPath expression",
        ),
        (
            "steps:\n  - request: {path: '/x/{{ order.id }}'}\n",
            "my_scenario.yaml:10: step 1 (request): 'order' was not saved by an earlier step",
        ),
        ("steps:\n  - request: {path: '/x/{{ a'}\n", "opened or closed, but not both"),
        ("steps:\n  - request: {}\n", "my_scenario.yaml:10: step 1 (request): give a route or a path"),
        (
            "steps:\n  - create_payment: {}\n  - expect: {that: {a: 1}}\n",
            "my_scenario.yaml:11: step 2 (expect): conditions are about one subject of order, answer",
        ),
        (
            "steps:\n  - together:\n      - create_payment: {}\n      - create_payment: {qty: 2}\n",
            "my_scenario.yaml:12: step 1.2 (create_payment): qty: is not known here",
        ),
        ("steps:\n  - deliver: {tamper: wrongly}\n", "no way to sign wrongly is named 'wrongly'; known are absent"),
        ("steps:\n  - deliver: {copies: 0}\n", "my_scenario.yaml:10: step 1 (deliver): copies: "),
        (
            "steps:\n  - create_payment: {}\nfinally:\n  - lift: payment\n",
            "my_scenario.yaml:12: step finally 1 (lift): ",
        ),
        ("steps: []\n", "give steps, or one fixture in their place"),
        ("steps:\n  - include: none.yaml\n", "my_scenario.yaml:10: step 1 (include): "),
        ("steps:\n  - include: my_scenario.yaml\n", "my_scenario.yaml:10: step 1 (include): my_scenario.yaml includes"),
        ("steps:\n  - fixture: none.json\n", "my_scenario.yaml:10: step 1 (fixture): "),
        ("steps:\n  - create_payment: {}\n", "my_scenario.yaml:9: nothing is expected"),
        ("needs: [magic]\n" + PAID, "my_scenario.yaml:9: needs: unknown need 'magic'"),
        ("effect: none\n" + PAID, "my_scenario.yaml:9: effect: must be 'probe', 'write', 'fault' or 'load'"),
        ("colour: red\n" + PAID, "my_scenario.yaml:9: colour: is not known here"),
        ("matrix: {a: [1]}\nsteps:\n  - create_payment: {currency: '{{ b }}'}\n", "'b' was not saved"),
        (
            f"matrix: {{a: {list(range(20))}, b: {list(range(20))}}}\n" + PAID,
            "the matrix has 400 rows; 200 are the most",
        ),
        ("steps:\n  - {a: 1, a: 2}\n", "my_scenario.yaml:10: 'a' is given twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    assert told in problem(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('task: "7.1"', "my_scenario.yaml:3: task: one of 1.1 to 6.4"),
        ("severity: awful", "my_scenario.yaml:4: severity: must be 'critical'"),
        ("id: other-scenario", "my_scenario.yaml:2: the id 'other-scenario' and the file's name differ"),
        ("id: Mine", "my_scenario.yaml:2: id: kebab case"),
        ("title: ''", "my_scenario.yaml:5: title: "),
    ],
)
def test_the_head(tmp_path: Path, line: str, told: str) -> None:
    name = line.split(":")[0]
    head = "".join(f"{line}\n" if one.startswith(f"{name}:") else f"{one}\n" for one in HEAD.splitlines())
    assert told in problem(tmp_path, PAID, head)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    assert "why is missing" in problem(tmp_path, PAID, HEAD.replace("why: Why.\n", ""))


def test_no_secret_is_told(tmp_path: Path) -> None:
    secret = "sk_live_" + "a" * 40
    assert secret not in problem(tmp_path, f"steps:\n  - {secret}: {{}}\n")


def test_included_steps_cite_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("steps:\n  - create_payment: {}\n\n  - pay: {}\n")
    scenario = read(tmp_path, "steps:\n  - include: part.yaml\n" + PAID.splitlines()[3] + "\n")
    assert [(step.number, step.source.line, step.file.name) for step in scenario.steps] == [
        ("1.1", 2, "part.yaml"),
        ("1.2", 4, "part.yaml"),
        ("2", 11, "my_scenario.yaml"),
    ]
    (tmp_path / "part.yaml").write_text("steps:\n  - create_payment: {}\n  - pay: {with_: 1}\n")
    told = problem(tmp_path, "steps:\n  - include: part.yaml\n")
    assert "part.yaml:3: step 2 (pay): with_: is not known here; did you mean 'with'?" in told


def test_files_that_include_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("steps:\n  - include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("steps:\n  - include: a.yaml\n")
    assert "includes itself" in problem(tmp_path, "steps:\n  - include: a.yaml\n")
