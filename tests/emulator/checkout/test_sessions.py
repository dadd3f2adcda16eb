"""Checkout Sessions: made, paid on their page or by the private calls, expired."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import wait_for

SHOP = {"success_url": "https://shop.example/done?session={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.example"}


@pytest.fixture
def open_session(client, price):
    def make(**params):
        return client.v1.checkout.sessions.create(
            {**SHOP, "mode": "payment", "line_items": [{"price": price.id, "quantity": 2}], **params}
        )

    return make


def again(client, session, *expand):
    return client.v1.checkout.sessions.retrieve(session.id, {"expand": list(expand)} if expand else None)


class TestCreation:
    def test_what_a_new_session_says(self, client, open_session, price, seen):
        session = open_session(client_reference_id="order 7", customer_email="ada@example.com", metadata={"a": "b"})
        assert (session.status, session.payment_status, session.ui_mode) == ("open", "unpaid", "hosted_page")
        assert (session.amount_subtotal, session.amount_total, session.currency) == (3000, 3000, "eur")
        assert (session.payment_intent, session.customer, session.client_secret) == (None, None, None)
        assert (session.client_reference_id, session.metadata.to_dict()) == ("order 7", {"a": "b"})
        assert session.customer_details.email == "ada@example.com"
        assert session.url.endswith(f"/c/pay/{session.id}") and session.id.startswith("cs_test_a1")
        items = client.v1.checkout.sessions.line_items.list(session.id)
        assert [(one.quantity, one.amount_total, one.description, one.price.id) for one in items.data] == [
            (2, 3000, "T-shirt", price.id)
        ]
        for one in (session, items):
            assert differences(one.to_dict()) == []
        shown = again(client, session, "line_items")
        assert shown.line_items.data == items.data and shown.line_items.url == items.url
        assert "checkout.session.completed" not in seen()

    def test_line_items_keep_their_order(self, client, open_session, price):
        described = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "Mug"}}
        items = [{"price": price.id, "quantity": 1}, {"price_data": described, "quantity": 3}]
        session = open_session(line_items=items)
        listed = client.v1.checkout.sessions.line_items.list(session.id)
        assert [one.description for one in listed.data] == ["T-shirt", "Mug"]
        after = client.v1.checkout.sessions.line_items.list(session.id, {"starting_after": listed.data[0].id})
        assert [one.description for one in after.data] == ["Mug"]
        assert [one.description for one in again(client, session, "line_items").line_items.data] == ["T-shirt", "Mug"]

    @pytest.mark.parametrize(
        ("params", "code", "param"),
        [
            ({"mode": None}, "parameter_missing", "mode"),
            ({"line_items": None}, "parameter_missing", "line_items"),
            ({"success_url": None}, "parameter_missing", "success_url"),
            ({"success_url": "/done"}, "url_invalid", "success_url"),
            ({"return_url": "https://shop.example"}, None, "return_url"),
            ({"ui_mode": "embedded_page"}, None, "success_url"),
            ({"mode": "subscription"}, None, "line_items"),
            ({"customer": "cus_none"}, "resource_missing", "customer"),
            ({"customer_email": "ada"}, "email_invalid", "customer_email"),
            ({"subscription_data": {"trial_period_days": 3}}, None, "subscription_data"),
            ({"expires_at": 1}, None, "expires_at"),
            ({"discounts": [{"coupon": "none"}]}, "resource_missing", "discounts[0][coupon]"),
            ({"currency": "usd"}, None, "currency"),
            (
                {"allowed_payment_method_types": ["us_bank_account"]},
                "payment_intent_incompatible_payment_method",
                "currency",
            ),
            ({"colour": "red"}, "parameter_unknown", "colour"),
        ],
    )
    def test_what_cannot_be(self, client, open_session, price, params, code, param):
        asked = {**SHOP, "mode": "payment", "line_items": [{"price": price.id, "quantity": 2}], **params}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.checkout.sessions.create({name: value for name, value in asked.items() if value is not None})
        assert (caught.value.code, caught.value.param) == (code, param)
        assert client.v1.checkout.sessions.list().data == []

    @pytest.mark.parametrize(
        ("item", "param"),
        [
            ({"quantity": 1}, "line_items[0][price]"),
            ({"price": "price_none", "quantity": 1}, "line_items[0][price]"),
            ({"price": "{price}"}, "line_items[0][quantity]"),
            ({"price": "{price}", "quantity": 0}, "line_items[0][quantity]"),
        ],
    )
    def test_line_items_that_cannot_be(self, open_session, price, item, param):
        named = {name: price.id if value == "{price}" else value for name, value in item.items()}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            open_session(line_items=[named])
        assert caught.value.param == param

    @pytest.mark.parametrize(
        ("version", "asked", "shown"),
        [
            ("2026-03-25.dahlia", "embedded_page", "embedded_page"),
            ("2025-09-30.clover", "embedded", "embedded"),
            ("2025-03-31.basil", "custom", "custom"),
        ],
    )
    def test_display_modes_by_version(self, client, price, version, asked, shown):
        params = {
            "mode": "payment",
            "ui_mode": asked,
            "return_url": "https://shop.example/done",
            "line_items": [{"price": price.id, "quantity": 1}],
            "payment_method_types": ["card"],
        }
        session = client.v1.checkout.sessions.create(params, {"stripe_version": version})
        assert (session.ui_mode, session.url) == (shown, None)
        assert session.client_secret.startswith(f"{session.id}_secret_")
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.checkout.sessions.create(
                {**params, "ui_mode": "embedded" if asked == "embedded_page" else "embedded_page"},
                {"stripe_version": version},
            )

    def test_a_discount_is_shared_out_and_redeemed_once_paid(self, client, open_session, surf):
        coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
        session = open_session(discounts=[{"coupon": coupon.id}])
        assert (session.amount_subtotal, session.amount_total) == (3000, 2700)
        assert session.total_details.amount_discount == 300
        assert session.discounts[0].coupon == coupon.id
        surf(session.url, method="pm_card_visa")
        assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 1

    @pytest.mark.parametrize(
        ("coupon", "shares"),
        [
            ({"amount_off": 1000, "currency": "eur"}, [834, 166]),
            ({"amount_off": 9000, "currency": "eur"}, [1500, 299]),
            ({"percent_off": 33}, [495, 99]),
        ],
    )
    def test_the_shares_of_a_discount_add_up(self, client, open_session, price, coupon, shares):
        made = client.v1.coupons.create({**coupon, "duration": "once"})
        described = {"currency": "eur", "unit_amount": 299, "product_data": {"name": "Mug"}}
        items = [{"price": price.id, "quantity": 1}, {"price_data": described, "quantity": 1}]
        session = open_session(line_items=items, discounts=[{"coupon": made.id}])
        listed = client.v1.checkout.sessions.line_items.list(session.id).data
        assert [one.amount_discount for one in listed] == shares
        assert session.total_details.amount_discount == sum(shares)
        assert session.amount_total == 1799 - sum(shares)

    def test_what_is_free_needs_no_payment(self, client, open_session, surf, seen):
        coupon = client.v1.coupons.create({"percent_off": 100, "duration": "once"})
        session = open_session(discounts=[{"coupon": coupon.id}])
        surf(session.url, method="none")
        done = again(client, session)
        assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)
        assert seen()[-1] == "checkout.session.completed"

    def test_taxes_and_shipping_are_added(self, client, open_session, price):
        rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
        shipping = client.v1.shipping_rates.create(
            {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "eur"}}
        )
        assert differences(shipping.to_dict()) == []
        session = open_session(
            line_items=[{"price": price.id, "quantity": 1, "tax_rates": [rate.id]}],
            shipping_options=[{"shipping_rate": shipping.id}],
        )
        assert (session.amount_subtotal, session.amount_total) == (1500, 2300)
        assert session.total_details.to_dict() == {"amount_discount": 0, "amount_shipping": 500, "amount_tax": 300}
        assert session.shipping_cost.shipping_rate == shipping.id


class TestPaying:
    def test_a_card_on_the_page(self, client, open_session, surf, control, seen):
        session = open_session(payment_intent_data={"metadata": {"order": "7"}, "description": "Shirts"})
        shown = surf(session.url)
        assert shown.status == 200 and "T-shirt × 2: €30.00 eur" in shown.text
        paid = surf(session.url, method="pm_card_visa", email="ada@example.com", name="Ada")
        assert (paid.status, paid.location) == (303, f"https://shop.example/done?session={session.id}")
        done = again(client, session, "payment_intent.latest_charge")
        assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
        assert (done.customer_details.email, done.customer_details.name) == ("ada@example.com", "Ada")
        intent = done.payment_intent
        assert (intent.status, intent.amount_received) == ("succeeded", 3000)
        assert (intent.metadata.to_dict(), intent.description) == ({"order": "7"}, "Shirts")
        assert [type for type in seen() if type.startswith(("payment_intent", "charge", "checkout", "customer"))] == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed",
            "charge.updated",
        ]
        assert surf(session.url).location == paid.location
        assert surf(session.url, method="pm_card_visa").status == 400
        assert len(client.v1.payment_intents.list().data) == 1
        assert differences(done.to_dict()) == []

    def test_a_typed_card_number(self, client, open_session, surf):
        session = open_session()
        assert surf(session.url, number="4000000000000002").status == 402
        assert surf(session.url, number="4242 4242 4242 4242").status == 303
        assert again(client, session).payment_status == "paid"

    def test_a_refused_card_leaves_it_open(self, client, open_session, surf, seen):
        session = open_session()
        refused = surf(session.url, method="pm_card_visa_chargeDeclined")
        assert refused.status == 402 and 'role="alert">Your card was declined.' in refused.text
        still = again(client, session)
        assert (still.status, still.payment_status) == ("open", "unpaid")
        assert seen()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
        assert surf(session.url, method="pm_card_visa").status == 303
        assert again(client, session).payment_intent == still.payment_intent

    @pytest.mark.parametrize("outcome", ["succeed", "fail"])
    def test_a_card_that_asks_for_authentication(self, client, open_session, surf, outcome):
        session = open_session()
        sent = surf(session.url, method="pm_card_authenticationRequired")
        assert "/3ds/" in sent.location
        assert again(client, session).status == "open"
        back = surf(sent.location.replace("?", f"/{outcome}?"))
        onward = surf(back.location)
        if outcome == "succeed":
            assert onward.location == f"https://shop.example/done?session={session.id}"
            assert again(client, session).payment_status == "paid"
        else:
            assert onward.status == 200 and "Checkout test page" in onward.text
            assert again(client, session).status == "open"

    @pytest.mark.parametrize(
        ("method", "event", "status"),
        [
            ("pm_sepaDebit_success_de", "checkout.session.async_payment_succeeded", "paid"),
            ("pm_sepaDebit_failed_de", "checkout.session.async_payment_failed", "unpaid"),
        ],
    )
    def test_a_debit_completes_it_unpaid(self, client, open_session, surf, seen, later, method, event, status):
        session = open_session(allowed_payment_method_types=["card", "sepa_debit"])
        assert surf(session.url, method=method).location.endswith(session.id)
        done = again(client, session)
        assert (done.status, done.payment_status) == ("complete", "unpaid")
        assert event not in seen()
        later(1)
        wait_for(lambda: event in seen())
        assert seen().count("checkout.session.completed") == seen().count(event) == 1
        assert again(client, session).payment_status == status

    def test_a_voucher_completes_it_unpaid_too(self, client, surf, later, seen, price):
        mxn = client.v1.prices.create({"currency": "mxn", "unit_amount": 15000, "product": price.product})
        session = client.v1.checkout.sessions.create(
            {
                **SHOP,
                "mode": "payment",
                "line_items": [{"price": mxn.id, "quantity": 1}],
                "allowed_payment_method_types": ["oxxo"],
            }
        )
        surf(session.url, method="oxxo", email="succeed_immediately@example.com")
        assert again(client, session).payment_status == "unpaid"
        later(1)
        wait_for(lambda: "checkout.session.async_payment_succeeded" in seen())
        assert again(client, session).payment_status == "paid"

    def test_a_redirect(self, client, open_session, surf):
        session = open_session(allowed_payment_method_types=["ideal"])
        sent = surf(session.url, method="ideal")
        back = surf(sent.location.replace("?", "/succeed?"))
        assert surf(back.location).location.endswith(session.id)
        assert again(client, session).payment_status == "paid"

    def test_authorized_only(self, client, open_session, surf, seen):
        session = open_session(payment_intent_data={"capture_method": "manual"})
        surf(session.url, method="pm_card_visa")
        done = again(client, session)
        assert (done.status, done.payment_status) == ("complete", "unpaid")
        client.v1.payment_intents.capture(done.payment_intent)
        assert again(client, session).payment_status == "paid"
        assert "checkout.session.async_payment_succeeded" not in seen()

    @pytest.mark.parametrize("creation", ["always", "if_required"])
    def test_a_customer_is_made_where_one_is_wanted(self, client, open_session, surf, seen, creation):
        session = open_session(customer_creation=creation)
        surf(session.url, method="pm_card_visa", email="ada@example.com")
        done = again(client, session, "customer")
        assert ("customer.created" in seen()) == (creation == "always") == (done.customer is not None)
        if done.customer:
            assert done.customer.email == "ada@example.com"
            assert client.v1.payment_intents.retrieve(done.payment_intent).customer == done.customer.id

    def test_a_method_that_is_not_listed(self, client, open_session, surf):
        session = open_session(allowed_payment_method_types=["card"])
        refused = surf(session.url, method="pm_sepaDebit_success_de")
        assert refused.status == 400 and "is not allowed" in refused.text
        assert client.v1.payment_intents.list().data == []

    def test_the_private_calls_pay_as_well(self, client, browser, open_session):
        session = open_session()
        page = browser.raw_request("get", f"/v1/payment_pages/{session.id}")
        assert page.data["state"] == "active"
        method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
        path = f"/v1/payment_pages/{session.id}/confirm"
        with pytest.raises(stripe.InvalidRequestError) as caught:
            browser.raw_request("post", path, payment_method=method.id, expected_amount=1)
        assert caught.value.code == "checkout_amount_mismatch"
        browser.raw_request("post", path, payment_method=method.id, expected_amount=3000)
        assert again(client, session).payment_status == "paid"
        with pytest.raises(stripe.InvalidRequestError, match="no longer open"):
            browser.raw_request("post", path, payment_method="pm_card_visa")


class TestEnding:
    def test_expired_by_call(self, client, open_session, surf, seen):
        session = open_session()
        surf(session.url, method="pm_card_visa_chargeDeclined")
        ended = client.v1.checkout.sessions.expire(session.id)
        assert (ended.status, ended.payment_status, ended.url) == ("expired", "unpaid", None)
        assert seen()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]
        assert surf(session.url).status == 410
        assert surf(session.url, method="pm_card_visa").status == 400
        for refused in (client.v1.checkout.sessions.expire, client.v1.checkout.sessions.update):
            with pytest.raises(stripe.InvalidRequestError, match="expired"):
                refused(session.id)

    def test_its_intent_is_not_canceled_but_the_session_expired(self, client, open_session, surf):
        session = open_session()
        surf(session.url, method="pm_card_visa_chargeDeclined")
        intent = again(client, session).payment_intent
        with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session instead") as caught:
            client.v1.payment_intents.cancel(intent)
        assert caught.value.code == "payment_intent_unexpected_state"
        client.v1.checkout.sessions.expire(session.id)
        assert client.v1.payment_intents.retrieve(intent).status == "canceled"

    def test_a_paid_session_cannot_expire(self, client, open_session, surf):
        session = open_session()
        surf(session.url, method="pm_card_visa")
        with pytest.raises(stripe.InvalidRequestError, match="has a status of complete"):
            client.v1.checkout.sessions.expire(session.id)

    @pytest.mark.parametrize(("params", "seconds"), [({}, 24 * 3600), ({"expires_at": 3600}, 3600)])
    def test_expired_by_the_clock(self, client, open_session, later, seen, control, params, seconds):
        at = {name: int(control.get("clock")["now"]) + value for name, value in params.items()}
        session = open_session(**at)
        later(seconds - 60)
        client.v1.balance.retrieve()
        assert again(client, session).status == "open"
        later(61)
        wait_for(lambda: "checkout.session.expired" in seen())
        assert again(client, session).status == "expired"

    def test_the_clock_leaves_a_paid_session_alone(self, client, open_session, surf, later, seen):
        session = open_session()
        surf(session.url, method="pm_card_visa")
        later(25 * 3600)
        client.v1.balance.retrieve()
        assert again(client, session).status == "complete"
        assert "checkout.session.expired" not in seen()


class TestSetUpAndSubscriptions:
    def test_set_up(self, client, surf, seen):
        customer = client.v1.customers.create()
        session = client.v1.checkout.sessions.create(
            {
                **SHOP,
                "mode": "setup",
                "currency": "eur",
                "customer": customer.id,
                "setup_intent_data": {"metadata": {"a": "b"}},
            }
        )
        assert (session.payment_status, session.amount_total) == ("no_payment_required", None)
        intent = client.v1.setup_intents.retrieve(session.setup_intent)
        assert intent.metadata.to_dict() == {"a": "b"}
        assert surf(session.url, method="pm_card_visa").status == 303
        done = again(client, session, "setup_intent")
        assert (done.status, done.setup_intent.status, done.setup_intent.customer) == (
            "complete",
            "succeeded",
            customer.id,
        )
        assert client.v1.payment_methods.retrieve(done.setup_intent.payment_method).customer == customer.id
        assert {"setup_intent.succeeded", "payment_method.attached", "checkout.session.completed"} <= set(seen())
        assert differences(session.to_dict()) == []

    @pytest.fixture
    def monthly(self, client):
        return client.v1.prices.create(
            {
                "currency": "eur",
                "unit_amount": 900,
                "recurring": {"interval": "month"},
                "product_data": {"name": "Club"},
            }
        )

    def test_a_subscription(self, client, surf, seen, monthly):
        session = client.v1.checkout.sessions.create(
            {
                **SHOP,
                "mode": "subscription",
                "line_items": [{"price": monthly.id, "quantity": 1}],
                "subscription_data": {"metadata": {"plan": "club"}},
            }
        )
        assert (session.amount_total, session.subscription) == (900, None)
        surf(session.url, method="pm_card_visa", email="ada@example.com")
        done = again(client, session, "subscription", "invoice", "customer")
        assert (done.status, done.payment_status, done.payment_intent) == ("complete", "paid", None)
        assert (done.subscription.status, done.subscription.metadata.to_dict()) == ("active", {"plan": "club"})
        assert (done.invoice.status, done.customer.email) == ("paid", "ada@example.com")
        assert seen().count("checkout.session.completed") == 1
        assert {"customer.created", "customer.subscription.created", "invoice.paid"} <= set(seen())

    def test_a_refused_subscription_leaves_it_open(self, client, surf, monthly):
        session = client.v1.checkout.sessions.create(
            {**SHOP, "mode": "subscription", "line_items": [{"price": monthly.id, "quantity": 1}]}
        )
        assert surf(session.url, method="pm_card_chargeCustomerFail").status == 402
        assert again(client, session).status == "open"
        assert client.v1.subscriptions.list().data == []
        assert surf(session.url, method="pm_card_visa").status == 303
        assert again(client, session).payment_status == "paid"

    def test_a_subscription_with_authentication(self, client, surf, monthly, seen):
        session = client.v1.checkout.sessions.create(
            {**SHOP, "mode": "subscription", "line_items": [{"price": monthly.id, "quantity": 1}]}
        )
        sent = surf(session.url, method="pm_card_authenticationRequired")
        assert again(client, session).status == "open"
        back = surf(sent.location.replace("?", "/succeed?"))
        assert surf(back.location).location.endswith(session.id)
        done = again(client, session, "subscription")
        assert (done.status, done.payment_status, done.subscription.status) == ("complete", "paid", "active")

    def test_a_trial_costs_nothing_today(self, client, surf, monthly):
        session = client.v1.checkout.sessions.create(
            {
                **SHOP,
                "mode": "subscription",
                "line_items": [{"price": monthly.id, "quantity": 1}],
                "subscription_data": {"trial_period_days": 7},
            }
        )
        assert session.amount_total == 0
        surf(session.url, method="pm_card_visa")
        done = again(client, session, "subscription")
        assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")


class TestListing:
    def test_filters(self, client, open_session, surf):
        paid, other = open_session(customer_email="ada@example.com"), open_session()
        surf(paid.url, method="pm_card_visa")
        listed = client.v1.checkout.sessions.list
        assert [one.id for one in listed().data] == [other.id, paid.id]
        assert [one.id for one in listed({"status": "complete"}).data] == [paid.id]
        assert [one.id for one in listed({"customer_details": {"email": "ada@example.com"}}).data] == [paid.id]
        intent = again(client, paid).payment_intent
        assert [one.id for one in listed({"payment_intent": intent}).data] == [paid.id]

    def test_updates(self, client, open_session, price):
        session = open_session(metadata={"a": "1"})
        changed = client.v1.checkout.sessions.update(session.id, {"metadata": {"b": "2"}})
        assert changed.metadata.to_dict() == {"a": "1", "b": "2"}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.checkout.sessions.update(session.id, {"line_items": [{"price": price.id, "quantity": 5}]})
        assert caught.value.param == "line_items"

    def test_elements_may_change_their_items(self, client, price):
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "ui_mode": "elements",
                "return_url": "https://shop.example/done",
                "line_items": [{"price": price.id, "quantity": 1}],
            }
        )
        item = client.v1.checkout.sessions.line_items.list(session.id).data[0]
        changed = client.v1.checkout.sessions.update(session.id, {"line_items": [{"id": item.id, "quantity": 3}]})
        assert changed.amount_total == 4500
