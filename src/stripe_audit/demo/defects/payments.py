"""Defects of phase 3: amounts, customers, catalogue, states, records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.products import PRODUCTS
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.webhooks import Receipts
from stripe_audit.money import minor_unit_exponent

__all__ = ["DEFECTS"]


class _TwoIntents(StripeSide):
    async def create_intent(self, params: Mapping[str, Any], *, key: str | None) -> dict[str, Any]:
        await super().create_intent(params, key=f"{key}-first")
        return await super().create_intent(params, key=key)


def _price(item: str, currency: str) -> float | None:
    prices = next((product.prices for product in PRODUCTS if product.id == item), {})
    return float(prices[currency]) if currency in prices else None


class _FloatAmount(Orders):
    def amount_for(self, data: Mapping[str, Any], item: str, currency: str, quantity: int) -> int | None:
        price = _price(item, currency)
        return None if price is None else int(price * quantity * 10 ** minor_unit_exponent(currency))


class _TimesHundred(Orders):
    def amount_for(self, data: Mapping[str, Any], item: str, currency: str, quantity: int) -> int | None:
        price = _price(item, currency)
        return None if price is None else round(price * quantity * 100)


class _CustomersDoubled(Orders):
    async def customer(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and isinstance(data.get("email"), str):
            self.store.run("DELETE FROM customers WHERE email = :email", {"email": data["email"].lower()})
        return await super().customer(data)


class _CustomersAnew(StripeSide):
    async def create_customer(self, email: str, name: str) -> dict[str, Any]:
        return await self._call(self._client.v1.customers.create, {"email": email, "name": name})


class _StalePrices(Shop):
    def catalogue(self) -> list[dict[str, Any]]:
        return [{**entry, "price": "9.99"} if entry["id"] == "mug" else entry for entry in super().catalogue()]


class _SucceededIgnored(Receipts):
    async def handle(self, event: Mapping[str, Any]) -> None:
        if event["type"] != "payment_intent.succeeded":
            await super().handle(event)


class _ActionCountsAsPaid(Orders):
    def state_of(self, intent: Mapping[str, Any]) -> str:
        return "paid" if intent["status"] == "requires_action" else super().state_of(intent)


class _ProcessingBelieved(Receipts):
    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        intent = await super().current(event, intent_id)
        return {**intent, "status": "succeeded"} if event["type"] == "payment_intent.processing" else intent


class _FailureIgnored(Orders):
    def state_of(self, intent: Mapping[str, Any]) -> str:
        state = super().state_of(intent)
        return "open" if state == "failed" else state


class _RefusesCreated(Receipts):
    async def handle(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "payment_intent.created":
            raise RuntimeError("no handler")
        await super().handle(event)


class _CurrencyConstant(Orders):
    def shown(self, identity: str) -> dict[str, Any]:
        return {**super().shown(identity), "currency": "usd"}


DEFECTS = (
    Defect(
        "two-intents",
        "Each order makes two PaymentIntents, and one is left lying",
        "payment-intent-created",
        also=("payment-key-stable",),
        seen_in="woocommerce/woocommerce-gateway-stripe#2339",
        stripe=_TwoIntents,
    ),
    Defect(
        "amount-by-float",
        "Amounts go through binary floats: 19.99 becomes 1998 cents",
        "payment-amount-in-minor-units",
        also=(
            "payment-intent-created",
            "catalogue-served",
            "delayed-payment-arrives",
            "unpaid-checkout-not-fulfilled",
            "checkout-fulfilled-once-paid",
            "journey-in-every-currency",
            "payment-numbers-exact",
            "checkout-declined-then-paid",
            "checkout-orders-explored",
        ),
        seen_in="cartalyst/stripe#35",
        orders=_FloatAmount,
    ),
    Defect(
        "yen-times-hundred",
        "Every currency is multiplied by 100, also those without cents",
        "payment-amount-in-minor-units",
        also=(
            "catalogue-served",
            "payment-recorded",
            "journey-in-every-currency",
            "checkout-in-every-currency",
            "refund-in-every-currency",
            "ledger-reconciles",
        ),
        seen_in="Paymenter/Paymenter#1258",
        orders=_TimesHundred,
    ),
    Defect(
        "customers-doubled",
        "The same customer is created anew each time",
        "customer-created",
        also=("customer-made-once",),
        orders=_CustomersDoubled,
        stripe=_CustomersAnew,
    ),
    Defect(
        "stale-prices",
        "The catalogue shows another price than is charged",
        "catalogue-served",
        shop=_StalePrices,
    ),
    Defect(
        "succeeded-ignored",
        "payment_intent.succeeded is acknowledged, and the order stays open",
        "payment-status-updated",
        also=(
            "webhook-genuine-event-accepted",
            "webhook-mode-checked",
            "webhook-events-handled",
            "payment-states-handled",
            "payment-recorded",
            "payment-events-logged",
            "customer-notified",
            "failed-payment-retryable",
            "webhook-failure-alerted",
            "webhook-failure-retried",
            "webhook-outlives-database",
            "webhook-outlives-mail",
            "one-time-payment-completes",
            "webhook-events-none-lost",
            "ledger-reconciles",
            "failed-authentication-then-success",
            "declines-then-success",
            "journey-in-every-currency",
            "refund-in-parts",
            "return-page-believes-nothing",
            "refund-in-every-currency",
            "authorised-is-not-paid",
            "lost-answer-recovered",
            "processing-payment-waits",
            "refund-is-not-undone",
            "webhook-survives-load",
        ),
        seen_in="hoangdaochuz/booking#28",
        receipts=_SucceededIgnored,
    ),
    Defect(
        "action-counts-as-paid",
        "A payment that still needs 3D Secure counts as paid",
        "payment-states-handled",
        also=("failed-authentication-then-success",),
        seen_in="Automattic/woocommerce-payments#659",
        orders=_ActionCountsAsPaid,
    ),
    Defect(
        "processing-counts-as-paid",
        "A payment that is still processing counts as paid",
        "payment-states-handled",
        also=("processing-payment-waits",),
        perhaps=("delayed-payment-fails",),
        seen_in="woocommerce/woocommerce-gateway-stripe#1943",
        receipts=_ProcessingBelieved,
    ),
    Defect(
        "failure-not-recorded",
        "A declined payment leaves the order as it was",
        "payment-states-handled",
        also=(
            "webhook-genuine-event-accepted",
            "webhook-events-handled",
            "failed-payment-alerted",
            "customer-notified",
            "decline-reported-safely",
            "delayed-payment-fails",
            "processing-payment-waits",
        ),
        seen_in="craftcms/commerce#419",
        orders=_FailureIgnored,
    ),
    Defect(
        "created-event-fails",
        "payment_intent.created ends in an error, again and again",
        "events-triggered",
        also=("webhook-survives-load",),
        seen_in="3scale/porta#3086",
        receipts=_RefusesCreated,
    ),
    Defect(
        "currency-constant",
        "The record says usd whatever was paid",
        "payment-recorded",
        also=(
            "ledger-reconciles",
            "journey-in-every-currency",
            "checkout-in-every-currency",
        ),
        seen_in="InvoicePlane/InvoicePlane#1677",
        orders=_CurrencyConstant,
    ),
)
