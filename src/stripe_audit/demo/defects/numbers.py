"""Defects of phase 3 in what a payment is made of: numbers, customers, what is written into it and what is returned."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.products import price_of
from stripe_audit.demo.stripe_side import StripeSide

__all__ = ["DEFECTS"]


class _DigitsOnly(Orders):
    """Whatever is no digit is dropped from the quantity, so that 2.0 becomes 20."""

    def read_request(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and not isinstance(data.get("quantity"), (int, list, dict, type(None))):
            digits = re.sub(r"[^0-9]", "", str(data["quantity"]))
            data = {**data, "quantity": int(digits[:3]) if digits else data["quantity"]}
        return super().read_request(data)


class _PartsOfPieces(Orders):
    """A quantity is any number above 0; the amount is rounded, so that half a mug can be had."""

    def read_request(self, data: Any) -> dict[str, Any]:
        quantity = data.get("quantity") if isinstance(data, Mapping) else None
        if isinstance(quantity, float) and math.isfinite(quantity) and quantity < 1:
            read = super().read_request({**data, "quantity": 1})
            price = price_of(read["item"], read["currency"], 1) or 0
            return {**read, "amount": round(price * quantity)}
        return super().read_request(data)


class _KeylessCustomers(StripeSide):
    """The library's random key, new for each request."""

    async def create_customer(self, email: str, name: str) -> dict[str, Any]:
        return await self._call(self._client.v1.customers.create, {"email": email, "name": name})


class _Nameless(Orders):
    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().intent_params(order)
        return {name: value for name, value in params.items() if name not in ("metadata", "description")}


class _WholeIntent(Orders):
    """``res.json({...intent})``, beside what the page needs."""

    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        intent = await super().intent_for(order)
        self.__dict__.setdefault("_whole", {})[intent["id"]] = intent
        return intent

    async def create_payment(self, data: Any) -> dict[str, Any]:
        made = await super().create_payment(data)
        return {**made, "paymentIntent": self.__dict__["_whole"].pop(made["paymentIntentId"], None)}


class _KeyBesideSecret(Orders):
    """The wrong of two keys: the page wanted the publishable one."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        return {**await super().create_payment(data), "stripeKey": self.config.secret_key}


class _CheckoutTimesHundred(CheckoutOrders):
    """Checkout has its own way to an amount, and it knows of cents only."""

    def session_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().session_params(order)
        price = params["line_items"][0]["price_data"]
        factor = {"jpy": 100, "kwd": 1}.get(order["currency"], 1)
        return {**params, "line_items": [{**params["line_items"][0], "price_data": _times(price, factor)}]}


def _times(price: Mapping[str, Any], factor: int) -> dict[str, Any]:
    return {**price, "unit_amount": price["unit_amount"] * factor}


class _RefundUnfound(CheckoutOrders):
    """The order knows its session, and not the PaymentIntent that refunds and disputes name."""

    def apply_session(self, order: Mapping[str, Any], session: Mapping[str, Any], event_type: str) -> None:
        super().apply_session(order, session, event_type)
        self.store.run("UPDATE orders SET intent = NULL WHERE id = :id", {"id": order["id"]})


DEFECTS = (
    Defect(
        "quantity-digits-only",
        "All but the digits of a quantity is dropped: 2.0 becomes 20",
        "payment-numbers-exact",
        also=("payment-input-validated",),
        seen_in="pmclain/module-stripe#66",
        orders=_DigitsOnly,
    ),
    Defect(
        "parts-of-pieces-sold",
        "Half a piece can be ordered, for half the price",
        "payment-numbers-exact",
        seen_in="verbb/formie#2903",
        orders=_PartsOfPieces,
    ),
    Defect(
        "customers-race",
        "Requests at the same moment, or after a lost answer, make a customer each",
        "customer-made-once",
        seen_in="sagemathinc/cocalc#8112",
        stripe=_KeylessCustomers,
    ),
    Defect(
        "intent-nameless",
        "PaymentIntents say nothing of the order that they are for",
        "payment-intent-names-order",
        also=(
            "lost-answer-recovered",
            "payment-key-stable",
            "stripe-silence-bounded",
        ),
        seen_in="joschan21/digitalhippo#20",
        orders=_Nameless,
    ),
    Defect(
        "whole-intent-returned",
        "The whole PaymentIntent is returned to the browser",
        "client-secret-returned-alone",
        orders=_WholeIntent,
    ),
    Defect(
        "key-beside-client-secret",
        "The secret key is returned beside the client secret",
        "client-secret-returned-alone",
        also=("stripe-outage-handled",),
        seen_in="samarbadriddin0v/notion-clone#2",
        orders=_KeyBesideSecret,
    ),
    Defect(
        "checkout-times-hundred",
        "Stripe's checkout page asks for a hundred times as much in yen",
        "checkout-in-every-currency",
        also=("ledger-reconciles",),
        seen_in="alexmorrisnz/moodle-paygw_stripe#2",
        orders=_CheckoutTimesHundred,
    ),
    Defect(
        "checkout-refund-unfound",
        "A refund of what was paid at checkout finds no order",
        "checkout-declined-then-paid",
        seen_in="elizaOS/eliza#10920",
        orders=_RefundUnfound,
    ),
)
