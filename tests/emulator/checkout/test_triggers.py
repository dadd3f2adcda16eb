"""``stripe trigger`` for checkout and its payment methods; ``make conformance`` runs all names."""

from __future__ import annotations

import pytest

from tests.emulator import triggers

NAMES = (
    "billing_portal.configuration.updated",
    "billing_portal.session.created",
    "cash_balance.funds_available",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.source.updated",
    "payment_intent.partially_funded",
    "payment_intent.processing",
    "payment_link.updated",
    "setup_intent.requires_action",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.mark.cli
@pytest.mark.parametrize("name", NAMES)
def test_the_event_happens_with_all_around_it(home, name):
    assert triggers.run(name, home) is None
