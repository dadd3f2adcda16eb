"""Subscription schedules: their phases, and how they end."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import JANUARY_31, moment, recurring
from tests.emulator.steps import wait_for

MONTH = {"interval": "month", "interval_count": 1}


def phase(price, quantity=1, **params):
    return {"items": [{"price": price.id, "quantity": quantity}], "duration": MONTH, **params}


def schedule(client, customer, *phases, **params):
    return client.v1.subscription_schedules.create(
        {"customer": customer, "start_date": "now", "phases": list(phases), **params}
    )


def test_phases_follow_each_other(client, timeline, previous):
    price = recurring(client)
    made = schedule(client, timeline.customer.id, phase(price), phase(price, 3), end_behavior="cancel")
    assert (made.status, made.current_phase.start_date) == ("active", JANUARY_31)
    assert [one.end_date for one in made.phases] == [moment(2, 28), moment(3, 28)]
    assert differences(made.to_dict()) == []
    subscription = client.v1.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]})
    assert (subscription.status, subscription.schedule, subscription.latest_invoice.status) == (
        "active",
        made.id,
        "draft",
    )
    assert "invoice.paid" in timeline.advance(JANUARY_31 + 7200)
    types = timeline.advance(moment(2, 28, 14))
    assert types.index("subscription_schedule.updated") < types.index("invoice.created")
    assert previous("subscription_schedule.updated")["current_phase"]["start_date"] == JANUARY_31
    changed = client.v1.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]})
    assert (changed["items"].data[0].quantity, changed.latest_invoice.total) == (3, 4500)
    types = timeline.advance(moment(3, 29))
    assert "subscription_schedule.expiring" in types
    assert types[-2:] == ["subscription_schedule.completed", "customer.subscription.deleted"]
    assert client.v1.subscription_schedules.retrieve(made.id).status == "completed"
    assert client.v1.subscriptions.retrieve(made.subscription).status == "canceled"


def test_the_subscription_outlives_a_schedule_that_releases_it(client, timeline):
    made = schedule(client, timeline.customer.id, phase(recurring(client)))
    types = timeline.advance(moment(3, 1))
    assert "subscription_schedule.completed" in types and "customer.subscription.deleted" not in types
    done = client.v1.subscription_schedules.retrieve(made.id)
    assert (done.subscription, done.released_subscription) == (None, made.subscription)
    subscription = client.v1.subscriptions.retrieve(made.subscription)
    assert (subscription.status, subscription.schedule) == ("active", None)


def test_a_schedule_begins_later(client, timeline, seen):
    made = schedule(client, timeline.customer.id, phase(recurring(client)), start_date=moment(2, 10))
    assert (made.status, made.subscription) == ("not_started", None)
    assert [one.id for one in client.v1.subscription_schedules.list({"scheduled": True}).data] == [made.id]
    other = schedule(client, timeline.customer.id, phase(recurring(client)), start_date=moment(2, 11))
    assert client.v1.subscription_schedules.cancel(other.id).subscription is None
    assert seen()[-2:] == ["subscription_schedule.canceled", "subscription_schedule.aborted"]
    types = timeline.advance(moment(2, 10, 14))
    assert types.index("customer.subscription.created") < types.index("subscription_schedule.updated")
    begun = client.v1.subscription_schedules.retrieve(made.id, {"expand": ["subscription"]})
    assert (begun.status, begun.subscription.start_date) == ("active", moment(2, 10))


def test_a_change_of_interval_begins_a_new_period(client, timeline):
    monthly, yearly = recurring(client), recurring(client, 9000, recurring={"interval": "year"})
    made = schedule(
        client,
        timeline.customer.id,
        phase(monthly),
        phase(yearly, duration={"interval": "year"}),
        end_behavior="cancel",
    )
    timeline.advance(moment(2, 28, 14))
    invoice = client.v1.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]}).latest_invoice
    assert (invoice.total, invoice.billing_reason) == (9000, "subscription_update")


def test_a_subscription_gets_a_schedule(client, customer, seen):
    price = recurring(client)
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    made = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    (current,) = made.phases
    assert (made.status, current.end_date) == ("active", subscription["items"].data[0].current_period_end)
    assert client.v1.subscriptions.retrieve(subscription.id).schedule == made.id
    kept = {"items": [{"price": price.id, "quantity": 1}], "end_date": current.end_date}
    changed = client.v1.subscription_schedules.update(
        made.id, {"phases": [{**kept, "start_date": current.start_date}, phase(price, 2)], "metadata": {"a": "b"}}
    )
    assert len(changed.phases) == 2 and seen()[-1] == "subscription_schedule.updated"
    with pytest.raises(stripe.InvalidRequestError, match="already attached"):
        client.v1.subscription_schedules.create({"from_subscription": subscription.id})


def test_the_current_phase_is_changed_at_once(client, customer):
    price = recurring(client)
    made = schedule(client, customer.id, phase(price))
    client.v1.subscription_schedules.update(
        made.id, {"phases": [phase(price, 4, start_date=made.phases[0].start_date)], "proration_behavior": "none"}
    )
    assert client.v1.subscriptions.retrieve(made.subscription)["items"].data[0].quantity == 4
    with pytest.raises(stripe.InvalidRequestError, match="current phase"):
        client.v1.subscription_schedules.update(
            made.id, {"phases": [phase(price, start_date=made.phases[0].start_date + 86400 * 90)]}
        )


def test_releasing_and_canceling(client, customer, seen):
    price = recurring(client)
    made = schedule(client, customer.id, phase(price))
    released = client.v1.subscription_schedules.release(made.id)
    assert (released.status, released.released_subscription) == ("released", made.subscription)
    assert client.v1.subscriptions.retrieve(made.subscription).schedule is None
    assert seen()[-2:] == ["subscription_schedule.released", "customer.subscription.updated"]
    for refused in (client.v1.subscription_schedules.release, client.v1.subscription_schedules.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="`released` status"):
            refused(made.id)
    other = schedule(client, customer.id, phase(price))
    assert client.v1.subscription_schedules.cancel(other.id).status == "canceled"
    assert client.v1.subscriptions.retrieve(other.subscription).status == "canceled"
    assert "subscription_schedule.canceled" in seen() and "subscription_schedule.aborted" not in seen()
    third = schedule(client, customer.id, phase(price))
    client.v1.subscriptions.cancel(third.subscription)
    assert client.v1.subscription_schedules.retrieve(third.id).status == "canceled"


def test_a_schedule_is_aborted_with_a_subscription_that_is_not_paid(client, timeline):
    made = schedule(client, timeline.customer.id, phase(recurring(client), duration={"interval": "year"}))
    timeline.advance(JANUARY_31 + 7200)
    timeline.use("pm_card_chargeCustomerFail")
    timeline.advance(moment(3, 14))
    types = timeline.advance(moment(3, 20))
    assert "subscription_schedule.aborted" in types
    assert client.v1.subscription_schedules.retrieve(made.id).status == "canceled"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"phases": []}, "phases"),
        ({"phases": [{"items": [{"price": "none"}]}]}, "phases[0][items][0][price]"),
        ({"phases": "P", "customer": "none"}, "customer"),
        ({"phases": "P", "start_date": 1}, "start_date"),
        ({"phases": "backwards"}, "phases[0][end_date]"),
        ({"phases": "iterations"}, "phases[0][iterations]"),
        ({"phases": "P", "end_behavior": "renew"}, "end_behavior"),
    ],
)
def test_schedules_that_make_no_sense_are_refused(client, customer, params, param):
    price = recurring(client)
    known = {
        "P": [phase(price)],
        "backwards": [phase(price, end_date=1)],
        "iterations": [{"items": [{"price": price.id}], "iterations": 1}],
    }
    phases = params["phases"] if isinstance(params["phases"], list) else known[params["phases"]]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscription_schedules.create({"customer": customer.id, **params, "phases": phases})
    assert caught.value.param == param
    assert client.v1.subscription_schedules.list().data == [] and client.v1.subscriptions.list().data == []


def test_prices_that_are_for_one_schedule_alone(client, timeline):
    product = client.v1.products.create({"name": "Custom"}).id
    data = {"currency": "usd", "product": product, "recurring": {"interval": "month"}}
    items = [[{"price_data": {**data, "unit_amount": amount}}] for amount in (700, 900)]
    made = schedule(client, timeline.customer.id, *({"items": one, "duration": MONTH} for one in items))
    timeline.advance(moment(3, 1))
    subscription = client.v1.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]})
    assert subscription.latest_invoice.total == 900


def test_the_next_phase_comes_before_the_renewal_on_the_emulators_clock_too(client, customer, control, seen):
    price = recurring(client)
    schedule(client, customer.id, phase(price), phase(price, 3))
    control.post("clock/advance", seconds=31 * 86400)
    wait_for(lambda: seen().count("invoice.created") == 2)
    assert [invoice.total for invoice in client.v1.invoices.list().data] == [4500, 1500]
