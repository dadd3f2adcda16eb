"""A sample of every kind of object, for every type of webhook event."""

from __future__ import annotations

import json

import pytest

from stripe_audit.emulator.shapes import OBJECTS
from stripe_audit.webhooks.catalogue import event_types
from stripe_audit.webhooks.samples import kind_of, sample_object
from stripe_audit.webhooks.synthetic import with_paths


def test_every_type_has_an_object_of_its_kind() -> None:
    assert len(event_types()) == 275
    for event_type in event_types():
        kind = kind_of(event_type)
        obj = sample_object(kind, event_type)
        assert obj["object"] == kind, event_type
        assert obj.get("livemode") in (None, False), event_type
        assert json.loads(json.dumps(obj)) == obj


def test_a_sample_has_the_members_that_the_emulator_knows() -> None:
    """Both come from the library, by different ways: nothing that is never null is null."""
    compared = 0
    for kind in {kind_of(event_type) for event_type in event_types()} & set(OBJECTS):
        obj = sample_object(kind)
        missing = [name for name in OBJECTS[kind]["never_null"] if obj.get(name) is None and name != "deleted"]
        assert missing == [], kind
        compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("payment_intent.succeeded", "payment_intent"),
        ("customer.subscription.deleted", "subscription"),
        ("charge.dispute.funds_withdrawn", "dispute"),
        ("charge.refund.updated", "refund"),
        ("application_fee.refund.updated", "fee_refund"),
        ("issuing_authorization.request", "issuing.authorization"),
        ("checkout.session.async_payment_failed", "checkout.session"),
        ("account.external_account.created", "bank_account"),
        ("account.updated", "account"),
        ("customer.source.expiring", "card"),
    ],
)
def test_kinds(event_type: str, kind: str) -> None:
    assert kind_of(event_type) == kind


def test_a_status_is_the_events_last_word_where_it_can_be() -> None:
    assert sample_object("payment_intent", "payment_intent.canceled")["status"] == "canceled"
    assert sample_object("payment_intent", "payment_intent.created")["status"] != "created"


def test_what_does_not_exist() -> None:
    with pytest.raises(LookupError, match=r"there is no webhook event 'a\.b'"):
        kind_of("a.b")


class TestPaths:
    EVENT = {"data": {"object": {"amount": 1, "items": {"data": [{"quantity": 1}]}, "metadata": None}}}

    def test_members_are_changed_and_made(self) -> None:
        values = {
            "data.object.amount": 2,
            "data.object.items.data.0.quantity": 3,
            "data.object.items.data.1": {},
            "data.object.metadata.a": "b",
            "data.object.new.deep": True,
            "type": "x",
        }
        changed = with_paths(self.EVENT, values)
        assert changed == {
            "type": "x",
            "data": {
                "object": {
                    "amount": 2,
                    "items": {"data": [{"quantity": 3}, {}]},
                    "metadata": {"a": "b"},
                    "new": {"deep": True},
                }
            },
        }
        assert self.EVENT["data"]["object"]["amount"] == 1

    @pytest.mark.parametrize(
        "path", ["", ".a", "a..b", "data.object.amount.x", "data.object.amount.x.y", "data.object.items.data.5"]
    )
    def test_a_path_that_leads_nowhere(self, path: str) -> None:
        with pytest.raises(ValueError, match=r"path|neither|entries"):
            with_paths(self.EVENT, {path: 1})
