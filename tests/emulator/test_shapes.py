"""Objects have the fields, and calls take the parameters, that the official package declares."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import stripe

from stripe_audit.emulator.shapes import LISTS
from tests.emulator.steps import create, pay, wait_for

SCRIPT = Path(__file__).parents[2] / "scripts" / "derive_shapes.py"
FOLDER = Path(__file__).parents[2] / "src" / "stripe_audit" / "emulator" / "shapes"
# Shown only where they apply: events of connected accounts, the answer that shows the secret, what expand asks for.
SOMETIMES = {"event": {"account", "context"}, "webhook_endpoint": {"secret"}, **{k: set(v) for k, v in LISTS.items()}}


PAYMENT_CORE = {
    "account",
    "balance",
    "balance_transaction",
    "card",
    "charge",
    "customer",
    "dispute",
    "event",
    "payment_intent",
    "payment_method",
    "price",
    "product",
    "radar.early_fraud_warning",
    "refund",
    "token",
    "webhook_endpoint",
}
"""What the payment core makes; other families' objects are compared beside their own tests."""


@pytest.fixture(scope="module")
def derive():
    spec = importlib.util.spec_from_file_location("derive_shapes", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def declared(derive):
    """Kinds with their fields and those that are never null: read from the package, not from the committed data."""
    return derive.objects(derive.package_folder())


def test_the_committed_data_are_those_of_the_installed_package(derive):
    for name, text in derive.rendered(derive.package_folder()).items():
        assert (FOLDER / name).read_text("utf-8") == text, f"{name} is stale: run scripts/derive_shapes.py"


def test_the_script_notices_stale_data(derive, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(derive, "FOLDER", tmp_path)
    monkeypatch.setattr(derive, "rendered", lambda package: {"objects.json": "{1}", "params.json": "{2}"})
    monkeypatch.setattr(sys, "argv", ["derive_shapes.py"])
    assert derive.main() == 0
    monkeypatch.setattr(sys, "argv", ["derive_shapes.py", "--check"])
    assert derive.main() == 0
    (tmp_path / "objects.json").write_text("{}", "utf-8")
    assert derive.main() == 1
    assert "objects.json" in capsys.readouterr().err


def test_the_derivation_agrees_with_the_imported_classes(declared):
    """The script reads the package as text; Python itself must see the same fields."""
    for kind, python_class in (
        ("payment_intent", stripe.PaymentIntent),
        ("charge", stripe.Charge),
        ("refund", stripe.Refund),
        ("customer", stripe.Customer),
        ("event", stripe.Event),
        ("webhook_endpoint", stripe.WebhookEndpoint),
    ):
        annotations = set(python_class.__annotations__) - {"deleted", "OBJECT_NAME"}
        assert set(declared[kind]["fields"]) == {name for name in annotations if not name.startswith("_")}


@pytest.fixture(scope="module")
def everything(client, browser, control):
    """At least one object of every kind, in every state that changes its shape."""
    endpoint = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": ["*"]})
    client.v1.webhook_endpoints.update(endpoint.id, {"description": "d", "disabled": True})
    customer = client.v1.customers.create({"email": "ada@example.com", "payment_method": "pm_card_visa"})
    create(client, metadata={"a": "b"}, shipping={"name": "Ada", "address": {"line1": "Road 1"}})
    pay(client, customer=customer.id, setup_future_usage="off_session")
    pay(client, capture_method="manual")
    pay(client, "pm_card_threeDSecure2Required", return_url="https://example.com/")
    client.v1.payment_intents.cancel(create(client).id)
    for card in ("createDispute", "createDisputeInquiry", "createIssuerFraudRecord"):
        pay(client, f"pm_card_{card}")
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_radarBlock")
    for card, status in (("visa", "succeeded"), ("pendingRefund", "succeeded"), ("refundFail", "failed")):
        refund = client.v1.refunds.create({"payment_intent": pay(client, f"pm_card_{card}").id})
        wait_for(lambda r=refund, s=status: client.v1.refunds.retrieve(r.id).status == s)
    client.v1.charges.create({"amount": 2000, "currency": "usd", "source": "tok_visa"})
    browser.v1.tokens.create({"card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2040}})
    client.v1.products.create({"name": "Book", "default_price_data": {"currency": "eur", "unit_amount": 1000}})
    stored = [event["data"]["object"] for event in control.get("events")["events"]]
    for kind in ("payment_intents", "charges", "customers", "refunds", "balance_transactions", "events"):
        stored += [one.to_dict() for one in getattr(client.v1, kind).list({"limit": 100}).data]
    for kind in ("webhook_endpoints", "products", "prices"):
        stored += [one.to_dict() for one in getattr(client.v1, kind).list().data]
    stored += [one.to_dict() for one in client.v1.customers.payment_methods.list(customer.id).data]
    stored += [client.v1.balance.retrieve().to_dict(), client.v1.accounts.retrieve_current().to_dict()]
    token = browser.v1.tokens.create({"card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2040}})
    return [*stored, token.to_dict(), token.card.to_dict()]


def test_every_object_has_the_fields_of_its_class(everything, declared):
    kinds = {one["object"] for one in everything}
    assert kinds == PAYMENT_CORE, "every kind is here"
    assert set(declared) >= PAYMENT_CORE
    for one in everything:
        shape = declared[one["object"]]
        sometimes = SOMETIMES.get(one["object"], set())
        assert set(shape["fields"]) - sometimes <= set(one), f"missing in {one['object']} {one.get('id')}"
        assert set(one) <= set(shape["fields"]), f"too many in {one['object']} {one.get('id')}"
        nulls = {name for name in shape["never_null"] if one.get(name) is None} - sometimes
        assert not nulls, f"null in {one['object']} {one.get('id')}"


def test_nested_hashes_have_the_fields_of_their_classes(everything, declared):
    seen = set()
    for path, shape in declared.items():
        owner, _, inner = path.partition(".")
        if "object" in shape["fields"]:
            continue
        for one in everything:
            value = one if one["object"] == owner else None
            for part in inner.split("."):
                value = (value or {}).get(part)
            if value is not None:
                assert set(value) == set(shape["fields"]), f"{path} of {one['id']}"
                seen.add(path)
    assert seen == {path for path, shape in declared.items() if "object" not in shape["fields"]}


def test_the_library_turns_every_object_into_its_class(client):
    paid = pay(client, expand=["latest_charge.balance_transaction", "payment_method"])
    assert type(paid) is stripe.PaymentIntent
    assert type(paid.latest_charge) is stripe.Charge
    assert type(paid.latest_charge.balance_transaction) is stripe.BalanceTransaction
    assert type(paid.payment_method) is stripe.PaymentMethod
    assert type(client.v1.refunds.create({"payment_intent": paid.id})) is stripe.Refund
    assert type(client.v1.events.list().data[0].data.object) is stripe.Charge
