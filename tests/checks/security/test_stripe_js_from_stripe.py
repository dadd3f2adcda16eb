from __future__ import annotations

import pytest

from tests.checks.modules import module_of
from tests.checks.security.samples import visited

THEIRS = '<script src="https://js.stripe.com/clover/stripe.js"></script>'
COPY = "a='__privateStripeFrame';b='__privateStripeController';c='__privateStripeMetricsController'"
OWN = "https://shop.test/vendor/stripe.js"


@pytest.mark.parametrize(
    ("visit", "expected"),
    [
        (visited(THEIRS), []),
        (
            visited("<script src=/app.js></script>", {"https://shop.test/app.js": "load('https://js.stripe.com/v3')"}),
            [],
        ),
        (visited("<script src=https://cdn.test/npm/@stripe/stripe-js@5/dist/stripe.js></script>"), []),
        (visited(f"{THEIRS}<script src={OWN}></script>", {OWN: "const stripe = Stripe(key)"}), []),
        (visited(f"{THEIRS}<script src=https://cdn.test/stripe.js></script>"), []),
        (visited(f"<script src={OWN}></script>", {OWN: COPY}), ["copy"]),
        (visited(f"<script src={OWN}></script>", {OWN: COPY.partition(";")[0]}), ["copy"]),
        (visited(f"{THEIRS}<script src=/app.js></script>", {"https://shop.test/app.js": COPY.partition(";")[0]}), []),
        (visited(f"{THEIRS}<script src=/app.js></script>", {"https://shop.test/app.js": COPY}), ["copy"]),
        (visited(f"<script src={OWN}></script>", missing=(OWN,)), ["lost"]),
        (visited("<script src=https://cdn.test/stripe.js></script>"), ["elsewhere"]),
        (visited(THEIRS.replace("<script", "<script integrity=sha384-x")), ["integrity"]),
        (visited(THEIRS.replace("https:", "http:")), ["clear"]),
    ],
)
def test_where_stripe_js_comes_from(visit, expected):
    problems = list(module_of("stripe-js-from-stripe").assess(visit))
    assert [problem.id for problem in problems] == expected
    assert all(problem.title and problem.detail for problem in problems)


def test_a_page_fetches_stripe_js_by_an_element_a_loader_or_a_script():
    assert visited(THEIRS).loads_stripe_js
    assert visited("<script src=https://cdn.test/npm/@stripe/stripe-js@5/dist/stripe.js></script>").loads_stripe_js
    assert visited("", {"https://shop.test/app.js": "load('https://js.stripe.com/v3')"}).loads_stripe_js
    assert not visited("<script src=/app.js></script>", {"https://shop.test/app.js": "pay()"}).loads_stripe_js
