"""Which payment methods there are beside cards, how each is paid, and in which currencies.

Source: docs.stripe.com/payments/payment-methods/payment-method-support.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "Kind", "is_usable"]

Way = Literal["debit", "redirect", "voucher", "transfer"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of payment method. ``currencies`` empty: any. ``asks`` are the billing details that it cannot do without.

    ``debit``: processing, then paid or not. ``redirect``: the customer is sent to a page. ``voucher``: the customer
    gets a code and pays it elsewhere. ``transfer``: the customer sends money to a bank account.
    """

    way: Way
    currencies: frozenset[str] = frozenset()
    asks: tuple[str, ...] = ()
    is_delayed: bool = False
    """Whether the outcome is not known when the customer comes back."""
    has_mandate: bool = False
    is_reusable: bool = False


def _debit(currencies: str, *asks: str) -> Kind:
    return Kind("debit", frozenset(currencies.split()), asks, is_delayed=True, has_mandate=True, is_reusable=True)


def _redirect(currencies: str = "", *asks: str, is_delayed: bool = False, is_reusable: bool = False) -> Kind:
    return Kind("redirect", frozenset(currencies.split()), asks, is_delayed=is_delayed, is_reusable=is_reusable)


def _voucher(currency: str, *asks: str) -> Kind:
    return Kind("voucher", frozenset({currency}), asks, is_delayed=True)


KINDS: dict[str, Kind] = {
    "acss_debit": _debit("cad usd", "name", "email"),
    "au_becs_debit": _debit("aud", "name", "email"),
    "bacs_debit": _debit("gbp", "name", "email"),
    "nz_bank_account": _debit("nzd", "name", "email"),
    "sepa_debit": _debit("eur", "name", "email"),
    "us_bank_account": _debit("usd", "name"),
    "affirm": _redirect("usd cad"),
    "afterpay_clearpay": _redirect("usd cad gbp aud nzd eur"),
    "alipay": _redirect("aud cad cny eur gbp hkd jpy myr nzd sgd usd"),
    "alma": _redirect("eur"),
    "amazon_pay": _redirect(is_reusable=True),
    "bancontact": _redirect("eur", "name"),
    "billie": _redirect("eur gbp sek"),
    "cashapp": _redirect("usd", is_reusable=True),
    "eps": _redirect("eur", "name"),
    "fpx": _redirect("myr"),
    "giropay": _redirect("eur", "name"),
    "grabpay": _redirect("sgd myr"),
    "ideal": _redirect("eur"),
    "kakao_pay": _redirect("krw", is_reusable=True),
    "klarna": _redirect("aud cad chf czk dkk eur gbp nok nzd pln ron sek usd", is_reusable=True),
    "kr_card": _redirect("krw", is_reusable=True),
    "mobilepay": _redirect("dkk eur nok sek"),
    "naver_pay": _redirect("krw", is_reusable=True),
    "p24": _redirect("eur pln", "email"),
    "pay_by_bank": _redirect("gbp eur"),
    "payco": _redirect("krw"),
    "paypal": _redirect("eur gbp usd chf czk dkk nok pln sek aud cad hkd nzd sgd", is_reusable=True),
    "revolut_pay": _redirect("eur gbp ron huf pln dkk", is_reusable=True),
    "samsung_pay": _redirect("krw"),
    "satispay": _redirect("eur"),
    "sofort": _redirect("eur", is_delayed=True),
    "swish": _redirect("sek"),
    "twint": _redirect("chf"),
    "wechat_pay": _redirect("aud cad cny eur gbp hkd jpy sgd usd dkk nok sek chf"),
    "boleto": _voucher("brl", "name", "email"),
    "konbini": _voucher("jpy", "name", "email"),
    "multibanco": _voucher("eur", "email"),
    "oxxo": _voucher("mxn", "name", "email"),
    "customer_balance": Kind("transfer", frozenset({"usd", "eur", "gbp", "jpy", "mxn"}), is_delayed=True),
}


def is_usable(kind: str, currency: str) -> bool:
    """Whether this type, also ``card`` and ``link``, takes payments in this currency."""
    known = KINDS.get(kind)
    return kind in ("card", "link") or (known is not None and (not known.currencies or currency in known.currencies))
