"""What a report keeps of a run's exchanges."""

from __future__ import annotations

import dataclasses
import json

from stripe_audit.audit.stories import STORY_CAP, kept_of
from stripe_audit.models import CheckResult, Evidence, Exchange, Finding, Message, Outcome, Party

TAG = "sa0123abcd"


def exchange(number, source, destination, text, **members):
    return Exchange(
        f"x{number}",
        source,
        destination,
        "POST",
        "http://127.0.0.1:4000/x",
        Message((("A", "b"),), text),
        Message((), members.pop("answer", "")),
        200,
        None,
        1000.0 + number,
        1.0,
        **members,
    )


ORDER = exchange(1, Party.CUSTOMER, Party.APP, f'{{"order": "{TAG}-a-check-001"}}', answer='{"id": "pi_000001"}')
OTHER = exchange(2, Party.CUSTOMER, Party.APP, f'{{"order": "{TAG}-a-check-002"}}', answer='{"id": "pi_000002"}')
FORGED = exchange(3, Party.WEBHOOK, Party.APP, '{"data": {"object": {"id": "pi_000001"}}}' + " " * 500)
READ = exchange(4, Party.AUDIT, Party.APP, f"{TAG}-a-check-001")
CALL = dataclasses.replace(exchange(5, Party.APP, Party.STRIPE, "", answer='{"id": "pi_000001"}'), started_at=1001.5)
REPEATED = exchange(6, Party.WEBHOOK, Party.APP, '{"data": {"object": {"id": "pi_000002"}}}', duplicate=True)
LIST = exchange(7, Party.AUDIT, Party.STRIPE, "", answer=json.dumps([f"pi_{n:06}" for n in range(40)]))
ALL = {one.id: one for one in (ORDER, OTHER, FORGED, READ, CALL, REPEATED, LIST)}
OWN = ("x1", "x2", "x3", "x4", "x7")


def kept(*evidence, exchanges=ALL, own=OWN):
    found = Finding("title", "detail", evidence, check="a-check")
    result = CheckResult("a-check", "2.2", "title", Outcome.FAILED, (found,), exchanges=own)
    made = kept_of([result], exchanges.get, stripe_side=("x5", "x6"), tag=TAG)
    return made, made.stories[found.fingerprint]


def test_a_story_is_what_happened_to_the_payment_of_the_evidence_in_order_of_time():
    made, story = kept(Evidence("forged", "x3"))
    assert story == ("x1", "x5", "x3", "x4")
    assert [one.id for one in made.exchanges] == ["x1", "x3", "x4", "x5"]


def test_evidence_is_kept_whole_and_the_rest_in_brief():
    made, _ = kept(Evidence("forged", "x3"))
    by_id = {one.id: one for one in made.exchanges}
    assert by_id["x3"] == FORGED
    assert by_id["x1"].request == Message((), ORDER.request.body, False)
    made, _ = kept(Evidence("read", "x4"))
    told = {one.id: one for one in made.exchanges}["x3"].request
    assert (told.headers, len(told.body), told.truncated) == ((), 240, True)


def test_evidence_with_an_effect_is_told_before_evidence_without():
    _, story = kept(Evidence("read", "x2"), Evidence("forged", "x3", {"state": "paid"}))
    assert "x3" in story and "x2" not in story


def test_without_an_exchange_a_payment_with_a_duplicate_is_the_example():
    _, story = kept(Evidence("fulfilled twice", data={"fulfilled": 2}))
    assert story == ("x2", "x6")


def test_a_list_of_many_objects_binds_nothing_together():
    _, story = kept(Evidence("listed", "x2"))
    assert story == ("x2", "x6")


def test_a_story_is_bounded_and_holds_its_evidence():
    many = {f"x{n}": exchange(n, Party.AUDIT, Party.APP, f"{TAG}-a-check-001") for n in range(100, 400)}
    _, story = kept(Evidence("forged", "x250"), exchanges=many, own=tuple(many))
    assert len(story) == STORY_CAP and "x250" in story


def test_what_cannot_be_read_again_is_left_out():
    made, story = kept(Evidence("forged", "x99"), exchanges={})
    assert made.exchanges == () and story == ()


def test_a_check_that_follows_payments_and_found_nothing_keeps_a_journey():
    result = CheckResult("a-check", "6.1", "title", Outcome.PASSED, exchanges=OWN)
    made = kept_of([result], ALL.get, stripe_side=("x5", "x6"), tag=TAG)
    assert made.stories == {"a-check": ("x2", "x6")}
    assert [one.id for one in made.exchanges] == ["x2", "x6"]
    made = kept_of([dataclasses.replace(result, outcome=Outcome.INCONCLUSIVE)], ALL.get, tag=TAG)
    assert made.stories == {}


def test_nothing_is_kept_of_checks_that_found_nothing():
    result = CheckResult("a-check", "2.2", "title", Outcome.PASSED, exchanges=OWN)
    made = kept_of([result], ALL.get, tag=TAG)
    assert made.exchanges == () and made.stories == {}


def test_a_scenario_has_its_journey_whatever_its_task_is():
    (result,) = [CheckResult("checkout", "3.3", "Checkout", Outcome.PASSED, exchanges=tuple(ALL))]
    assert "checkout" not in kept_of([result], ALL.get, tag=TAG).stories
    assert kept_of([result], ALL.get, tag=TAG, scenarios={"checkout"}).stories["checkout"]
