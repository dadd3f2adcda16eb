"""Every object that a test here leaves behind, and every object in an event, has the shape of its class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import Timeline
from tests.emulator.steps import Control


@pytest.fixture(autouse=True)
def shapes_hold(_empty_and_unharmed: None, control: Control) -> Iterator[None]:
    yield
    for event in control.get("events")["events"]:
        obj = event["data"]["object"]
        found = differences(obj) if obj else []  # an event may be about no object
        assert not found, (event["type"], found)


@pytest.fixture
def seen(control: Control):
    """The types of all events so far, oldest first."""
    return lambda: [event["type"] for event in control.get("events")["events"]]


@pytest.fixture
def previous(control: Control):
    """What the last event of a type says that has changed."""

    def of(type: str):
        events = [event for event in control.get("events")["events"] if event["type"] == type]
        return events[-1]["data"].get("previous_attributes")

    return of


@pytest.fixture
def customer(client: stripe.StripeClient) -> stripe.Customer:
    """One who pays with a Visa card that works."""
    return client.v1.customers.create(
        {
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )


@pytest.fixture
def timeline(client: stripe.StripeClient, control: Control) -> Timeline:
    """A test clock that stands at the end of January, with a customer."""
    return Timeline(client, control)
