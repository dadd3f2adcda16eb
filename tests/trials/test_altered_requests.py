"""Requests that are altered say what they are meant to say, whatever form the declared request has."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from stripe_audit.deployment.spec import Item, Route
from stripe_audit.deployment.target import fill
from stripe_audit.trials.alterations import extended, value_in_place, with_members
from stripe_audit.trials.malformed import malformed_requests
from stripe_audit.trials.prices import requests_with_own_price

VALUES = {"order": "o1", "item": "mug", "quantity": 1, "amount": 1999, "currency": "usd", "email": "a@b.test"}
NESTED = {"cart": [{"sku": "{item}", "count": "{quantity}"}], "mail": "{email}"}


def context(body: Any, *, unit: str = "minor", **headers: str) -> Any:
    route = Route("create_payment", "POST", "/pay", headers=headers, body=body, amount_unit=unit)
    return SimpleNamespace(target=SimpleNamespace(route=lambda role: route), spec=SimpleNamespace(items=(ITEM,)))


ITEM = Item("mug", Decimal("19.99"), "usd")


def sent(body: Any, alteration: Any) -> Any:
    values, whole = alteration(body, VALUES)
    return fill(body, values) if whole is None else whole


def test_a_value_takes_the_place_of_a_declared_word_or_leaves_its_member_out():
    assert sent(NESTED, value_in_place("quantity", -1))["cart"] == [{"sku": "mug", "count": -1}]
    assert sent(NESTED, value_in_place("item", None))["cart"] == [{"count": 1}]


def test_members_are_added_to_every_object_of_a_body():
    assert sent(NESTED, with_members({"price": 5, "mail": "x"})) == {
        "cart": [{"sku": "mug", "count": 1, "price": 5, "mail": "x"}],
        "mail": "x",
        "price": 5,
    }
    assert extended(["a", {"b": 1}], {"c": 2}) == ["a", {"b": 1, "c": 2}]
    assert extended(None, {"c": 2}) is None


def test_only_what_the_declared_request_carries_is_malformed():
    words = {change.word for change in malformed_requests(context(NESTED))}
    assert words == {"item", "quantity", "email", ""}
    assert malformed_requests(context(None)) == []


def test_bodies_that_are_no_json_are_sent_where_json_is_declared():
    def bodies(**headers: str) -> set[str]:
        found = malformed_requests(context({"item": "{item}"}, **headers))
        return {change.id for change in found if change.id.startswith("body-")}

    assert (
        bodies()
        == bodies(**{"Content-Type": "application/json"})
        == {
            "body-broken",
            "body-null",
            "body-list",
            "body-empty",
        }
    )
    assert bodies(**{"content-type": "application/x-www-form-urlencoded"}) == set()


def test_every_malformed_body_can_be_sent():
    for change in malformed_requests(context({word: f"{{{word}}}" for word in VALUES})):
        body = sent({word: f"{{{word}}}" for word in VALUES}, change.alter)
        assert body != VALUES
        assert isinstance(body, bytes) or json.dumps(body)


def test_a_price_of_ones_own_is_half_of_the_price_in_the_route_s_unit():
    declared = {change.id: change for change in requests_with_own_price(context({"a": "{amount}"}), 1999, "usd")}
    assert sent({"a": "{amount}"}, declared["declared"].alter) == {"a": 999}
    assert sent({"a": "{amount}"}, declared["charges-negative"].alter)["tip"] == -999
    in_major = {c.id: c for c in requests_with_own_price(context({"a": "{amount}"}, unit="major"), 3450, "kwd")}
    assert sent({"a": "{amount}"}, in_major["declared"].alter) == {"a": Decimal("1.720")}
    assert "declared" not in {change.id for change in requests_with_own_price(context(NESTED), 1999, "usd")}


def test_another_currency_is_declared_or_added():
    def other(body: Any, currency: str) -> Any:
        (change,) = [c for c in requests_with_own_price(context(body), 1999, currency) if c.id == "currency"]
        return sent(body, change.alter)

    assert other({"in": "{currency}"}, "usd") == {"in": "vnd"}
    assert other({"x": "{item}"}, "vnd") == {"x": "mug", "currency": "usd"}
