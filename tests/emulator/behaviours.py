"""What the official Python library must see: named behaviours of the payment core.

``tests/emulator/node/behaviours.mjs`` has the same names for the Node library; a test compares the two lists.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from tests.emulator.receiver import Receiver
from tests.emulator.steps import AUTOMATIC, Control, wait_for


@dataclass(frozen=True)
class World:
    """One account, as its server and as a customer's browser see it."""

    client: stripe.StripeClient
    browser: stripe.StripeClient
    control: Control
    make_client: Callable[..., stripe.StripeClient]

    def create(self, **params: Any) -> stripe.PaymentIntent:
        return self.client.v1.payment_intents.create(
            {"amount": 2000, "currency": "usd", "automatic_payment_methods": AUTOMATIC, **params}
        )

    def pay(self, card: str = "pm_card_visa", **params: Any) -> stripe.PaymentIntent:
        return self.create(payment_method=card, confirm=True, **params)


Behaviour = Callable[[World], None]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(check: Behaviour) -> Behaviour:
    BEHAVIOURS[check.__name__] = check
    return check


def refused(call: Callable[[], Any], kind: type[stripe.StripeError], **expected: Any) -> stripe.StripeError:
    """The error that a call ends with, having these members in its body."""
    try:
        call()
    except stripe.StripeError as error:
        assert type(error) is kind, f"{type(error).__name__}: {error}"
        told = error.json_body["error"]
        assert {name: told.get(name) for name in expected} == expected, told
        return error
    raise AssertionError("it was not refused")


def declined(world: World, card: str, code: str, decline_code: str | None) -> None:
    error = refused(lambda: world.pay(card), stripe.CardError, type="card_error", code=code)
    assert error.http_status == 402 and error.json_body["error"].get("decline_code") == decline_code
    intent = world.client.v1.payment_intents.retrieve(error.json_body["error"]["payment_intent"]["id"])
    assert intent.status == "requires_payment_method" and intent.last_payment_error.code == code


# Customers and payment methods


@behaviour
def customer_is_created_retrieved_and_updated(world: World) -> None:
    customers = world.client.v1.customers
    made = customers.create({"email": "ada@example.com", "name": "Ada", "address": {"city": "London"}})
    assert type(made) is stripe.Customer and made.id.startswith("cus_") and made.livemode is False
    changed = customers.update(made.id, {"name": "Countess", "address": {"city": "Paris"}})
    assert (changed.name, changed.address.city) == ("Countess", "Paris")
    assert customers.retrieve(made.id).to_dict() == changed.to_dict()


@behaviour
def customer_is_deleted(world: World) -> None:
    customers = world.client.v1.customers
    made = customers.create()
    assert customers.delete(made.id).deleted is True
    assert customers.retrieve(made.id).deleted is True
    refused(lambda: customers.update(made.id, {"name": "x"}), stripe.InvalidRequestError, code="resource_missing")


@behaviour
def customers_are_found_by_email(world: World) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    made = world.client.v1.customers.create({"email": email})
    world.client.v1.customers.create({"email": "other@example.com"})
    assert [one.id for one in world.client.v1.customers.list({"email": email}).data] == [made.id]


@behaviour
def customers_are_searched(world: World) -> None:
    mark = uuid.uuid4().hex
    made = world.client.v1.customers.create({"metadata": {"mark": mark}})
    found = world.client.v1.customers.search({"query": f"metadata['mark']:'{mark}'"})
    assert [one.id for one in found.data] == [made.id]


@behaviour
def metadata_is_merged_and_unset(world: World) -> None:
    made = world.client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = world.client.v1.customers.update(made.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


@behaviour
def metadata_has_limits(world: World) -> None:
    for metadata in ({"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}):
        refused(lambda m=metadata: world.client.v1.customers.create({"metadata": m}), stripe.InvalidRequestError)


@behaviour
def payment_method_is_made_from_a_token(world: World) -> None:
    made = world.client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    assert (made.type, made.card.brand, made.card.last4) == ("card", "mastercard", "4444")


@behaviour
def browser_tokenises_a_card_number(world: World) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    made = world.browser.v1.payment_methods.create({"type": "card", "card": card})
    assert (made.card.last4, made.card.exp_year) == ("4242", 2040)


@behaviour
def payment_method_is_attached_listed_and_detached(world: World) -> None:
    client, customer = world.client, world.client.v1.customers.create()
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert method.customer == customer.id
    assert [one.id for one in client.v1.customers.payment_methods.list(customer.id).data] == [method.id]
    assert client.v1.payment_methods.detach(method.id).customer is None
    assert client.v1.customers.payment_methods.list(customer.id).data == []


@behaviour
def declined_card_cannot_be_attached(world: World) -> None:
    customer = world.client.v1.customers.create()
    refused(
        lambda: world.client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id}),
        stripe.CardError,
        code="card_declined",
    )


# Intents


@behaviour
def intent_waits_for_a_payment_method(world: World) -> None:
    intent = world.create()
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("requires_payment_method", 0, None)
    assert intent.client_secret.startswith(f"{intent.id}_secret_")


@behaviour
def intent_succeeds_at_once(world: World) -> None:
    intent = world.pay()
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    charge = world.client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.paid, charge.captured, charge.status, charge.payment_intent) == (True, True, "succeeded", intent.id)


@behaviour
def intent_is_confirmed_later(world: World) -> None:
    intent = world.create(payment_method="pm_card_visa")
    assert intent.status == "requires_confirmation"
    assert world.client.v1.payment_intents.confirm(intent.id).status == "succeeded"


@behaviour
def intent_is_updated_before_it_is_paid(world: World) -> None:
    intent = world.client.v1.payment_intents.update(world.create().id, {"amount": 2500, "metadata": {"order": "7"}})
    assert (intent.amount, intent.metadata.to_dict()) == (2500, {"order": "7"})


@behaviour
def intent_is_captured_by_hand(world: World) -> None:
    intent = world.pay(capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 2000)
    captured = world.client.v1.payment_intents.capture(intent.id)
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 2000, 0)


@behaviour
def intent_is_captured_in_part(world: World) -> None:
    intent = world.pay(capture_method="manual")
    captured = world.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 700})
    charge = world.client.v1.charges.retrieve(captured.latest_charge)
    assert (captured.status, captured.amount_received) == ("succeeded", 700)
    assert (charge.amount, charge.amount_captured, charge.refunded) == (2000, 700, False)


@behaviour
def more_than_authorised_is_not_captured(world: World) -> None:
    intent = world.pay(capture_method="manual")
    refused(
        lambda: world.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 2001}),
        stripe.InvalidRequestError,
        code="amount_too_large",
    )


@behaviour
def intent_is_canceled(world: World) -> None:
    intent = world.client.v1.payment_intents.cancel(world.create().id, {"cancellation_reason": "duplicate"})
    assert (intent.status, intent.cancellation_reason) == ("canceled", "duplicate") and intent.canceled_at


@behaviour
def authorisation_is_canceled(world: World) -> None:
    intent = world.client.v1.payment_intents.cancel(world.pay(capture_method="manual").id)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("canceled", 0, 0)


@behaviour
def wrong_states_are_refused(world: World) -> None:
    intents, paid = world.client.v1.payment_intents, world.pay()
    for call in (intents.cancel, intents.confirm, intents.capture):
        error = refused(lambda c=call: c(paid.id), stripe.InvalidRequestError, code="payment_intent_unexpected_state")
        assert error.json_body["error"]["payment_intent"]["status"] == "succeeded"


@behaviour
def intents_are_searched(world: World) -> None:
    order = uuid.uuid4().hex
    intent = world.pay(metadata={"order": order})
    world.create(metadata={"order": order})
    found = world.client.v1.payment_intents.search({"query": f"metadata['order']:'{order}' AND status:'succeeded'"})
    assert [one.id for one in found.data] == [intent.id]


@behaviour
def browser_confirms_with_the_client_secret(world: World) -> None:
    intent = world.create()
    confirmed = world.browser.v1.payment_intents.confirm(
        intent.id, {"client_secret": intent.client_secret, "payment_method": "pm_card_visa"}
    )
    assert confirmed.status == "succeeded"
    assert world.browser.v1.payment_intents.retrieve(intent.id, {"client_secret": intent.client_secret}).id == intent.id


@behaviour
def browser_sees_nothing_else(world: World) -> None:
    intent = world.create()
    refused(lambda: world.browser.v1.customers.list(), stripe.PermissionError, code="secret_key_required")
    refused(lambda: world.browser.v1.payment_intents.confirm(intent.id), stripe.InvalidRequestError)


@behaviour
def redirects_need_a_return_url(world: World) -> None:
    def pay(**params: Any) -> stripe.PaymentIntent:
        return world.client.v1.payment_intents.create(
            {
                "amount": 2000,
                "currency": "usd",
                "automatic_payment_methods": {"enabled": True},
                "payment_method": "pm_card_visa",
                "confirm": True,
                **params,
            }
        )

    refused(pay, stripe.InvalidRequestError)
    assert pay(return_url="https://example.com/").status == "succeeded"


@behaviour
def saved_card_pays_again(world: World) -> None:
    customer = world.client.v1.customers.create()
    first = world.pay(customer=customer.id, setup_future_usage="off_session")
    again = world.pay(first.payment_method, customer=customer.id, off_session=True)
    assert (again.status, again.payment_method) == ("succeeded", first.payment_method)


@behaviour
def unsaved_card_pays_once(world: World) -> None:
    method = world.client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    world.pay(method.id)
    refused(lambda: world.pay(method.id), stripe.InvalidRequestError)


# Authentication


@behaviour
def authentication_is_asked_for(world: World) -> None:
    intent = world.pay("pm_card_authenticationRequired", return_url="https://example.com/back")
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert intent.next_action.redirect_to_url.url.startswith("http") and intent.latest_charge is None


@behaviour
def authentication_that_passes_pays(world: World) -> None:
    intent = world.pay("pm_card_authenticationRequired", return_url="https://example.com/back")
    world.control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
    intent = world.client.v1.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.next_action) == ("succeeded", None)


@behaviour
def authentication_that_fails_does_not(world: World) -> None:
    intent = world.pay("pm_card_authenticationRequired", return_url="https://example.com/back")
    world.control.post(f"payment_intents/{intent.id}/authenticate", outcome="fail")
    intent = world.client.v1.payment_intents.retrieve(intent.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"


@behaviour
def authentication_is_required_off_session(world: World) -> None:
    customer = world.client.v1.customers.create()
    method = world.client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    error = refused(
        lambda: world.pay(method.id, customer=customer.id, off_session=True),
        stripe.CardError,
        code="authentication_required",
    )
    assert error.http_status == 402


# Declines


@behaviour
def generic_decline(world: World) -> None:
    declined(world, "pm_card_visa_chargeDeclined", "card_declined", "generic_decline")


@behaviour
def insufficient_funds(world: World) -> None:
    declined(world, "pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds")


@behaviour
def lost_card(world: World) -> None:
    declined(world, "pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card")


@behaviour
def stolen_card(world: World) -> None:
    declined(world, "pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card")


@behaviour
def expired_card(world: World) -> None:
    declined(world, "pm_card_chargeDeclinedExpiredCard", "expired_card", None)


@behaviour
def incorrect_cvc(world: World) -> None:
    declined(world, "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None)


@behaviour
def processing_error(world: World) -> None:
    declined(world, "pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error")


@behaviour
def attached_card_may_be_declined_later(world: World) -> None:
    customer = world.client.v1.customers.create()
    method = world.client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    refused(lambda: world.pay(method.id, customer=customer.id), stripe.CardError, code="card_declined")


@behaviour
def declined_intent_is_paid_with_another_card(world: World) -> None:
    error = refused(lambda: world.pay("pm_card_visa_chargeDeclined"), stripe.CardError)
    identity = error.json_body["error"]["payment_intent"]["id"]
    intent = world.client.v1.payment_intents.confirm(identity, {"payment_method": "pm_card_visa"})
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    charges = world.client.v1.charges.list({"payment_intent": identity}).data
    assert [one.status for one in charges] == ["succeeded", "failed"]


# Errors


@behaviour
def missing_parameter(world: World) -> None:
    refused(
        lambda: world.client.v1.payment_intents.create({"amount": 2000}),
        stripe.InvalidRequestError,
        type="invalid_request_error",
        code="parameter_missing",
        param="currency",
    )


@behaviour
def unknown_parameter(world: World) -> None:
    refused(lambda: world.create(alien=1), stripe.InvalidRequestError, code="parameter_unknown", param="alien")


@behaviour
def invalid_integer(world: World) -> None:
    refused(
        lambda: world.create(amount="20.5"),
        stripe.InvalidRequestError,
        code="parameter_invalid_integer",
        param="amount",
    )


@behaviour
def amount_too_small(world: World) -> None:
    refused(lambda: world.create(amount=49), stripe.InvalidRequestError, code="amount_too_small")


@behaviour
def yen_have_no_cents(world: World) -> None:
    assert (world.pay(amount=50, currency="jpy").amount, world.pay(amount=50, currency="jpy").currency) == (50, "jpy")
    refused(lambda: world.create(amount=49, currency="jpy"), stripe.InvalidRequestError, code="amount_too_small")


@behaviour
def unknown_currency(world: World) -> None:
    refused(lambda: world.create(currency="xyz"), stripe.InvalidRequestError, param="currency")


@behaviour
def missing_resource(world: World) -> None:
    error = refused(
        lambda: world.client.v1.payment_intents.retrieve("pi_none"),
        stripe.InvalidRequestError,
        code="resource_missing",
        param="intent",
    )
    assert error.http_status == 404 and error.request_id.startswith("req_")


@behaviour
def wrong_key(world: World) -> None:
    error = refused(
        lambda: world.make_client("sk_test_wrong", max_network_retries=0).v1.balance.retrieve(),
        stripe.AuthenticationError,
    )
    assert error.http_status == 401


@behaviour
def rate_limit(world: World) -> None:
    world.control.fault("rate_limit", path="/v1/balance", times=1)
    try:
        refused(lambda: world.client.v1.balance.retrieve(), stripe.RateLimitError)
    finally:
        world.control.delete("faults")


# Idempotency


@behaviour
def same_key_gives_the_same_answer(world: World) -> None:
    params, options = {"email": "a@example.com"}, {"idempotency_key": uuid.uuid4().hex}
    first, second = (world.client.v1.customers.create(params, options) for _ in range(2))
    assert first.id == second.id and second.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers


@behaviour
def same_key_for_another_request_is_refused(world: World) -> None:
    options = {"idempotency_key": uuid.uuid4().hex}
    world.client.v1.customers.create({"name": "a"}, options)
    refused(
        lambda: world.client.v1.customers.create({"name": "b"}, options),
        stripe.IdempotencyError,
        type="idempotency_error",
    )


@behaviour
def declines_are_replayed_and_refusals_are_not(world: World) -> None:
    params = {"amount": 2000, "currency": "usd", "automatic_payment_methods": AUTOMATIC, "confirm": True}
    declined_card = {**params, "payment_method": "pm_card_visa_chargeDeclined"}
    options = {"idempotency_key": uuid.uuid4().hex}

    def create(given: dict[str, Any], key: dict[str, Any]) -> Any:
        return world.client.v1.payment_intents.create(given, key)

    errors = [refused(lambda: create(declined_card, options), stripe.CardError) for _ in range(2)]
    assert len({one.json_body["error"]["payment_intent"]["id"] for one in errors}) == 1
    options = {"idempotency_key": uuid.uuid4().hex}
    refused(lambda: create({**params, "alien": "1"}, options), stripe.InvalidRequestError)
    assert create({**params, "payment_method": "pm_card_visa"}, options).status == "succeeded"


@behaviour
def retries_create_once(world: World) -> None:
    world.control.fault("reset_after", method="POST", path="/v1/customers", times=1)
    name = uuid.uuid4().hex
    try:
        client = world.make_client(world.client._requestor.api_key, max_network_retries=2)
        made = client.v1.customers.create({"email": f"{name}@example.com"})
    finally:
        world.control.delete("faults")
    assert [one.id for one in client.v1.customers.list({"email": f"{name}@example.com"}).data] == [made.id]


# Lists and expansion


@behaviour
def lists_have_pages(world: World) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    ids = [world.client.v1.customers.create({"email": email}).id for _ in range(5)][::-1]
    first = world.client.v1.customers.list({"email": email, "limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (ids[:2], True)
    second = world.client.v1.customers.list({"email": email, "limit": 2, "starting_after": ids[1]})
    assert [one.id for one in second.data] == ids[2:4]
    before = world.client.v1.customers.list({"email": email, "limit": 2, "ending_before": ids[2]})
    assert ([one.id for one in before.data], before.has_more) == (ids[:2], False)


@behaviour
def pages_follow_by_themselves(world: World) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    ids = [world.client.v1.customers.create({"email": email}).id for _ in range(5)][::-1]
    listed = world.client.v1.customers.list({"email": email, "limit": 2})
    assert [one.id for one in listed.auto_paging_iter()] == ids


@behaviour
def lists_are_filtered(world: World) -> None:
    customer = world.client.v1.customers.create()
    mine = world.create(customer=customer.id)
    world.create()
    found = world.client.v1.payment_intents.list({"customer": customer.id, "created": {"gte": mine.created}}).data
    assert [one.id for one in found] == [mine.id]
    assert world.client.v1.payment_intents.list({"created": {"gt": mine.created + 1000}}).data == []


@behaviour
def answers_are_expanded(world: World) -> None:
    customer = world.client.v1.customers.create({"name": "Ada"})
    intent = world.pay(customer=customer.id, expand=["customer", "latest_charge.balance_transaction"])
    assert intent.customer.name == "Ada" and type(intent.latest_charge) is stripe.Charge
    assert type(intent.latest_charge.balance_transaction) is stripe.BalanceTransaction
    listed = world.client.v1.payment_intents.list({"customer": customer.id, "expand": ["data.customer"]})
    assert listed.data[0].customer.name == "Ada"


@behaviour
def unknown_expansion_is_refused(world: World) -> None:
    refused(lambda: world.create(expand=["amount"]), stripe.InvalidRequestError)


# Refunds, disputes, balance


@behaviour
def refund_of_everything(world: World) -> None:
    paid = world.pay()
    refund = world.client.v1.refunds.create({"payment_intent": paid.id, "reason": "requested_by_customer"})
    charge = world.client.v1.charges.retrieve(paid.latest_charge)
    assert (refund.status, refund.amount, charge.refunded, charge.amount_refunded) == ("succeeded", 2000, True, 2000)
    assert world.client.v1.payment_intents.retrieve(paid.id).status == "succeeded"


@behaviour
def refunds_in_parts(world: World) -> None:
    paid = world.pay()
    for amount in (500, 700):
        world.client.v1.refunds.create({"payment_intent": paid.id, "amount": amount})
    charge = world.client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 1200)
    assert [one.amount for one in world.client.v1.refunds.list({"payment_intent": paid.id}).data] == [700, 500]


@behaviour
def no_refund_of_more_than_was_paid(world: World) -> None:
    paid = world.pay()
    refunds = world.client.v1.refunds
    refused(lambda: refunds.create({"payment_intent": paid.id, "amount": 2001}), stripe.InvalidRequestError)
    refunds.create({"payment_intent": paid.id})
    refused(
        lambda: refunds.create({"payment_intent": paid.id}), stripe.InvalidRequestError, code="charge_already_refunded"
    )


@behaviour
def refund_that_is_pending_succeeds(world: World) -> None:
    refund = world.client.v1.refunds.create({"payment_intent": world.pay("pm_card_pendingRefund").id})
    assert refund.status == "pending"
    wait_for(lambda: world.client.v1.refunds.retrieve(refund.id).status == "succeeded")


@behaviour
def refund_that_fails_later(world: World) -> None:
    refund = world.client.v1.refunds.create({"payment_intent": world.pay("pm_card_refundFail").id})
    assert refund.status == "succeeded"
    failed = wait_for(lambda: (r := world.client.v1.refunds.retrieve(refund.id)).status == "failed" and r, seconds=5)
    assert failed.failure_reason


@behaviour
def card_that_is_disputed(world: World) -> None:
    paid = world.pay("pm_card_createDispute")

    def disputes() -> list[Any]:
        events = world.client.v1.events.list({"type": "charge.dispute.created"}).data
        return [one.data.object for one in events if one.data.object.payment_intent == paid.id]

    (dispute,) = wait_for(disputes)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 2000)


@behaviour
def payment_reaches_the_balance(world: World) -> None:
    paid = world.pay(expand=["latest_charge"])
    transaction = world.client.v1.balance_transactions.retrieve(paid.latest_charge.balance_transaction)
    assert (transaction.amount, transaction.type, transaction.net) == (2000, "charge", 2000 - transaction.fee)
    assert transaction.fee > 0


# Catalogue


@behaviour
def product_with_a_price(world: World) -> None:
    product = world.client.v1.products.create({"name": "Book"})
    price = world.client.v1.prices.create({"product": product.id, "unit_amount": 1500, "currency": "eur"})
    assert (price.product, price.unit_amount, price.type) == (product.id, 1500, "one_time")
    assert [one.id for one in world.client.v1.prices.list({"product": product.id}).data] == [price.id]
    assert world.client.v1.products.update(product.id, {"active": False}).active is False


# Events and webhooks


@behaviour
def events_tell_what_happened(world: World) -> None:
    paid = world.pay()
    events = [one for one in world.client.v1.events.list({"limit": 20}).data if paid.id in str(one)]
    assert {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"} <= {one.type for one in events}
    one = next(event for event in events if event.type == "payment_intent.succeeded")
    assert (one.data.object.status, one.request.id) == ("succeeded", paid.last_response.headers["Request-Id"])
    assert world.client.v1.events.retrieve(one.id).type == one.type


@behaviour
def events_tell_what_was_before(world: World) -> None:
    made = world.client.v1.customers.create({"name": "Ada"})
    world.client.v1.customers.update(made.id, {"name": "Countess"})
    event = world.client.v1.events.list({"type": "customer.updated"}).data[0]
    assert (event.data.object.name, event.data.previous_attributes["name"]) == ("Countess", "Ada")


@behaviour
def delivered_events_verify(world: World) -> None:
    receiver = Receiver()
    try:
        endpoint = world.client.v1.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["payment_intent.succeeded"]}
        )
        paid = world.pay()
        world.control.post("deliveries/drain")
        world.client.v1.webhook_endpoints.delete(endpoint.id)
    finally:
        receiver.stop()
    (got,) = receiver.received
    header = got.headers["Stripe-Signature"]
    event = world.client.construct_event(got.body, header, endpoint.secret)
    assert (event.type, event.data.object.id) == ("payment_intent.succeeded", paid.id)
    for body, secret in ((got.body + b" ", endpoint.secret), (got.body, "whsec_other")):
        try:
            world.client.construct_event(body, header, secret)
        except stripe.SignatureVerificationError:
            continue
        raise AssertionError("a forged event was accepted")


@behaviour
def thin_events_verify(world: World) -> None:
    receiver = Receiver()
    try:
        destination = world.client.v2.core.event_destinations.create(
            {
                "name": "Mine",
                "type": "webhook_endpoint",
                "event_payload": "thin",
                "enabled_events": ["v1.payment_intent.succeeded"],
                "webhook_endpoint": {"url": receiver.url},
                "include": ["webhook_endpoint.signing_secret"],
            }
        )
        paid = world.pay()
        world.control.post("deliveries/drain")
        world.client.v2.core.event_destinations.delete(destination.id)
    finally:
        receiver.stop()
    (got,) = receiver.received
    told = world.client.parse_event_notification(
        got.body, got.headers["Stripe-Signature"], destination.webhook_endpoint.signing_secret
    )
    assert (told.type, told.related_object.id) == ("v1.payment_intent.succeeded", paid.id)
    assert told.fetch_related_object().status == "succeeded" and told.fetch_event().id == told.id
