"""What a handler tells of its price and of its answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stripe_audit.settings import load_settings
from stripe_audit.survey import survey
from stripe_audit.survey.roles import roles_of
from stripe_audit.survey.routes import routes_in
from stripe_audit.survey.wares import Ware, ware_of
from stripe_audit.survey.writing import settings_text

EXPRESS = """
app.post('/create-payment-intent', async (req, res) => {
  const id = req.body.orderId;
  const intent = await stripe.paymentIntents.create({ amount: 1999, currency: 'usd', metadata: { order: id } });
  res.json({ clientSecret: intent.client_secret, orderId: id });
});
"""
FLASK = """
@app.post("/create-payment-intent")
def pay():
    intent = stripe.PaymentIntent.create(amount=1999, currency="jpy")
    return jsonify(clientSecret=intent.client_secret, order="1")
"""


def payment(text: str, file: str = "server.js"):
    (one,) = roles_of(routes_in(text, file))
    return one


@pytest.mark.parametrize(
    ("text", "file", "ware"),
    [
        (EXPRESS, "server.js", Ware(Decimal("19.99"), "usd", 1999)),
        (FLASK, "app.py", Ware(Decimal("1999"), "jpy", 1999)),
        (EXPRESS.replace("amount: 1999", "amount: req.body.amount"), "server.js", Ware(Decimal("19.99"), "usd")),
        (EXPRESS.replace("amount: 1999", "amount: total"), "server.js", None),
        (EXPRESS.replace("amount: 1999", "amount: 20 * count"), "server.js", None),
        (EXPRESS.replace("amount: 1999", "amount: req.body.rush ? 2999 : 1999"), "server.js", None),
        (EXPRESS.replace("{ amount: 1999", "{ amount: 2999 }, { amount: 1999"), "server.js", None),
        (EXPRESS.replace("orderId;", "orderId, item = req.body.item;"), "server.js", None),
        (EXPRESS.replace("'usd'", "'xxx'"), "server.js", Ware(Decimal("19.99"), "usd", 1999)),
    ],
)
def test_the_price_is_what_the_handler_charges(text, file, ware):
    assert ware_of(payment(text, file)) == ware


@pytest.mark.parametrize(
    ("text", "file", "response"),
    [
        (EXPRESS, "server.js", {"client_secret": "clientSecret", "order": "orderId"}),
        (FLASK, "app.py", {"client_secret": "clientSecret"}),
        (
            EXPRESS.replace("clientSecret: intent.", ""),
            "server.js",
            {"client_secret": "client_secret", "order": "orderId"},
        ),
        (EXPRESS.replace("clientSecret:", "ok:"), "server.js", {"client_secret": "client_secret", "order": "orderId"}),
        (FLASK.replace("jsonify(clientSecret=intent.client_secret, ", "jsonify("), "app.py", None),
    ],
)
def test_the_answer_is_what_the_handler_names_in_it(text, file, response):
    expected = response or {"client_secret": "clientSecret || client_secret"}
    assert {**payment(text, file).response} == expected


def test_the_settings_have_it_and_load(tmp_path):
    (tmp_path / "package.json").write_text('{"scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}}')
    (tmp_path / "server.js").write_text(EXPRESS)
    text = settings_text(survey(tmp_path))
    assert "items: [{id: anything, price: 19.99, currency: usd}]" in text and "the amount 1999 at server.js:2" in text
    (tmp_path / "stripe-audit.yaml").write_text(text)
    (item,) = load_settings(tmp_path / "stripe-audit.yaml", environ={}).model.target.items
    assert (item.price, item.currency) == (Decimal("19.99"), "usd")
