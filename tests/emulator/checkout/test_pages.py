"""The pages take whatever a browser sends, and show it as text."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

SHOP = {"mode": "payment", "success_url": "https://shop.example/done"}


@pytest.fixture
def session(client, price):
    return client.v1.checkout.sessions.create({**SHOP, "line_items": [{"price": price.id, "quantity": 1}]})


@pytest.mark.parametrize(
    "form",
    [
        {"method": "pm_none"},
        {"method": "card"},
        {"method[a][b]": "x"},
        {"number": "4242"},
        {"number[a]": "4242424242424242"},
        {"number": "4242424242424242", "exp_month": "13"},
        {"method": "customer_balance"},
        {"method": "oxxo"},
        {"method": "\x00"},
    ],
)
def test_a_form_that_cannot_be_is_shown_again(client, session, surf, form):
    answer = surf(session.url, **form)
    assert answer.status in (400, 402) and 'role="alert"' in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_body_that_is_no_text(session):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(urllib.request.Request(session.url, data=b"\xff\xfe"))
    with caught.value as answer:
        assert answer.code == 400


def test_names_are_shown_as_text(client, surf):
    price = client.v1.prices.create(
        {"currency": "eur", "unit_amount": 100, "product_data": {"name": "<script>alert(1)</script>"}}
    )
    session = client.v1.checkout.sessions.create(
        {**SHOP, "cancel_url": 'https://a.example/"><b>', "line_items": [{"price": price.id, "quantity": 1}]}
    )
    shown = surf(session.url)
    assert "&lt;script&gt;" in shown.text and "<script" not in shown.text and '"><b>' not in shown.text


@pytest.mark.parametrize("path", ["/c/pay/cs_none", "/b/plink_none", "/p/session/none", "/sources/src_none", "/b/"])
def test_what_is_not_there(emulator, surf, path):
    assert surf(f"{emulator.url}{path}").status == 404
