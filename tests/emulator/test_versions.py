"""Versions: what requests take, and what objects and events show, from acacia to endive."""

from __future__ import annotations

import pytest
import stripe

from stripe_audit.emulator.rendering import Renderer
from stripe_audit.emulator.store import Store, snapshot
from stripe_audit.emulator.versions import TRAINS, gap_to
from tests.emulator.steps import create, pay

ACACIA, BASIL, CLOVER = "2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover"
DAHLIA, ENDIVE = "2026-08-26.dahlia", "2026-10-28.endive"


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def show(store):
    return Renderer(store).at


class TestTrains:
    @pytest.mark.parametrize(
        ("version", "lacks"),
        [
            ("2020-08-27", ["endive", "dahlia", "clover", "basil"]),
            (ACACIA, ["endive", "dahlia", "clover", "basil"]),
            (BASIL, ["endive", "dahlia", "clover"]),
            (CLOVER, ["endive", "dahlia"]),
            (DAHLIA, ["endive"]),
            (ENDIVE, []),
            ("2027-03-31.fig", []),
            ("2025-08-27.basil; some_beta=v1", ["endive", "dahlia", "clover"]),
            ("no version", []),
        ],
    )
    def test_by_date(self, version, lacks):
        gap = gap_to(version)
        assert ([train.name for train in gap.trains] if gap else []) == lacks

    def test_the_newest_is_the_librarys(self):
        assert TRAINS[-1].name == stripe.api_version.partition(".")[2], "scripts/derive_trains.py knows no newer train"


class TestObjects:
    SUBSCRIPTION = {
        "object": "subscription",
        "id": "sub_1",
        "status": "active",
        "discounts": ["di_1"],
        "billing_mode": {"type": "flexible"},
        "items": {
            "object": "list",
            "data": [
                {"object": "subscription_item", "id": "si_1", "current_period_start": 10, "current_period_end": 20}
            ],
        },
    }
    INVOICE = {
        "object": "invoice",
        "id": "in_1",
        "status": "paid",
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1", "metadata": {"order": "7"}},
        },
        "total_taxes": [
            {"amount": 3, "tax_behavior": "inclusive", "tax_rate_details": {"tax_rate": "txr_1"}, "taxable_amount": 30},
            {"amount": 4, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": "txr_2"}, "taxable_amount": 30},
        ],
        "lines": {
            "object": "list",
            "data": [
                {
                    "object": "line_item",
                    "id": "il_1",
                    "amount": 30,
                    "parent": {
                        "type": "subscription_item_details",
                        "subscription_item_details": {"subscription_item": "si_1", "proration": False},
                    },
                    "pricing": {
                        "price_details": {"price": "price_1", "product": "prod_1"},
                        "unit_amount_decimal": "30",
                    },
                }
            ],
        },
    }

    def test_basil_moved_the_period_into_the_items(self, show):
        old, new = show(self.SUBSCRIPTION, ACACIA), show(self.SUBSCRIPTION, BASIL)
        assert (old["current_period_start"], old["current_period_end"], old["discount"]) == (10, 20, "di_1")
        assert "current_period_end" not in old["items"]["data"][0] and "billing_mode" not in old
        assert "current_period_end" not in new and new["items"]["data"][0]["current_period_end"] == 20

    def test_basil_moved_the_invoices_parent_and_payment(self, show, store):
        store.add({"object": "payment_intent", "id": "pi_1", "latest_charge": "ch_1"})
        payment = {"object": "invoice_payment", "id": "inpay_1", "invoice": "in_1"}
        store.add({**payment, "payment": {"type": "payment_intent", "payment_intent": "pi_1"}})
        store.add({"object": "price", "id": "price_1", "recurring": {"interval": "month"}, "unit_amount": 30})
        old, new = show(self.INVOICE, ACACIA), show(self.INVOICE, BASIL)
        assert (old["subscription"], old["payment_intent"], old["charge"], old["paid"], old["tax"]) == (
            "sub_1",
            "pi_1",
            "ch_1",
            True,
            7,
        )
        assert old["subscription_details"] == {"metadata": {"order": "7"}} and "parent" not in old
        assert [(one["amount"], one["inclusive"], one["tax_rate"]) for one in old["total_tax_amounts"]] == [
            (3, True, "txr_1"),
            (4, False, "txr_2"),
        ]
        (line,) = old["lines"]["data"]
        assert (line["type"], line["subscription_item"], line["price"]["id"]) == ("subscription", "si_1", "price_1")
        assert line["price"]["recurring"] == {"interval": "month", "aggregate_usage": None}
        assert not {"subscription", "payment_intent", "charge", "paid"} & set(new) and new["parent"]

    def test_basil_dropped_the_invoice_of_a_payment(self, show, store):
        payment = {"object": "invoice_payment", "id": "inpay_1", "invoice": "in_1"}
        store.add({**payment, "payment": {"type": "payment_intent", "payment_intent": "pi_1"}})
        intent = {"object": "payment_intent", "id": "pi_1"}
        charge = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}
        assert [show(one, ACACIA)["invoice"] for one in (intent, charge)] == ["in_1", "in_1"]
        assert "invoice" not in show(intent, BASIL)
        assert show({**intent, "id": "pi_2"}, ACACIA)["invoice"] is None

    def test_clover_moved_coupons(self, show, store):
        store.add({"object": "coupon", "id": "co", "percent_off": 20})
        code = {"object": "promotion_code", "id": "promo_1", "promotion": {"type": "coupon", "coupon": "co"}}
        discount = {"object": "discount", "id": "di_1", "source": {"type": "coupon", "coupon": "co"}}
        assert show(code, BASIL)["coupon"]["percent_off"] == show(discount, BASIL)["coupon"]["percent_off"] == 20
        assert "promotion" not in show(code, BASIL) and "source" not in show(discount, BASIL)
        assert show(code, CLOVER) == code and show(discount, CLOVER) == discount

    def test_dahlia_renamed_the_ways_to_show_a_checkout(self, show):
        session = {"object": "checkout.session", "id": "cs_1", "ui_mode": "hosted_page"}
        assert (show(session, CLOVER)["ui_mode"], show(session, DAHLIA)["ui_mode"]) == ("hosted", "hosted_page")

    CHARGE = {"object": "charge", "id": "ch_1", "billing_details": {"name": "Ada", "tax_id": "7"}}
    PRICE = {"object": "price", "id": "price_1", "recurring": {"interval": "month"}}

    @pytest.mark.parametrize("value", [INVOICE, SUBSCRIPTION, CHARGE, PRICE, {"object": "list", "data": [CHARGE]}])
    def test_nothing_is_changed_in_place(self, show, value):
        before = snapshot(value)
        assert show(value, ACACIA) != before
        assert value == before

    def test_stubs_of_deleted_objects_stay_as_they_are(self, show):
        stub = {"object": "invoice", "id": "in_1", "deleted": True}
        assert show(stub, ACACIA) == stub

    @pytest.mark.parametrize("version", [ACACIA, BASIL, CLOVER, DAHLIA, ENDIVE])
    def test_an_answer_shows_what_its_request_is_pinned_to(self, client, version):
        def get(intent):
            return client.v1.payment_intents.retrieve(
                intent.id, {"expand": ["latest_charge"]}, {"stripe_version": version}
            ).to_dict()

        shown = get(pay(client))
        assert ("invoice" in shown, "invoice" in shown["latest_charge"]) == (version == ACACIA,) * 2
        assert ("payment_record" in shown) == (version == ENDIVE)
        assert ("presentment_details" in shown["latest_charge"]) == (version != ACACIA)

    def test_so_does_the_intent_in_an_error(self, client):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.create(
                {
                    "amount": 2000,
                    "currency": "usd",
                    "payment_method": "pm_card_visa_chargeDeclined",
                    "payment_method_types": ["card"],
                    "confirm": True,
                },
                {"stripe_version": ACACIA},
            )
        assert caught.value.json_body["error"]["payment_intent"]["invoice"] is None


class TestEvents:
    def event(self, show, object, previous, version):
        data = {"object": object, "previous_attributes": previous}
        return show({"object": "event", "id": "evt_1", "api_version": version, "data": data}, ENDIVE)["data"]

    def test_previous_attributes_move_with_their_fields(self, show):
        now = TestObjects.SUBSCRIPTION
        then = {
            "items": {"object": "list", "data": [{**now["items"]["data"][0], "current_period_end": 15}]},
            "billing_mode": {"type": "classic"},
            "status": "past_due",
        }
        old, new = (self.event(show, now, then, version)["previous_attributes"] for version in (ACACIA, CLOVER))
        assert old["current_period_end"] == 15 and "current_period_start" not in old
        assert old["status"] == "past_due" and "billing_mode" not in old
        assert "current_period_end" not in new and new["billing_mode"] == {"type": "classic"}

    def test_each_endpoint_gets_its_own_version(self, client, control, receiver):
        versions = [ACACIA, ENDIVE, None]
        for version in versions:
            params = {"url": receiver.url, "enabled_events": ["payment_intent.created"]}
            client.v1.webhook_endpoints.create(params | ({"api_version": version} if version else {}))
        create(client)
        control.post("deliveries/drain")
        got = {one.event["api_version"]: one.event["data"]["object"] for one in receiver.received}
        assert set(got) == {ACACIA, ENDIVE, DAHLIA}
        assert [("invoice" in got[v], "payment_record" in got[v]) for v in (ACACIA, DAHLIA, ENDIVE)] == [
            (True, False),
            (False, False),
            (False, True),
        ]

    def test_a_listed_event_keeps_the_accounts(self, client):
        create(client)
        for version in (ACACIA, ENDIVE):
            (event,) = client.v1.events.list({}, {"stripe_version": version}).data
            shown = event.data.object.to_dict()
            assert (event.api_version, "invoice" in shown, "payment_record" in shown) == (DAHLIA, False, False)

    @pytest.mark.parametrize(
        "data", [None, [], {"object": None}, {"object": {"object": 7}}, {"object": {"object": "invoice"}}]
    )
    def test_odd_events_are_shown_as_well_as_can_be(self, show, data):
        event = {"object": "event", "id": "evt_1", "api_version": ACACIA, "data": data}
        assert show(event, ACACIA)["id"] == "evt_1"


class TestParameters:
    TYPES = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}

    @pytest.mark.parametrize("version", [ACACIA, BASIL, CLOVER, DAHLIA])
    def test_payment_method_types_until_endive(self, client, version):
        intent = client.v1.payment_intents.create(self.TYPES, {"stripe_version": version})
        assert intent.payment_method_types == ["card"]

    def test_and_no_longer(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(self.TYPES, {"stripe_version": ENDIVE})
        assert (caught.value.code, caught.value.param) == ("parameter_unknown", "payment_method_types")

    def test_before_acacia_the_unknown_is_noted_and_not_refused(self, client, control):
        params = {"amount": 2000, "currency": "usd", "save_source_to_customer": True, "metadata": {"a": "b"}}
        params["payment_method_data"] = {"type": "card", "card": {"token": "tok_visa"}, "alien": "x"}
        client.v1.payment_intents.create(params, {"stripe_version": "2020-08-27"})
        (call,) = control.calls()
        assert sorted(call["unknown_params"]) == ["payment_method_data[alien]", "save_source_to_customer"]
        create(client)
        assert control.calls()[-1]["unknown_params"] == []

    def test_from_acacia_on_it_is_refused(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(
                {"amount": 2000, "currency": "usd", "save_source_to_customer": True}, {"stripe_version": ACACIA}
            )
        assert caught.value.code == "parameter_unknown"
