"""Coupons, promotion codes, tax rates, plans."""

from __future__ import annotations

from decimal import Decimal

import pytest
import stripe

from tests.emulator.billing.declared import differences


def test_a_coupon_lives_and_dies(client, seen, previous):
    coupon = client.v1.coupons.create({"percent_off": Decimal("12.5"), "duration": "forever", "metadata": {"a": "b"}})
    assert (coupon.percent_off, coupon.valid, coupon.times_redeemed) == (12.5, True, 0)
    assert differences(coupon.to_dict()) == []
    client.v1.coupons.update(coupon.id, {"name": "Spring", "metadata": {"a": "c"}})
    assert previous("coupon.updated") == {"name": None, "metadata": {"a": "b"}}
    assert [one.id for one in client.v1.coupons.list().data] == [coupon.id]
    assert client.v1.coupons.delete(coupon.id).deleted is True
    assert seen() == ["coupon.created", "coupon.updated", "coupon.deleted"]
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        client.v1.coupons.retrieve(coupon.id)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": "10", "amount_off": 5, "currency": "usd"}, "percent_off"),
        ({"percent_off": "0"}, "percent_off"),
        ({"percent_off": "100.1"}, "percent_off"),
        ({"amount_off": 5}, "currency"),
        ({"amount_off": 0, "currency": "usd"}, "amount_off"),
        ({"percent_off": "10", "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": "10", "duration_in_months": 2}, "duration_in_months"),
        ({"percent_off": "10", "max_redemptions": 0}, "max_redemptions"),
        ({"percent_off": "10", "duration": "never"}, "duration"),
    ],
)
def test_coupons_that_make_no_sense_are_refused(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.coupons.create(params)
    assert caught.value.param == param
    assert client.v1.coupons.list().data == []


def test_a_coupons_own_id_must_be_new(client):
    client.v1.coupons.create({"percent_off": 5, "id": "SPRING"})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.coupons.create({"percent_off": 5, "id": "SPRING"})
    assert caught.value.code == "resource_already_exists"


def test_a_promotion_code_belongs_to_a_coupon(client, seen, previous):
    coupon = client.v1.coupons.create({"amount_off": 500, "currency": "eur"})
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SUMMER"})
    assert (code.promotion.coupon, code.code, code.active) == (coupon.id, "SUMMER", True)
    assert differences(code.to_dict()) == []
    expanded = client.v1.promotion_codes.retrieve(code.id, {"expand": ["promotion.coupon"]})
    assert expanded.promotion.coupon.amount_off == 500
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "summer"})
    assert [one.id for one in client.v1.promotion_codes.list({"code": "summer", "active": True}).data] == [code.id]
    client.v1.promotion_codes.update(code.id, {"active": False})
    assert previous("promotion_code.updated") == {"active": True}
    assert client.v1.promotion_codes.list({"active": True}).data == []
    assert seen() == ["coupon.created", "promotion_code.created", "promotion_code.updated"]


def test_a_promotion_code_of_an_older_version_names_its_coupon_itself(client):
    coupon = client.v1.coupons.create({"percent_off": 20})
    sent = client.raw_request("post", "/v1/promotion_codes", coupon=coupon.id, stripe_version="2026-08-26.dahlia")
    assert sent.data["promotion"] == {"coupon": coupon.id, "type": "coupon"}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.raw_request("post", "/v1/promotion_codes", coupon=coupon.id)
    assert caught.value.code == "parameter_unknown"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.raw_request("post", "/v1/promotion_codes", code="X")
    assert (caught.value.code, caught.value.param) == ("parameter_missing", "promotion")


def test_a_tax_rate(client, seen, previous):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": Decimal("19.5"), "inclusive": True})
    assert (rate.percentage, rate.inclusive, rate.active) == (19.5, True, True)
    assert differences(rate.to_dict()) == []
    client.v1.tax_rates.update(rate.id, {"active": False})
    assert previous("tax_rate.updated") == {"active": True}
    assert client.v1.tax_rates.list({"active": True}).data == []
    assert seen() == ["tax_rate.created", "tax_rate.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="between 0 and 100"):
        client.v1.tax_rates.create({"display_name": "VAT", "percentage": 101, "inclusive": True})


def test_a_plan_is_a_recurring_price_under_another_name(client, seen):
    plan = client.v1.plans.create({"amount": 2000, "currency": "usd", "interval": "month", "product": {"name": "Gold"}})
    assert differences(plan.to_dict()) == []
    price = client.v1.prices.retrieve(plan.id)
    assert (price.unit_amount, price.recurring.interval, price.product) == (2000, "month", plan.product)
    assert seen() == ["product.created", "price.created", "plan.created"]
    assert client.v1.plans.update(plan.id, {"nickname": "n", "trial_period_days": 3}).trial_period_days == 3
    assert client.v1.prices.retrieve(plan.id).nickname == "n"
    other = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1, "recurring": {"interval": "week"}, "product": plan.product}
    )
    assert [one.id for one in client.v1.plans.list().data] == [other.id, plan.id]
    assert client.v1.plans.delete(plan.id).deleted is True
    assert seen()[-2:] == ["price.deleted", "plan.deleted"]
    with pytest.raises(stripe.InvalidRequestError, match="No such plan"):
        client.v1.plans.retrieve(plan.id)


def test_tiers_are_checked(client):
    tiers = [{"up_to": 10, "unit_amount": 500}, {"up_to": "inf", "unit_amount_decimal": "0.5", "flat_amount": 100}]
    base = {"currency": "usd", "product_data": {"name": "A"}, "billing_scheme": "tiered", "tiers_mode": "graduated"}
    price = client.v1.prices.create({**base, "tiers": tiers})
    assert [(tier.up_to, tier.unit_amount, tier.flat_amount) for tier in price.tiers] == [
        (10, 500, None),
        (None, None, 100),
    ]
    assert differences(price.to_dict()) == []
    for wrong in ([tiers[1], tiers[0]], tiers[:1], [tiers[0], tiers[0], tiers[1]]):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.prices.create({**base, "tiers": wrong})
