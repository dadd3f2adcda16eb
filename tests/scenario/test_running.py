"""Every step of the language, run against the demo shop."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.testing import DemoStage, demo_stage, run_check, run_checks
from tests.scenario.test_reading import HEAD, PAID

Run = Callable[..., CheckResult]
NUMBERS = itertools.count(100)


@pytest.fixture(scope="module")
def stage() -> Iterator[DemoStage]:
    with demo_stage(patience=5.0) as opened:
        yield opened


@pytest.fixture
def run(stage: DemoStage, tmp_path: Path) -> Run:
    def one(text: str, on: DemoStage = stage) -> CheckResult:
        name = f"scenario-{next(NUMBERS)}"  # orders are named after it, and the shop is the same for all
        path = tmp_path / f"{name}.yaml"
        path.write_text(HEAD.replace("my-scenario", name) + textwrap.dedent(text), "utf-8")
        catalog = load_catalog(scenarios=[path], has_builtin=False)
        return run_checks([name], on, catalog=catalog)[name]

    return one


def passed(result: CheckResult) -> None:
    assert result.outcome is Outcome.PASSED, (result.findings, result.reason, result.error)


STEPS = {
    "a payment that is paid, with all its traces": """
        - create_payment: {item: mug, currency: eur, quantity: 2}
        - pay: {with: visa, becomes: succeeded}
        - expect:
            stripe: /v1/payment_intents/{{ payment.intent }}
            that: {amount_received: 3598, currency: eur, status: {in: [succeeded]}, canceled_at: {exists: false}}
        - eventually: {order: payment, that: {state: paid, amount: "{{ payment.amount }}", fulfilled: 1}}
        - stays: {order: payment, during: 0.1, that: {fulfilled: {at_most: 1}}}
        - eventually: {mail: "{{ payment.email }}", that: {count: 1, "subjects[0]": {contains: "{{ payment.order }}"}}}
        - eventually:
            logs: [payment event, "{{ payment.order }}"]
            that: {count: {at_least: 1}, "contains(levels, 'info')": true}
        - eventually:
            deliveries: payment
            that: {refused: [], held: [], "contains(types, 'payment_intent.succeeded')": true}
    """,
}
STEPS["a decline, then success"] = """
    - create_payment: {}
    - pay: {with: declined}
      save: first
    - expect: {value: "{{ first.status }}", that: {"@": requires_payment_method}}
    - eventually: {order: payment, that: {state: failed}}
    - pay: {with: pm_card_visa, becomes: succeeded}
    - eventually: {order: payment, that: {state: [paid, refunded]}}
"""
STEPS["3D Secure, both ways"] = """
    - create_payment: {}
      save: one
    - create_payment: {}
      save: other
    - together:
        - pay: {payment: one, with: 3ds, becomes: requires_action}
        - pay: {payment: other, with: 3ds}
    - authenticate: {payment: one}
    - authenticate: {payment: other, outcome: fail}
    - eventually: {order: one, that: {state: paid}}
    - eventually: {order: other, that: {state: failed}}
"""
STEPS["refunds by part, by exact amount, and in full"] = """
    - create_payment: {quantity: 2}
    - pay: {}
    - refund: {amount: 1.10}
      save: back
    - expect: {value: "{{ back }}", that: {amount: 110, "type(id)": string}}
    - eventually: {order: payment, that: {state: partially_refunded}}
    - refund: {parts: 4}
      save: quarter
    - expect: {value: "{{ quarter.amount }}", that: {"@": 999}}
    - refund: {}
    - eventually: {order: payment, that: {state: refunded}}
"""
STEPS["a dispute, lost"] = """
    - create_payment: {}
    - dispute: {}
    - eventually: {order: payment, that: {state: disputed}}
    - dispute: {close: lost}
    - eventually: {deliveries: payment, that: {"contains(types, 'charge.dispute.closed')": true, refused: []}}
"""
STEPS["a cancellation"] = """
    - create_payment: {}
    - cancel: {}
    - eventually: {order: payment, that: {state: canceled}}
"""
STEPS["events kept back, then told backwards, twice, together"] = """
    - create_payment: {hold: true}
    - pay: {with: declined}
    - pay: {with: visa, becomes: succeeded}
    - stays: {order: payment, during: 0.1, that: {state: unpaid}}
    - deliver: {order: reversed, but: [payment_intent.created], copies: 2}
      save: told
    - expect: {value: "{{ told }}", that: {acknowledged: true, count: {at_least: 6}}}
    - eventually: {order: payment, that: {state: paid, fulfilled: 1}}
    - deliver: {again: true, at_once: true, copies: 3, types: [payment_intent.succeeded]}
    - deliver: {again: true, order: shuffled, seed: 3}
    - deliver: {again: true, order: listed, types: [payment_intent.succeeded, payment_intent.created]}
    - stays: {order: payment, during: 0.1, that: {state: paid, fulfilled: 1}}
"""
STEPS["tampered events are refused, made-up ones are sent"] = """
    - create_payment: {hold: true}
    - pay: {}
    - deliver: {tamper: wrong-secret, types: [payment_intent.succeeded]}
      save: forged
    - expect: {value: "{{ forged }}", that: {acknowledged: false, statuses: [400]}}
    - deliver: {tamper: tampered, types: [payment_intent.succeeded], at_once: true, copies: 2}
      save: forged
    - expect: {value: "{{ forged }}", that: {statuses: [400, 400]}}
    - stays: {order: payment, during: 0.1, that: {state: unpaid}}
    - stripe: {get: "/v1/payment_intents/{{ payment.intent }}"}
      save: intent
    - deliver:
        event:
          type: payment_intent.processing
          object: intent
          set: {data.object.amount: 1}
          api_version: 2024-09-30.acacia
        to: main
      save: made_up
    - expect: {value: "{{ made_up }}", that: {acknowledged: true, count: 1}}
"""
STEPS["requests by route and by path"] = """
    - create_payment: {}
    - request: {route: order, payment: payment}
      save: shown
    - expect:
        answer: shown
        that: {status: 200, ok: true, json.id: "{{ payment.order }}", headers."x-request-id": {exists: true}}
    - request: {path: "/api/orders/{{ payment.order }}-none"}
      save: missing
    - expect: {answer: missing, that: {status: {not: 200}, "contains(text, 'unknown_order')": true}}
    - request: {path: /api/customers, method: POST, body: {email: "{{ payment.email }}"}}
      save: customer
    - expect: {answer: customer, that: {json.customerId: {starts: cus_}}}
    - request: {route: catalogue}
      save: catalogue
    - expect: {answer: catalogue, that: {"json.products[0].price": "19.99", "length(json.products)": {at_most: 9}}}
    - create_customer: {}
      save: other
    - expect: {value: "{{ other.id }}", that: {"@": {starts: cus_}}}
"""
STEPS["faults of the payment's own calls"] = """
    - create_payment: {hold: true}
    - pay: {}
    - fault: {kind: rate_limit, of: payment}
    - deliver: {types: [payment_intent.succeeded], once: true}
      save: told
    - lift: fault
    - deliver: {again: true, types: [payment_intent.succeeded]}
    - eventually: {order: payment, that: {state: paid, fulfilled: 1}}
"""
STEPS["time passes at Stripe"] = """
    - create_payment: {}
    - stripe: {post: /v1/test_helpers/test_clocks, params: {frozen_time: 1700000000}}
      save: clock
    - advance: {days: 1, hours: 2, seconds: 3}
    - expect: {value: "{{ clock.object }}", that: {"@": test_helpers.test_clock}}
"""
STEPS["events are held from the middle on"] = """
    - create_payment: {}
    - hold: {}
    - pay: {becomes: succeeded}
    - stays: {order: payment, during: 0.1, that: {state: unpaid}}
    - deliver: {}
    - eventually: {order: payment, that: {state: paid}}
"""
STEPS["a subscription that is told late, and its second month"] = """
    - create_subscription: {hold: true}
    - pay: {payment: subscription, becomes: succeeded}
    - stays: {order: subscription, during: 0.1, that: {state: unpaid}}
    - deliver: {of: subscription}
    - eventually: {order: subscription, that: {state: paid, fulfilled: 1, paid_until: {at_least: 1}}}
    - advance: {days: 31, hours: 2, of: subscription}
    - stays: {order: subscription, during: 0.1, that: {fulfilled: 1}}
    - deliver: {of: subscription}
    - eventually: {order: subscription, that: {state: paid, fulfilled: 2}}
    - cancel: {payment: subscription}
    - deliver: {of: subscription}
    - eventually: {order: subscription, that: {state: canceled, currency: usd}}
"""
STEPS["a plan with a trial, and an item that is captured later"] = """
    - create_subscription: {trial: true, currency: eur}
    - expect: {stripe: "/v1/subscriptions/{{ subscription.id }}", that: {status: trialing, customer: {exists: true}}}
    - create_payment: {capture: manual}
    - pay: {becomes: requires_capture}
    - eventually: {order: payment, that: {state: pending, raw_state: authorised}}
    - capture: {amount: 20.00}
    - eventually: {order: payment, that: {state: paid, amount: 2000}}
"""


@pytest.mark.parametrize("name", STEPS)
def test_steps_do_what_they_say(run: Run, name: str) -> None:
    passed(run("steps:\n" + textwrap.dedent(STEPS[name])))


def test_a_matrix_runs_every_row(run: Run) -> None:
    result = run("""\
        matrix: {currency: [usd, jpy, kwd, aud]}
        steps:
          - create_payment: {currency: "{{ currency }}"}
          - expect: {value: "{{ payment.currency }}", that: {"@": "{{ currency }}"}}
        """)
    passed(result)
    assert result.notes == ("currency aud was not looked at: no item with currency aud is declared",)


def test_a_finding_names_step_line_row_and_what_was_seen(run: Run) -> None:
    result = run("""\
        matrix: [{card: visa}, {card: declined}]
        steps:
          - create_payment: {}
          - pay: {with: "{{ card }}"}
          - name: the order is paid
            eventually: {within: 0.2, order: payment, that: {state: paid}, otherwise: It is not paid, severity: low}
          - name: never reached in the second row
            expect: {value: "{{ card }}", that: {"@": visa}}
        """)
    assert result.outcome is Outcome.FAILED
    (finding,) = result.findings
    assert (finding.title, finding.severity) == ("It is not paid", "low")
    assert finding.discriminator == "the-order-is-paid card-declined"
    assert finding.route == "create_payment /api/create-payment-intent"
    assert "within 0.2 s (card declined): state is 'failed', not 'paid'" in finding.detail
    (evidence,) = finding.evidence
    assert evidence.source is not None and evidence.source.line == 13
    assert str(evidence.source).endswith(".yaml:13")
    assert evidence.data == {"state": "failed", "amount": 1999, "currency": "usd", "fulfilled": 0}
    assert evidence.exchange


def test_final_steps_run_whatever_came_before(run: Run, stage: DemoStage) -> None:
    result = run("""\
        steps:
          - create_payment: {hold: true}
          - pay: {becomes: succeeded}
          - expect: {order: payment, that: {state: paid}, otherwise: Wrong}
        finally:
          - deliver: {}
          - eventually: {order: payment, that: {state: paid}, otherwise: Not even now}
          - expect: {order: payment, that: {state: refunded}, otherwise: Not refunded either}
        """)
    assert [finding.title for finding in result.findings] == ["Wrong", "Not refunded either"]
    assert result.error is None


@pytest.mark.parametrize(
    ("text", "outcome", "told"),
    [
        (
            "- create_payment: {currency: xyz}\n- expect: {order: payment, that: {state: paid}}",
            "skipped",
            "no item with",
        ),
        (
            "- create_subscription: {trial: true, currency: usd}\n- expect: {value: 1, that: {'@': 1}}",
            "skipped",
            "no plan with a trial with currency usd",
        ),
        (
            "- create_payment: {capture: manual, item: mug}\n- expect: {value: 1, that: {'@': 1}}",
            "skipped",
            "no item that is captured later with id mug",
        ),
        (
            "- create_payment: {}\n- advance: {days: 1, of: payment}\n- expect: {value: 1, that: {'@': 1}}",
            "inconclusive",
            "payment is no subscription",
        ),
        (
            "- create_payment: {}\n- pay: {with: declined, becomes: succeeded}\n"
            "- expect: {order: payment, that: {state: paid}}",
            "inconclusive",
            "step 2 (pay), ",
        ),
        (
            "- create_payment: {}\n- expect: {order: payment, that: {state: payed}}",
            "inconclusive",
            "no order is 'payed'; known are unpaid",
        ),
        (
            "- create_payment: {}\n- deliver: {}\n- expect: {order: payment, that: {state: unpaid}}",
            "inconclusive",
            "no webhook event is kept back",
        ),
        (
            "- create_payment: {}\n- expect: {value: '{{ payment.nope }}', that: {'@': 1}}",
            "inconclusive",
            "{{ payment.nope }} is nothing",
        ),
        (
            "- create_payment: {}\n- capture: {}\n- expect: {order: payment, that: {state: paid}}",
            "inconclusive",
            "Stripe answered 400",
        ),
        (
            "- create_payment: {}\n- deliver: {types: [invoice.paid]}\n- expect: {order: payment, that: {state: paid}}",
            "inconclusive",
            "no webhook event of invoice.paid",
        ),
        (
            "- restart:\n- request: {route: health}\n  save: a\n- expect: {answer: a, that: {ok: true}}",
            "skipped",
            "launch",
        ),
        (
            "- create_payment: {}\n- deliver: {event: {type: a.b, object: {id: x}, set: {a..b: 1}}}\n"
            "- expect: {order: payment, that: {state: paid}}",
            "inconclusive",
            "'a..b' is no dotted path",
        ),
        (
            "- create_payment: {}\n- deliver: {event: {type: a.b, object: {id: x}}, to: nobody}\n"
            "- expect: {order: payment, that: {state: paid}}",
            "skipped",
            "no webhook is named nobody",
        ),
    ],
)
def test_what_cannot_be_judged_is_no_finding(run: Run, text: str, outcome: str, told: str) -> None:
    result = run(f"steps:\n{text}\n")
    assert (result.outcome, result.error) == (outcome, None), result
    assert told in (result.reason or "")


def test_what_the_observer_does_not_show_is_told_and_not_judged(tmp_path: Path, run: Run) -> None:
    flags = {"target": {"routes": {"order": {"response": {"fulfilled": "no.such.member"}}}}}
    steps = "steps:\n  - create_payment: {}\n  - pay: {}\n  - eventually: {order: payment, that: {%s}}\n"
    with demo_stage(flags=flags) as other:
        both = run(steps % "state: paid, fulfilled: 1", on=other)
        passed(both)
        assert both.notes == ("not judged, since nothing declared shows it: the order of payment: fulfilled",)
        alone = run(steps % "fulfilled: 1", on=other)
    assert alone.outcome is Outcome.INCONCLUSIVE and "none of its conditions" in (alone.reason or "")


def test_authors_run_a_scenario_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "my_scenario.yaml"
    path.write_text(HEAD + PAID, "utf-8")
    assert run_check("my-scenario", scenarios=[path]).outcome is Outcome.PASSED


def test_a_client_secret_is_in_no_finding(run: Run) -> None:
    result = run("""\
        steps:
          - create_payment: {}
          - stripe: {get: "/v1/payment_intents/{{ payment.intent }}"}
            save: intent
          - expect: {value: "{{ intent }}", that: {client_secret: nobody knows, id: "{{ payment.client_secret }}"}}
        """)
    told = repr(result.findings)
    assert result.outcome is Outcome.FAILED and "client_secret is" in told
    assert not re.search(r"_secret_[A-Za-z0-9]{6,}", told)


EXPLORED = """\
steps:
  - name: all orders
    explore:
      sequences: 40
      seconds: 60
      steps:
        - create_payment: {hold: true}
        - pay: {with: declined}
        - pay: {becomes: succeeded}
      that: {state: paid, fulfilled: 1}
"""


def test_an_exploration_finds_shrinks_and_replays(run: Run, tmp_path: Path) -> None:
    with demo_stage(defects=["late-failure-wins"], patience=0.5) as other:
        found = run(EXPLORED, on=other)
        assert found.outcome is Outcome.FAILED, (found.reason, found.error)
        (finding,) = found.findings
        assert "payment_intent.succeeded, then payment_intent.payment_failed. Then state is 'failed'" in finding.detail
        data = finding.evidence[0].data
        assert data is not None and data["deliveries"][-1].endswith("payment_intent.payment_failed")
        path = tmp_path / f"{found.check.replace('-', '_')}_replayed.yaml"
        path.write_text(data["replay"], "utf-8")
        catalog = load_catalog(scenarios=[path], has_builtin=False)
        (again,) = run_checks(list(catalog), other, catalog=catalog).values()
        assert again.outcome is Outcome.FAILED and "state is 'failed', not 'paid'" in again.findings[0].detail


def test_an_exploration_survives_on_the_sound_shop_and_needs_a_control(run: Run) -> None:
    result = run(EXPLORED.replace("sequences: 40", "sequences: 12"))
    passed(result)
    left = "15 of 26 other beginnings of up to 3 events were not reached within 12 orders"
    assert result.notes == (f"all orders: 12 orders of 3 events were survived; {left}",)
    wrong = run(EXPLORED.replace("state: paid", "state: refunded").replace("seconds: 60", "seconds: 1"))
    assert wrong.outcome is Outcome.INCONCLUSIVE and "even in the order sent" in (wrong.reason or "")


FIXTURE = """{"_meta": {"template_version": 0}, "fixtures": [
 {"name": "intent", "path": "/v1/payment_intents", "method": "post",
  "params": {"amount": 1999, "currency": "usd", "payment_method": "pm_card_visa", "confirm": true,
             "automatic_payment_methods": {"enabled": true, "allow_redirects": "never"}}},
 {"name": "refund", "path": "/v1/refunds", "method": "post", "params": {"payment_intent": "${intent:id}"}}]}"""


def test_a_fixture_is_a_step_or_a_whole_scenario(run: Run, tmp_path: Path) -> None:
    (tmp_path / "refund.json").write_text(FIXTURE, "utf-8")
    passed(run("fixture: refund.json\n"))
    passed(
        run("""\
        steps:
          - fixture: {file: refund.json, strict: true}
            save: made
          - expect: {value: "{{ made.refund }}", that: {amount: 1999, payment_intent: "{{ made.intent.id }}"}}
        """)
    )
    (tmp_path / "refund.json").write_text(FIXTURE.replace("${intent:id}", "${intnt:id}"), "utf-8")
    result = run("fixture: refund.json\n")
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "undeclared fixture name was referenced: intnt; perhaps 'intent' is meant" in (result.reason or "")


def test_a_whole_fixture_finds_events_that_are_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "refund.json").write_text(FIXTURE, "utf-8")
    with demo_stage(defects=["created-event-fails"]) as other:
        result = run("fixture: refund.json\n", on=other)
    assert result.outcome is Outcome.FAILED
    assert result.findings[0].title == "An event of the fixture is refused"
    assert "payment_intent.created" in str(result.findings[0].evidence[0].data)


def test_a_control_that_does_not_hold_is_no_finding(run: Run) -> None:
    result = run("""\
        steps:
          - create_payment: {}
          - expect: {order: payment, that: {state: paid}, control: true, otherwise: not even that}
          - expect: {order: payment, that: {state: unpaid}}
        """)
    assert result.outcome is Outcome.INCONCLUSIVE and "not even that: state is 'unpaid'" in (result.reason or "")
    passed(
        run("""\
        matrix: [{card: visa}, {card: none}]
        steps:
          - create_payment: {}
          - pay: {}
            when: "{{ card == 'visa' }}"
          - eventually: {order: payment, that: {state: [unpaid, paid]}, control: true}
          - eventually: {order: payment, that: {state: paid}}
            when: "{{ card == 'visa' }}"
          - stays: {order: payment, during: 0.1, that: {state: unpaid}}
            when: "{{ card != 'visa' }}"
        """)
    )
