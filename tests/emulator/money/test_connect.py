"""Connected accounts, and how far they are apart from each other."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import AUTOMATIC, pay, wait_for

COMPLETE = {
    "type": "custom",
    "business_type": "individual",
    "business_profile": {"mcc": "5734", "url": "https://shop.example"},
    "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
    "external_account": "btok_us_verified",
    "individual": {"first_name": "Ada", "last_name": "Lovelace", "dob": {"day": 10, "month": 12, "year": 1990}},
    "tos_acceptance": {"date": 1700000000, "ip": "127.0.0.1"},
}


def told(control, type):
    return [event for event in control.get("events")["events"] if event["type"] == type]


def test_a_complete_account_may_charge(client, control):
    account = client.v1.accounts.create(COMPLETE)
    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (True, True, True)
    assert account.requirements.currently_due == []
    assert account.capabilities.to_dict() == {"card_payments": "active", "transfers": "active"}
    assert differences(account.to_dict()) == []
    assert [event["data"]["object"]["id"] for event in told(control, "capability.updated")] == [
        "card_payments",
        "transfers",
    ]
    assert told(control, "person.created")[0]["account"] == account.id
    assert told(control, "account.external_account.created")[0]["account"] == account.id


def test_what_is_missing_is_told_and_can_be_added(client, control):
    account = client.v1.accounts.create({name: value for name, value in COMPLETE.items() if name != "tos_acceptance"})
    assert account.requirements.currently_due == ["tos_acceptance.date", "tos_acceptance.ip"]
    assert (account.charges_enabled, account.capabilities.card_payments) == (False, "inactive")
    updated = client.v1.accounts.update(account.id, {"tos_acceptance": COMPLETE["tos_acceptance"]})
    assert (updated.charges_enabled, updated.capabilities.card_payments) == (True, "active")
    before = told(control, "account.updated")[-1]["data"]["previous_attributes"]
    assert (before["charges_enabled"], before["capabilities"]["transfers"]) == (False, "inactive")
    assert before["requirements"]["currently_due"] == ["tos_acceptance.date", "tos_acceptance.ip"]
    activated = [event["data"] for event in told(control, "capability.updated")[-2:]]
    assert {data["previous_attributes"]["status"] for data in activated} == {"inactive"}
    assert {data["object"]["status"] for data in activated} == {"active"}


def test_metadata_and_lists(client, control):
    account = client.v1.accounts.create({"type": "standard"})
    client.v1.accounts.update(account.id, {"metadata": {"foo": "bar"}})
    event = told(control, "account.updated")[-1]
    assert (event["account"], event["data"]["previous_attributes"]) == (account.id, {"metadata": {"foo": None}})
    assert [one.id for one in client.v1.accounts.list().data] == [account.id]
    assert client.v1.accounts.retrieve_current().id != account.id
    assert client.v1.accounts.retrieve(account.id).metadata["foo"] == "bar"


def test_an_account_is_disconnected(client, control):
    account = client.v1.accounts.create({"type": "standard"})
    assert client.v1.accounts.delete(account.id).deleted is True
    event = told(control, "account.application.deauthorized")[0]
    assert (event["account"], event["data"]["object"]["object"]) == (account.id, "application")
    with pytest.raises(stripe.PermissionError) as caught:
        client.v1.accounts.retrieve(account.id)
    assert caught.value.error.code == "account_invalid"
    with pytest.raises(stripe.PermissionError):
        client.v1.customers.list(None, {"stripe_account": account.id})


def test_money_must_be_gone_first(client):
    pay(client, "pm_card_bypassPending")
    account = client.v1.accounts.create()
    client.v1.transfers.create({"amount": 1, "currency": "usd", "destination": account.id})
    with pytest.raises(stripe.InvalidRequestError, match="balance"):
        client.v1.accounts.delete(account.id)


def test_a_rejected_account(client):
    account = client.v1.accounts.create(COMPLETE)
    rejected = client.v1.accounts.reject(account.id, {"reason": "other"})
    assert (rejected.charges_enabled, rejected.requirements.disabled_reason) == (False, "rejected.other")


class TestParts:
    def test_persons(self, client, control):
        account = client.v1.accounts.create({"type": "custom", "business_type": "company"})
        assert "representative.first_name" in account.requirements.currently_due
        person = client.v1.accounts.persons.create(
            account.id,
            {"first_name": "Grace", "last_name": "Hopper", "relationship": {"representative": True}, "id_number": "1"},
        )
        assert (person.account, person.relationship.representative, person.id_number_provided) == (
            account.id,
            True,
            True,
        )
        assert differences(person.to_dict()) == []
        now = client.v1.accounts.retrieve(account.id)
        assert "representative.first_name" not in now.requirements.currently_due
        client.v1.accounts.persons.update(account.id, person.id, {"email": "g@example.com"})
        assert told(control, "person.updated")[0]["data"]["previous_attributes"] == {"email": None}
        owners = client.v1.accounts.persons.list(account.id, {"relationship": {"owner": True}}).data
        assert owners == []
        assert client.v1.accounts.persons.delete(account.id, person.id).deleted is True
        with pytest.raises(stripe.InvalidRequestError, match="No such person"):
            client.v1.accounts.persons.retrieve(account.id, person.id)
        assert told(control, "person.deleted")[0]["account"] == account.id

    def test_external_accounts(self, client, control):
        account = client.v1.accounts.create({"type": "custom"})
        numbered = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": "000123456789"}
        first = client.v1.accounts.external_accounts.create(account.id, {"external_account": numbered})
        second = client.v1.accounts.external_accounts.create(
            account.id, {"external_account": "btok_us", "default_for_currency": True}
        )
        assert (second.default_for_currency, second.last4, second.account) == (True, "6789", account.id)
        known = client.v1.accounts.external_accounts.list(account.id).data
        assert [(one.id, one.default_for_currency) for one in known] == [(second.id, True), (first.id, False)]
        with pytest.raises(stripe.InvalidRequestError, match="default"):
            client.v1.accounts.external_accounts.delete(account.id, second.id)
        changed = client.v1.accounts.external_accounts.update(account.id, first.id, {"metadata": {"a": "b"}})
        assert changed.metadata["a"] == "b"
        assert client.v1.accounts.external_accounts.delete(account.id, first.id).deleted is True
        assert told(control, "account.external_account.deleted")[0]["account"] == account.id
        assert told(control, "account.external_account.updated")[0]["data"]["previous_attributes"]["metadata"]

    def test_capabilities(self, client, control):
        account = client.v1.accounts.create({"type": "custom"})
        asked = client.v1.accounts.capabilities.update(account.id, "card_payments", {"requested": True})
        assert (asked.requested, asked.status, asked.account) == (True, "inactive", account.id)
        assert differences(asked.to_dict()) == []
        before = told(control, "capability.updated")[-1]["data"]["previous_attributes"]
        assert before == {"requested": False, "status": "unrequested"}
        assert [one.id for one in client.v1.accounts.capabilities.list(account.id).data] == ["card_payments"]
        assert client.v1.accounts.capabilities.retrieve(account.id, "transfers").status == "unrequested"
        with pytest.raises(stripe.InvalidRequestError, match="No such capability"):
            client.v1.accounts.capabilities.retrieve(account.id, "levitation")


class TestScope:
    """``Stripe-Account``."""

    def test_objects_belong_to_one_account(self, client, control):
        account = client.v1.accounts.create()
        other = {"stripe_account": account.id}
        theirs = client.v1.customers.create({"name": "theirs"}, other)
        ours = client.v1.customers.create({"name": "ours"})
        assert [one.id for one in client.v1.customers.list(None, other).data] == [theirs.id]
        assert [one.id for one in client.v1.customers.list().data] == [ours.id]
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            client.v1.customers.retrieve(theirs.id)
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            client.v1.customers.retrieve(ours.id, None, other)

    def test_payments_and_their_events(self, client, receiver, control):
        account = client.v1.accounts.create()
        other = {"stripe_account": account.id}
        own = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
        connect = client.v1.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["payment_intent.succeeded", "refund.updated"], "connect": True}
        )
        intent = client.v1.payment_intents.create(
            {
                "amount": 700,
                "currency": "usd",
                "payment_method": "pm_card_pendingRefund",
                "confirm": True,
                "automatic_payment_methods": AUTOMATIC,
            },
            other,
        )
        assert intent.status == "succeeded"
        pay(client)
        client.v1.customers.create({}, other)
        refund = client.v1.refunds.create({"payment_intent": intent.id}, other)
        wait_for(lambda: client.v1.refunds.retrieve(refund.id, None, other).status == "succeeded")
        got = wait_for(lambda: len(receiver.received) == 2 and receiver.received)
        assert {one.event["account"] for one in got} == {account.id}
        assert {one.event["type"] for one in got} == {"payment_intent.succeeded", "refund.updated"}
        assert own.id != connect.id
        theirs = client.v1.events.list({"limit": 100}, other).data
        assert "payment_intent.succeeded" in [event.type for event in theirs]
        ours = client.v1.events.list({"type": "refund.created"}).data
        assert ours == []

    @pytest.mark.parametrize("is_page", [True, False], ids=["page", "control"])
    def test_the_customer_authenticates(self, client, control, is_page):
        account = client.v1.accounts.create()
        other = {"stripe_account": account.id}
        params = {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "http://127.0.0.1/back",
        }
        intent = client.v1.payment_intents.create(params, other)
        assert intent.status == "requires_action"
        if is_page:
            url = intent.next_action.redirect_to_url.url.replace("?", "/succeed?")
            with requests.Session() as session:
                session.trust_env = False
                assert session.get(url, allow_redirects=False, timeout=5).status_code == 303
        else:
            control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
        assert client.v1.payment_intents.retrieve(intent.id, None, other).status == "succeeded"
        assert client.v1.payment_intents.list().data == []

    def test_an_unknown_account(self, client):
        with pytest.raises(stripe.PermissionError) as caught:
            client.v1.customers.create({}, {"stripe_account": "acct_unknown"})
        assert (caught.value.http_status, caught.value.error.code) == (403, "account_invalid")

    def test_the_own_account_is_itself(self, client, emulator):
        customer = client.v1.customers.create({}, {"stripe_account": emulator.keys.account})
        assert client.v1.customers.retrieve(customer.id).id == customer.id

    def test_an_idempotency_key_holds_for_one_account(self, client):
        account = client.v1.accounts.create()
        key = {"idempotency_key": "once"}
        ours = client.v1.customers.create({}, key)
        theirs = client.v1.customers.create({}, {**key, "stripe_account": account.id})
        assert ours.id != theirs.id
        assert client.v1.customers.create({}, {**key, "stripe_account": account.id}).id == theirs.id

    def test_who_am_i(self, client):
        account = client.v1.accounts.create()
        assert client.v1.accounts.retrieve_current(None, {"stripe_account": account.id}).id == account.id


class TestLinks:
    def test_onboarding_leads_back_to_the_platform(self, client):
        account = client.v1.accounts.create({"type": "express"})
        urls = {"refresh_url": "https://platform.example/again", "return_url": "https://platform.example/done?a=b&c=d"}
        link = client.v1.account_links.create({"account": account.id, "type": "account_onboarding", **urls})
        assert link.expires_at > link.created and account.id in link.url
        assert differences(link.to_dict()) == []
        page = requests.get(link.url, timeout=5)
        assert page.status_code == 200 and 'href="https://platform.example/done?a=b&amp;c=d"' in page.text
        assert requests.get(link.url.replace("https", "javascript"), timeout=5).text.count("href") == 0

    def test_the_dashboard_is_for_express_accounts_that_are_complete(self, client):
        complete = client.v1.accounts.create({**COMPLETE, "type": "express"})
        link = client.v1.accounts.login_links.create(complete.id)
        assert requests.get(link.url, timeout=5).status_code == 200
        for kind in ("express", "custom"):
            with pytest.raises(stripe.InvalidRequestError, match="login link"):
                client.v1.accounts.login_links.create(client.v1.accounts.create({"type": kind}).id)

    @pytest.mark.parametrize(
        ("changed", "param"),
        [
            ({"account": "acct_none"}, "account"),
            ({"return_url": ""}, "return_url"),
            ({"refresh_url": "nowhere"}, "refresh_url"),
            ({"type": "account_update"}, "type"),
            ({"type": "tour"}, "type"),
        ],
    )
    def test_links_that_cannot_be(self, client, changed, param):
        account = client.v1.accounts.create({"type": "express"})
        urls = {"refresh_url": "https://platform.example", "return_url": "https://platform.example"}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.account_links.create({"account": account.id, "type": "account_onboarding", **urls, **changed})
        assert caught.value.param == param
