"""Test clocks: what the passing of time does to subscriptions and invoices."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import JANUARY_31, moment, recurring
from tests.emulator.steps import wait_for

DAY, HOUR = 86400, 3600


def test_a_subscription_renews(client, timeline, previous):
    subscription = timeline.subscribe()
    assert (subscription.created, subscription["items"].data[0].current_period_end) == (JANUARY_31, moment(2, 28))
    assert timeline.advance(moment(2, 20)) == []
    assert timeline.advance(moment(2, 21)) == ["invoice.upcoming"]
    assert timeline.advance(moment(2, 28)) == ["invoice.created", "customer.subscription.updated"]
    changed = previous("customer.subscription.updated")
    assert changed["latest_invoice"] == subscription.latest_invoice
    assert changed["items"]["data"][0]["current_period_end"] == moment(2, 28)
    renewed = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert renewed["items"].data[0].current_period_end == moment(3, 31)  # the anchor's day, not the 28th
    invoice = renewed.latest_invoice
    assert (invoice.status, invoice.billing_reason, invoice.created) == ("draft", "subscription_cycle", moment(2, 28))
    assert (invoice.period_start, invoice.period_end) == (JANUARY_31, moment(2, 28))
    assert invoice.lines.data[0].period.end == moment(3, 31)
    assert timeline.advance(moment(2, 28, 13)) == [
        "invoice.finalized",
        "invoice.updated",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ]
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_renewal_that_fails_is_tried_again_and_then_canceled(client, timeline, previous):
    subscription = timeline.subscribe()
    timeline.use("pm_card_chargeCustomerFail")
    types = timeline.advance(moment(2, 28, 14))
    assert types[-2:] == ["invoice.payment_failed", "customer.subscription.updated"]
    assert previous("customer.subscription.updated") == {"status": "active"}
    invoice = client.v1.invoices.list({"status": "open"}).data[0]
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, moment(3, 3, 13))
    types = timeline.advance(moment(3, 16))
    assert types.count("invoice.payment_failed") == 3
    assert types[-2:] == ["customer.subscription.deleted", "invoice.updated"]
    gone = client.v1.subscriptions.retrieve(subscription.id)
    assert (gone.status, gone.cancellation_details.reason) == ("canceled", "payment_failed")


def test_a_failed_renewal_is_paid_in_the_end(client, timeline):
    subscription = timeline.subscribe()
    timeline.use("pm_card_chargeCustomerFail")
    timeline.advance(moment(2, 28, 14))
    timeline.use("pm_card_visa")
    types = timeline.advance(moment(3, 4))
    assert "invoice.paid" in types
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_renewal_that_needs_authentication(client, timeline, control):
    subscription = timeline.subscribe()
    timeline.use("pm_card_threeDSecure2Required")
    types = timeline.advance(moment(2, 28, 14))
    assert types[-2:] == ["invoice.payment_action_required", "customer.subscription.updated"]
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    invoice = client.v1.invoices.list({"status": "open", "expand": ["data.payments"]}).data[0]
    intent = invoice.payments.data[0].payment.payment_intent
    control.post(f"payment_intents/{intent}/authenticate", outcome="succeed")
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_trial_ends(client, timeline, previous):
    subscription = timeline.subscribe(trial_period_days=10)
    types = timeline.advance(JANUARY_31 + 8 * DAY)
    assert types == ["invoice.upcoming", "customer.subscription.trial_will_end"]
    types = timeline.advance(JANUARY_31 + 10 * DAY + 2 * HOUR)
    assert types[:2] == ["invoice.created", "customer.subscription.updated"]
    assert "invoice.paid" in types
    assert previous("customer.subscription.updated")["status"] == "trialing"
    active = client.v1.subscriptions.retrieve(subscription.id)
    assert (active.status, active["items"].data[0].current_period_end) == ("active", moment(3, 10))


@pytest.mark.parametrize(("wanted", "event"), [("pause", "paused"), ("cancel", "deleted")])
def test_a_trial_ends_without_a_payment_method(client, timeline, wanted, event):
    poor = client.v1.customers.create({"test_clock": timeline.clock.id})
    timeline.customer = poor
    timeline.subscribe(trial_period_days=5, trial_settings={"end_behavior": {"missing_payment_method": wanted}})
    types = timeline.advance(JANUARY_31 + 6 * DAY)
    assert types[-1] == f"customer.subscription.{event}" and "invoice.created" not in types


def test_a_subscription_ends_with_its_period(client, timeline):
    subscription = timeline.subscribe(cancel_at_period_end=True)
    assert timeline.advance(moment(3, 1)) == ["customer.subscription.deleted"]
    assert client.v1.subscriptions.retrieve(subscription.id).ended_at == moment(2, 28)


def test_an_incomplete_subscription_expires(client, timeline):
    subscription = timeline.subscribe(payment_behavior="default_incomplete")
    types = timeline.advance(JANUARY_31 + DAY)
    assert types[0] == "customer.subscription.updated" and "invoice.voided" in types
    assert client.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired"


def test_collection_is_paused(client, timeline):
    subscription = timeline.subscribe()
    client.v1.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": moment(3, 5)}}
    )
    assert "invoice.voided" in timeline.advance(moment(3, 1))
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    timeline.advance(moment(3, 6))
    assert client.v1.subscriptions.retrieve(subscription.id).pause_collection is None


def test_prorations_are_on_the_next_invoice(client, timeline):
    subscription = timeline.subscribe()
    timeline.advance(moment(2, 14))
    dear = recurring(client, 5600)
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": subscription["items"].data[0].id, "price": dear.id}]}
    )
    timeline.advance(moment(2, 28, 14))
    latest = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert [line.amount for line in latest.lines.data] == [-750, 2800, 5600]
    assert latest.status == "paid"


def test_a_discount_of_some_months_runs_out(client, timeline):
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    timeline.subscribe(discounts=[{"coupon": coupon.id}])
    for end in (moment(2, 28, 14), moment(3, 31, 14)):
        timeline.advance(end)
    totals = [invoice.total for invoice in client.v1.invoices.list({"customer": timeline.customer.id}).data]
    assert totals == [1500, 750, 750]


def test_a_mailed_invoice_is_overdue(client, timeline):
    client.v1.customers.update(timeline.customer.id, {"email": "ada@example.com"})
    subscription = timeline.subscribe(collection_method="send_invoice", days_until_due=3)
    types = timeline.advance(JANUARY_31 + 4 * DAY)
    assert "invoice.sent" in types
    assert types[-2:] == ["invoice.overdue", "customer.subscription.updated"]
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"


def test_a_clock_only_goes_forward_and_not_too_far(client, timeline):
    assert differences(timeline.clock.to_dict()) == []
    timeline.subscribe()
    for moved in (JANUARY_31, JANUARY_31 - 1, moment(4, 1), 10**17):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.test_helpers.test_clocks.advance(timeline.clock.id, {"frozen_time": moved})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.test_helpers.test_clocks.create({"frozen_time": 10**17})
    assert client.v1.test_helpers.test_clocks.retrieve(timeline.clock.id).frozen_time == JANUARY_31


def test_a_clock_goes_with_all_that_lives_on_it(client, timeline, customer, seen):
    timeline.subscribe()
    assert client.v1.test_helpers.test_clocks.delete(timeline.clock.id).deleted is True
    assert seen()[-1] == "test_helpers.test_clock.deleted"
    assert client.v1.subscriptions.list().data == []
    assert [one.id for one in client.v1.customers.list().data] == [customer.id]
    assert client.v1.test_helpers.test_clocks.list().data == []


def test_customers_without_a_clock_live_on_the_emulators(client, customer, control, seen):
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": recurring(client).id}]})
    control.post("clock/advance", seconds=31 * DAY)
    wait_for(lambda: seen().count("invoice.created") == 2)
    control.post("clock/advance", seconds=HOUR)
    wait_for(lambda: seen().count("invoice.paid") == 2)
    renewed = client.v1.subscriptions.retrieve(subscription.id)
    assert renewed["items"].data[0].current_period_start == subscription["items"].data[0].current_period_end


def test_the_emulators_clock_does_not_move_what_lives_on_another(client, control, seen):
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1577836800})
    card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customer = client.v1.customers.create({"test_clock": clock.id, **card})
    client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": recurring(client).id}]})
    control.post("clock/advance", seconds=90 * DAY)
    client.v1.customers.list()  # whatever came due has happened before this is answered
    assert seen().count("invoice.created") == 1 and "customer.subscription.updated" not in seen()


def test_a_short_trial_tells_of_its_end_at_once(client, timeline, seen):
    timeline.subscribe(trial_period_days=2)
    assert seen()[-1] == "customer.subscription.trial_will_end"
    assert "customer.subscription.trial_will_end" not in timeline.advance(JANUARY_31 + DAY)


def test_each_subscription_bills_its_own_prorations(client, timeline):
    first, second = timeline.subscribe(), timeline.subscribe()
    timeline.advance(moment(2, 14))
    change = {"items": [{"id": second["items"].data[0].id, "quantity": 2}]}
    client.v1.subscriptions.update(second.id, change)
    timeline.advance(moment(2, 28, 14))
    totals = [
        client.v1.subscriptions.retrieve(one.id, {"expand": ["latest_invoice"]}).latest_invoice.total
        for one in (first, second)
    ]
    assert totals == [1500, 3750]


def test_a_new_period_credits_the_rest_of_the_old(client, timeline):
    subscription = timeline.subscribe()
    timeline.advance(moment(2, 14))
    restarted = client.v1.subscriptions.update(
        subscription.id, {"billing_cycle_anchor": {"type": "now"}, "expand": ["latest_invoice"]}
    )
    assert [line.amount for line in restarted.latest_invoice.lines.data] == [-750, 1500]
    assert restarted["items"].data[0].current_period_end == moment(3, 14)


def test_events_carry_the_time_of_the_clock_that_their_objects_live_on(client, timeline, control):
    """Those of customers, subscriptions and invoices, and of the payments and refunds that belong to them."""
    before = control.get("clock")["now"]
    timeline.subscribe()
    timeline.advance(moment(2, 28, 13))
    (charge, *_) = client.v1.charges.list().data
    client.v1.refunds.create({"charge": charge.id})
    created = {event["type"]: event["created"] for event in control.get("events")["events"]}
    assert created["customer.subscription.created"] == JANUARY_31
    assert created["invoice.upcoming"] == moment(2, 21)
    assert created["customer.subscription.updated"] == moment(2, 28)
    for type in ("invoice.finalized", "charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid"):
        assert moment(2, 28) < created[type] <= moment(2, 28, 13), type
    assert created["refund.created"] == created["charge.refunded"] == moment(2, 28, 13)
    for type in ("test_helpers.test_clock.ready", "price.created"):
        assert created[type] >= int(before), type


def test_time_can_pass_for_one_customer_that_has_no_clock(client, control):
    """Only the control API can: the subscription renews, and another customer's does not."""
    made = []
    for _ in range(2):
        card = "pm_card_visa"
        customer = client.v1.customers.create(
            {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        )
        price = recurring(client).id
        made.append(client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price}]}))
    mine, other = made
    for _ in range(2):
        control.post("clock/advance", seconds=32 * 86_400, customer=mine.customer)
    invoices = client.v1.invoices.list({"subscription": mine.id}).data
    assert [(one.status, one.billing_reason) for one in invoices] == [
        ("paid", "subscription_cycle"),
        ("paid", "subscription_cycle"),
        ("paid", "subscription_create"),
    ]
    assert len(client.v1.invoices.list({"subscription": other.id}).data) == 1
    period = client.v1.subscriptions.retrieve(mine.id)["items"].data[0]
    assert period.current_period_start > mine["items"].data[0].current_period_end


def test_time_passes_for_a_customer_that_exists(control):
    with pytest.raises(AssertionError, match="no customer cus_none"):
        control.post("clock/advance", seconds=1, customer="cus_none")
