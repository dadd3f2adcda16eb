from __future__ import annotations

import pytest

from stripe_audit import Severity
from tests.checks.modules import module_of
from tests.checks.payments.samples import a_payment
from tests.checks.security.samples import changed

USUAL = (1999, "usd")


@pytest.mark.parametrize(
    ("came", "kind", "severity"),
    [
        (changed("item-missing"), "", None),
        (changed("item-missing", status=422), "", None),
        (changed("item-missing", status=200), "", None),
        (changed("item-missing", status=500), "crash", Severity.MEDIUM),
        (changed("item-missing", status=503), "crash", Severity.MEDIUM),
        (changed("item-missing", status=None), "silence", Severity.MEDIUM),
        (changed("item-oversized", status=None), "", None),
        (changed("item-oversized", status=413), "", None),
        (changed("item-oversized", status=500), "crash", Severity.MEDIUM),
        (changed("item-unknown", USUAL, status=200), "taken", Severity.LOW),
        (changed("item-unknown", (50, "usd"), status=200), "taken", Severity.HIGH),
        (changed("item-nul", USUAL, status=200), "", None),
        (changed("quantity-negative", (-1999, "usd"), status=200), "taken", Severity.HIGH),
        (changed("quantity-negative", USUAL, status=400), "taken", Severity.LOW),
        (changed("quantity-negative", USUAL, status=500), "taken", Severity.LOW),
        (changed("quantity-negative", refused=[(-1999, "usd")]), "", None),
        (changed("quantity-negative", refused=[(-1999, "usd")], status=500), "crash", Severity.MEDIUM),
        (changed("quantity-huge", (199900, "usd"), status=200), "taken", Severity.MEDIUM),
        (changed("quantity-fraction", (2999, "usd"), status=200), "", None),
        (changed("quantity-fraction", (2998, "usd"), status=200), "", None),
        (changed("quantity-fraction", USUAL, status=200), "taken", Severity.LOW),
        (changed("quantity-fraction", (2999, "eur"), status=200), "taken", Severity.MEDIUM),
        (changed("amount-negative", USUAL, status=200), "", None),
        (changed("amount-zero", (1000, "usd"), status=200), "taken", Severity.HIGH),
        (changed("currency-unknown", USUAL, status=200), "taken", Severity.LOW),
        (changed("currency-unknown", (1999, "jpy"), status=200), "taken", Severity.MEDIUM),
        (changed("email-html", USUAL, status=200), "", None),
        (changed("order-sql", USUAL, status=200), "", None),
        (changed("order-sql", USUAL, status=500), "crash", Severity.MEDIUM),
        (changed("body-null", USUAL, status=200), "taken", Severity.LOW),
    ],
)
def test_what_came_of_a_malformed_request_is_judged_by_payments_then_by_the_answer(came, kind, severity):
    verdict = module_of("payment-input-validated").assess(came, a_payment())
    assert verdict.kind == kind
    if kind:
        assert verdict.severity is severity
        assert verdict.text
