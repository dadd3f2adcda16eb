"""The catalogue of event types is the official package's own."""

from __future__ import annotations

import re
import subprocess
import sys
import typing
from importlib.machinery import ModuleSpec

import pytest

from stripe_audit.webhooks import catalogue
from stripe_audit.webhooks.catalogue import event_types, nearest_type


def literals(annotation: object) -> set[str]:
    found = {one for one in typing.get_args(annotation) if isinstance(one, str)}
    return found.union(*(literals(one) for one in typing.get_args(annotation) if not isinstance(one, str)))


def test_the_types_are_those_that_the_sdk_lets_an_endpoint_ask_for() -> None:
    from stripe.params import _webhook_endpoint_create_params as module

    annotation = module.WebhookEndpointCreateParams.__annotations__["enabled_events"]
    assert set(event_types()) == literals(annotation) - {"*"}


def test_the_types_are_those_that_the_sdk_knows_events_by() -> None:
    from stripe import _event

    assert set(event_types()) == literals(typing.get_type_hints(_event.Event)["type"])


def test_there_are_as_many_as_the_pinned_version_has() -> None:
    assert len(event_types()) == 275
    assert list(event_types()) == sorted(event_types())
    assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", one) for one in event_types())
    assert "payment_intent.succeeded" in event_types()
    assert "*" not in event_types()


def test_reading_the_catalogue_does_not_import_the_sdk() -> None:
    code = (
        "import sys; from stripe_audit.webhooks.catalogue import event_types; "
        "assert len(event_types()) > 200; sys.exit('stripe' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 0


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("payment_intent.succeded", "payment_intent.succeeded"),
        ("payment-intent.succeeded", "payment_intent.succeeded"),
        ("invoice.payed", "invoice.paid"),
        ("charge.refund", "charge.refunded"),
        ("checkout.session.complete", "checkout.session.completed"),
        ("payment_intent.succeeded", "payment_intent.succeeded"),
        ("nothing like it", None),
        ("", None),
    ],
)
def test_a_misspelt_type_is_understood(name: str, meant: str | None) -> None:
    assert nearest_type(name) == meant


def test_another_layout_of_the_package_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue.importlib.util, "find_spec", lambda _: ModuleSpec("stripe", None))
    with pytest.raises(LookupError, match="stripe package"):
        event_types.__wrapped__()
