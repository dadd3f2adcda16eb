"""Bank debits, redirects, vouchers: what each test account and address stands for."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import wait_for

MANDATE = {"customer_acceptance": {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "x"}}}
OWNER = {"name": "Jenny Rosen", "email": "jenny@example.com"}
BACK = "https://shop.example/back"


def confirm(client, currency, method=None, **params):
    """An intent over 20 units, confirmed with a payment method, or with the data of one."""
    return client.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": currency,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "always"},
            "return_url": BACK,
            **({"payment_method": method} if method else {}),
            **params,
        }
    )


def state(client, intent):
    return client.v1.payment_intents.retrieve(intent.id).status


class TestDebits:
    @pytest.mark.parametrize(
        ("token", "currency"),
        [
            ("pm_sepaDebit_success_at", "eur"),
            ("pm_usBankAccount_success", "usd"),
            ("pm_bacsDebit_success", "gbp"),
            ("pm_auBecsDebit_success", "aud"),
            ("pm_acssDebit_success", "cad"),
        ],
    )
    def test_it_is_processing_and_then_paid(self, client, control, token, currency):
        intent = confirm(client, currency, token, mandate_data=MANDATE)
        assert intent.status == "processing"
        charge = client.v1.charges.retrieve(intent.latest_charge)
        assert (charge.status, charge.paid, charge.balance_transaction) == ("pending", False, None)
        control.post("clock/advance", seconds=1)
        wait_for(lambda: state(client, intent) == "succeeded")
        charge = client.v1.charges.retrieve(intent.latest_charge)
        assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 2000)
        assert charge.balance_transaction
        assert control.events(intent.id) == [
            "payment_intent.created",
            "payment_intent.processing",
            "charge.pending",
            "charge.succeeded",
            "payment_intent.succeeded",
        ]

    def test_its_outcome_comes_after_the_events_before_it_are_answered(self, client, control, receiver):
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        receiver.open.clear()
        intent = confirm(client, "eur", "pm_sepaDebit_success_at", mandate_data=MANDATE)
        wait_for(lambda: receiver.received)
        control.post("clock/advance", seconds=2)
        assert state(client, intent) == "processing"
        receiver.open.set()
        wait_for(lambda: receiver.types[-1:] == ["payment_intent.succeeded"])
        told = [one for one in receiver.types if one != "mandate.updated"]
        assert told.index("charge.pending") < told.index("charge.succeeded") < told.index("payment_intent.succeeded")

    @pytest.mark.parametrize(
        ("token", "currency", "code", "mandate"),
        [
            ("pm_sepaDebit_failed_de", "eur", "generic_could_not_process", "active"),
            ("pm_usBankAccount_insufficientFunds", "usd", "insufficient_funds", "active"),
            ("pm_usBankAccount_accountClosed", "usd", "account_closed", "inactive"),
            ("pm_bacsDebit_debitNotAuthorized", "gbp", "debit_not_authorized", "inactive"),
            ("pm_auBecsDebit_referToCustomer", "aud", "refer_to_customer", "active"),
        ],
    )
    def test_it_fails_later_and_says_why(self, client, control, seen, later, token, currency, code, mandate):
        intent = confirm(client, currency, token, mandate_data=MANDATE)
        later(1)
        wait_for(lambda: state(client, intent) == "requires_payment_method")
        failed = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert failed.last_payment_error.code == failed.latest_charge.failure_code == code
        details = failed.latest_charge.payment_method_details
        found = client.v1.mandates.retrieve(details[details.type].mandate)
        assert (found.status, differences(found.to_dict())) == (mandate, [])
        assert ("mandate.updated" in seen()) == (mandate == "inactive")
        assert control.events(intent.id)[-2:] == ["charge.failed", "payment_intent.payment_failed"]
        again = (
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": BACK})
            if currency != "gbp"
            else None
        )
        assert again is None or again.status == "succeeded"

    @pytest.mark.parametrize(
        ("iban", "end"), [("AT321904300235473204", "succeeded"), ("AT051904300235473205", "requires_payment_method")]
    )
    def test_late_accounts_take_three_minutes(self, client, later, iban, end):
        data = {"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": OWNER}
        intent = confirm(client, "eur", payment_method_data=data, mandate_data=MANDATE)
        later(170)
        client.v1.balance.retrieve()
        assert state(client, intent) == "processing"
        later(15)
        wait_for(lambda: state(client, intent) == end)

    def test_a_disputed_debit(self, client, later, seen):
        intent = confirm(client, "eur", "pm_sepaDebit_disputed_at", mandate_data=MANDATE)
        later(1)
        wait_for(lambda: "charge.dispute.created" in seen())
        assert state(client, intent) == "succeeded"

    def test_one_that_is_stuck_can_be_canceled(self, client, later, control):
        intent = confirm(client, "usd", "pm_usBankAccount_processing", mandate_data=MANDATE)
        later(10 * 86400)
        assert state(client, intent) == "processing"
        assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
        assert client.v1.charges.retrieve(intent.latest_charge).status == "failed"
        assert control.events(intent.id)[-2:] == ["charge.failed", "payment_intent.canceled"]

    def test_a_canceled_debit_is_not_settled_afterwards(self, client, later, control):
        intent = confirm(client, "eur", "pm_sepaDebit_successDelayed_at", mandate_data=MANDATE)
        client.v1.payment_intents.cancel(intent.id)
        later(200)
        assert state(client, intent) == "canceled"
        assert "charge.succeeded" not in control.events(intent.id)

    def test_a_server_needs_the_customers_mandate(self, client):
        with pytest.raises(stripe.InvalidRequestError, match="requires a mandate"):
            confirm(client, "eur", "pm_sepaDebit_success_at")
        assert client.v1.payment_intents.list().data == []

    def test_a_mandate_given_at_set_up_serves_payments(self, client, later):
        customer = client.v1.customers.create()
        setup = client.v1.setup_intents.create(
            {
                "customer": customer.id,
                "confirm": True,
                "payment_method": "pm_sepaDebit_success_de",
                "allowed_payment_method_types": ["sepa_debit"],
                "mandate_data": MANDATE,
            }
        )
        assert setup.status == "succeeded"
        assert client.v1.mandates.retrieve(setup.mandate).type == "multi_use"
        intent = confirm(client, "eur", setup.payment_method, customer=customer.id, off_session=True)
        assert intent.status == "processing"

    @pytest.mark.parametrize(
        ("data", "code", "param"),
        [
            ({"type": "sepa_debit", "billing_details": OWNER}, "parameter_missing", "sepa_debit"),
            (
                {"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573202"}, "billing_details": OWNER},
                "invalid_bank_account_iban",
                "sepa_debit[iban]",
            ),
            (
                {"type": "sepa_debit", "sepa_debit": {"iban": "DE91370400440000055555"}, "billing_details": OWNER},
                "sepa_debit_bank_not_supported",
                "sepa_debit[iban]",
            ),
            (
                {"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573201"}},
                "parameter_missing",
                "billing_details[name]",
            ),
            ({"type": "boleto", "billing_details": OWNER}, "parameter_missing", "boleto[tax_id]"),
            ({"type": "gold"}, None, "type"),
        ],
    )
    def test_payment_methods_that_cannot_be(self, client, data, code, param):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_methods.create(data)
        assert (caught.value.code, caught.value.param) == (code, param)

    def test_micro_deposits_verify_a_typed_account(self, client, surf):
        bank = {"account_number": "000123456789", "routing_number": "110000000", "account_holder_type": "individual"}
        data = {"type": "us_bank_account", "us_bank_account": bank, "billing_details": OWNER}
        intent = confirm(client, "usd", payment_method_data=data, mandate_data=MANDATE)
        assert (intent.status, intent.next_action.type) == ("requires_action", "verify_with_microdeposits")
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.verify_microdeposits(intent.id, {"amounts": [1, 2]})
        assert caught.value.code == "payment_method_microdeposit_verification_amounts_mismatch"
        done = client.v1.payment_intents.verify_microdeposits(intent.id, {"amounts": [32, 45]})
        assert done.status == "processing"
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.verify_microdeposits(intent.id, {"descriptor_code": "SM11AA"})
        assert caught.value.code == "payment_intent_unexpected_state"


class TestTypes:
    DAHLIA = {"stripe_version": "2026-08-26.dahlia"}
    ENDIVE = {"stripe_version": "2026-09-30.endive"}

    def test_types_are_listed_or_allowed(self, client):
        params = {"amount": 2000, "currency": "eur"}
        listed = client.v1.payment_intents.create({**params, "payment_method_types": ["card", "ideal"]}, self.DAHLIA)
        assert listed.payment_method_types == ["card", "ideal"]
        allowed = client.v1.payment_intents.create(
            {**params, "allowed_payment_method_types": ["sepa_debit"]}, self.ENDIVE
        )
        assert (allowed.payment_method_types, allowed.allowed_payment_method_types) == (["sepa_debit"], ["sepa_debit"])

    @pytest.mark.parametrize(
        ("types", "currency", "code"),
        [
            (["card", "gold"], "eur", "payment_intent_invalid_parameter"),
            (["sepa_debit"], "usd", "payment_intent_incompatible_payment_method"),
        ],
    )
    def test_types_that_cannot_be(self, client, types, currency, code):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(
                {"amount": 2000, "currency": currency, "payment_method_types": types}, self.DAHLIA
            )
        assert caught.value.code == code

    def test_a_payment_method_of_a_type_that_is_not_listed(self, client):
        with pytest.raises(stripe.InvalidRequestError, match=r"PaymentMethod provided \(sepa_debit\) is not allowed"):
            client.v1.payment_intents.create(
                {
                    "amount": 2000,
                    "currency": "eur",
                    "payment_method_types": ["card"],
                    "payment_method": "pm_sepaDebit_success_at",
                    "confirm": True,
                    "mandate_data": MANDATE,
                },
                self.DAHLIA,
            )

    def test_no_redirects_where_they_are_not_allowed(self, client):
        with pytest.raises(stripe.InvalidRequestError, match="is not allowed for this PaymentIntent"):
            confirm(
                client,
                "eur",
                payment_method_data={"type": "ideal"},
                automatic_payment_methods={"enabled": True, "allow_redirects": "never"},
            )


class TestRedirects:
    @pytest.mark.parametrize(
        ("kind", "currency"), [("ideal", "eur"), ("bancontact", "eur"), ("klarna", "usd"), ("paypal", "gbp")]
    )
    @pytest.mark.parametrize(
        ("outcome", "status", "event"),
        [
            ("succeed", "succeeded", "payment_intent.succeeded"),
            ("fail", "requires_payment_method", "payment_intent.payment_failed"),
        ],
    )
    def test_the_page_decides(self, client, control, surf, kind, currency, outcome, status, event):
        data = {"type": kind, "billing_details": OWNER}
        intent = confirm(client, currency, payment_method_data=data)
        assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
        address = intent.next_action.redirect_to_url.url
        assert f"{kind.capitalize()} test page" in surf(address).text
        back = surf(address.replace("?", f"/{outcome}?"))
        assert back.location.startswith(f"{BACK}?payment_intent={intent.id}")
        assert back.location.endswith(f"redirect_status={'succeeded' if outcome == 'succeed' else 'failed'}")
        assert state(client, intent) == status
        assert control.events(intent.id)[-1] == event

    def test_sofort_is_paid_after_the_customer_came_back(self, client, surf, later):
        intent = confirm(client, "eur", payment_method_data={"type": "sofort"})
        back = surf(intent.next_action.redirect_to_url.url.replace("?", "/succeed?"))
        assert back.location.endswith("redirect_status=pending")
        assert state(client, intent) == "processing"
        later(1)
        wait_for(lambda: state(client, intent) == "succeeded")

    def test_a_return_url_is_needed(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(
                {
                    "amount": 2000,
                    "currency": "eur",
                    "allowed_payment_method_types": ["ideal"],
                    "payment_method_data": {"type": "ideal"},
                    "confirm": True,
                }
            )
        assert (caught.value.code, caught.value.param) == ("parameter_missing", "return_url")

    def test_captured_by_hand(self, client, surf):
        intent = confirm(client, "usd", payment_method_data={"type": "klarna"}, capture_method="manual")
        surf(intent.next_action.redirect_to_url.url.replace("?", "/succeed?"))
        assert state(client, intent) == "requires_capture"
        assert client.v1.payment_intents.capture(intent.id).status == "succeeded"


class TestVouchers:
    @pytest.mark.parametrize(
        ("email", "seconds", "end"),
        [
            ("succeed_immediately@example.com", 1, "succeeded"),
            ("jenny@example.com", 185, "succeeded"),
            ("expire_immediately@example.com", 1, "requires_payment_method"),
            ("expire_with_delay@example.com", 185, "requires_payment_method"),
            ("fill_never@example.com", 4 * 86400, "requires_payment_method"),
        ],
    )
    def test_the_address_decides(self, client, later, control, email, seconds, end):
        owner = {**OWNER, "email": email}
        data = {"type": "boleto", "boleto": {"tax_id": "00000000000"}, "billing_details": owner}
        intent = confirm(client, "brl", payment_method_data=data)
        assert intent.next_action.boleto_display_details.hosted_voucher_url
        later(seconds)
        wait_for(lambda: state(client, intent) == end)
        if end != "succeeded":
            failed = client.v1.payment_intents.retrieve(intent.id)
            assert failed.last_payment_error.code == "payment_intent_payment_attempt_expired"

    @pytest.mark.parametrize(("kind", "currency"), [("oxxo", "mxn"), ("konbini", "jpy"), ("multibanco", "eur")])
    def test_every_kind_has_its_code(self, client, surf, kind, currency):
        intent = confirm(client, currency, payment_method_data={"type": kind, "billing_details": OWNER})
        details = intent.next_action[f"{kind}_display_details"]
        surf(details.hosted_voucher_url.replace("?", "/succeed?"))
        assert state(client, intent) == "succeeded"


class TestShapes:
    @pytest.mark.parametrize(
        ("token", "currency"), [("pm_sepaDebit_success_at", "eur"), ("pm_usBankAccount_success", "usd")]
    )
    def test_payment_method_charge_and_intent(self, client, later, token, currency):
        intent = confirm(client, currency, token, mandate_data=MANDATE)
        method = client.v1.payment_methods.retrieve(intent.payment_method)
        charge = client.v1.charges.retrieve(intent.latest_charge)
        for one in (intent, method, charge):
            assert differences(one.to_dict()) == []
