"""Payment links and the customer portal."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences


class TestLinks:
    @pytest.fixture
    def make(self, client, price):
        def link(**params):
            return client.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 2}], **params})

        return link

    def test_opened_and_paid(self, client, make, surf, seen):
        link = make(
            metadata={"a": "b"},
            after_completion={"type": "redirect", "redirect": {"url": "https://shop.example/{CHECKOUT_SESSION_ID}"}},
        )
        assert (link.active, link.currency, differences(link.to_dict())) == (True, "eur", [])
        items = client.v1.payment_links.line_items.list(link.id)
        assert [(one.quantity, one.amount_total) for one in items.data] == [(2, 3000)]
        shown = client.v1.payment_links.retrieve(link.id, {"expand": ["line_items"]})
        assert shown.line_items.data == items.data
        page = surf(link.url)
        session = client.v1.checkout.sessions.list({"payment_link": link.id}).data[0]
        assert page.location == session.url
        assert (session.amount_total, session.metadata.to_dict()) == (3000, {"a": "b"})
        assert surf(session.url, method="pm_card_visa").location == f"https://shop.example/{session.id}"
        assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        assert seen()[-1] == "charge.updated" and "checkout.session.completed" in seen()

    def test_each_opening_is_a_session_of_its_own(self, client, make, surf):
        link = make()
        assert surf(link.url).location != surf(link.url).location
        session = client.v1.checkout.sessions.list().data[0]
        assert "Thank you" in surf(session.url, method="pm_card_visa").text

    def test_changed(self, client, make, surf, previous, seen):
        link = make()
        changed = client.v1.payment_links.update(link.id, {"active": False, "inactive_message": "Sold out"})
        assert changed.active is False
        assert previous("payment_link.updated") == {"active": True, "inactive_message": None}
        closed = surf(link.url)
        assert closed.status == 400 and "Sold out" in closed.text
        assert client.v1.payment_links.list({"active": True}).data == []
        client.v1.payment_links.update(link.id, {"active": False})
        assert seen().count("payment_link.updated") == 1

    def test_so_many_sessions_and_no_more(self, client, make, surf, previous):
        link = make(restrictions={"completed_sessions": {"limit": 1}})
        surf(surf(link.url).location, method="pm_card_visa")
        closed = client.v1.payment_links.retrieve(link.id)
        assert (closed.active, closed.restrictions.completed_sessions.count) == (False, 1)
        assert previous("payment_link.updated") == {"active": True}

    @pytest.mark.parametrize(
        ("params", "param"),
        [
            ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
            ({"after_completion": {"type": "redirect"}}, "after_completion[redirect]"),
            ({"subscription_data": {"trial_period_days": 3}}, "subscription_data"),
        ],
    )
    def test_what_cannot_be(self, client, make, params, param):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            make(**params)
        assert caught.value.param == param
        assert client.v1.payment_links.list().data == []

    def test_a_recurring_price(self, client, make, surf):
        monthly = client.v1.prices.create(
            {
                "currency": "eur",
                "unit_amount": 900,
                "recurring": {"interval": "month"},
                "product_data": {"name": "Club"},
            }
        )
        link = make(line_items=[{"price": monthly.id, "quantity": 1}])
        assert differences(link.to_dict()) == []
        surf(surf(link.url).location, method="pm_card_visa")
        session = client.v1.checkout.sessions.list({}).data[0]
        assert (session.mode, session.payment_status, bool(session.subscription)) == ("subscription", "paid", True)


class TestPortal:
    FEATURES = {"features": {"invoice_history": {"enabled": True}}}

    def test_a_configuration_lives(self, client, previous, seen):
        made = client.v1.billing_portal.configurations.create(self.FEATURES)
        assert (made.active, made.is_default, made.features.invoice_history.enabled) == (True, False, True)
        assert made.features.subscription_cancel.enabled is False
        assert differences(made.to_dict()) == []
        changed = client.v1.billing_portal.configurations.update(
            made.id, {"features": {"subscription_cancel": {"enabled": True}}, "metadata": {"a": "b"}}
        )
        assert changed.features.subscription_cancel.mode == "at_period_end"
        assert changed.features.invoice_history.enabled is True
        told = previous("billing_portal.configuration.updated")
        assert told["metadata"] == {"a": None}
        assert told["features"]["subscription_cancel"]["enabled"] is False
        assert [one.id for one in client.v1.billing_portal.configurations.list({"active": True}).data] == [made.id]
        assert seen() == ["billing_portal.configuration.created", "billing_portal.configuration.updated"]

    def test_a_session_has_its_page(self, client, surf, seen):
        customer = client.v1.customers.create({"email": "ada@example.com"})
        made = client.v1.billing_portal.configurations.create(
            {**self.FEATURES, "default_return_url": "https://a.example"}
        )
        session = client.v1.billing_portal.sessions.create({"customer": customer.id, "configuration": made.id})
        assert (session.return_url, differences(session.to_dict())) == ("https://a.example", [])
        assert seen()[-1] == "billing_portal.session.created"
        shown = surf(session.url)
        assert "ada@example.com" in shown.text and 'href="https://a.example"' in shown.text
        assert surf(f"{session.url}x").status == 404

    def test_the_default_configuration(self, client):
        customer = client.v1.customers.create()
        first, second = (client.v1.billing_portal.sessions.create({"customer": customer.id}) for _ in range(2))
        assert first.configuration == second.configuration
        default = client.v1.billing_portal.configurations.retrieve(first.configuration)
        assert default.is_default is True
        with pytest.raises(stripe.InvalidRequestError, match="default configuration"):
            client.v1.billing_portal.configurations.update(default.id, {"active": False})

    @pytest.mark.parametrize(
        ("params", "code", "param"),
        [
            ({"customer": "cus_none"}, "resource_missing", "customer"),
            ({}, "parameter_missing", "customer"),
            ({"customer": "{customer}", "configuration": "bpc_none"}, "resource_missing", "configuration"),
            ({"customer": "{customer}", "return_url": "back"}, "url_invalid", "return_url"),
            (
                {"customer": "{customer}", "flow_data": {"type": "subscription_cancel"}},
                "parameter_missing",
                "flow_data[subscription_cancel]",
            ),
        ],
    )
    def test_what_cannot_be(self, client, params, code, param):
        customer = client.v1.customers.create()
        named = {name: customer.id if value == "{customer}" else value for name, value in params.items()}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.billing_portal.sessions.create(named)
        assert (caught.value.code, caught.value.param) == (code, param)
