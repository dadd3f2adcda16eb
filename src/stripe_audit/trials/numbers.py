"""Quantities and amounts in every form that JSON can carry: exact, odd, and meaningless.

A target that sells by price is sent quantities; one whose request carries a sum of its own is sent amounts. Values that
break binary floats are from reports: 17.99 became 1798 (cartalyst/stripe#35), 9.95 became 994 (ingenesis/shopp#3217),
78.40 became 7840.000000000001 (stripe/react-stripe-js#408).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.target import fill
from stripe_audit.models import Effect
from stripe_audit.money import (
    chargeable_step,
    from_minor,
    maximum_charge,
    minimum_charge,
    minor_unit_exponent,
    to_minor,
)
from stripe_audit.trials.alterations import Alteration, Altered, Change, request_altered
from stripe_audit.trials.submissions import takes

__all__ = ["NumberForm", "number_forms", "send_numbers"]

_MARK = "stripe-audit-number"
_FLOAT_BREAKERS = ("1.10", "4.35", "8.20", "9.95", "17.99", "19.99", "64.10", "78.40", "100.29")
_INEXACT = {0: "500.5", 2: "1.005", 3: "1.005"}
"""By the currency's decimals: sums that it has no coin for. As a float, 1.005 is 1.00499…"""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One number as it is written in the request; ``text`` is JSON, empty where the member is left out.

    ``due`` are the amounts in minor units of ``currency`` of which any may come of it; with ``is_multiple`` every whole
    multiple of them may, too. ``is_usual`` tells whether one of them must come where both less and more can be paid.
    """

    id: str
    title: str
    word: str
    text: str
    currency: str
    due: tuple[int, ...] = ()
    is_multiple: bool = False
    is_usual: bool = False

    def allows(self, amount: int | None, currency: str | None) -> bool:
        """Whether a PaymentIntent over this may come of it."""
        if amount is None or currency != self.currency:
            return False
        return amount in self.due or (
            self.is_multiple and any(amount > 0 and amount % due == 0 for due in self.due if due > 0)
        )


def number_forms(ctx: Context) -> list[NumberForm]:
    """Those that fit the declared request; empty where it carries neither a quantity nor a sum of its own."""
    item = ctx.payments.item()
    if takes(ctx, "create_payment", "quantity"):
        return list(_quantities(to_minor(item.price, item.currency), item.currency))
    if takes(ctx, "create_payment", "amount") and not takes(ctx, "create_payment", "item"):
        is_major = ctx.target.route("create_payment").amount_unit == "major"
        currencies = [item.currency]
        if takes(ctx, "create_payment", "currency"):
            currencies = list(dict.fromkeys(item.currency for item in ctx.spec.items))[:6]
        return list(_amounts(currencies, is_major=is_major))
    return []


async def send_numbers(ctx: Context) -> list[tuple[NumberForm, Altered]]:
    """Ask for a payment with each, and see what Stripe was asked for.

    What is not written as JSON (a declared body that is a form) is sent as text.
    """
    forms = {form.id: form for form in number_forms(ctx)}
    route = ctx.target.route("create_payment")
    is_form = any("form-urlencoded" in value for name, value in route.headers.items() if name.lower() == "content-type")
    changes = [Change(form.id, form.title, form.word, _written(form, is_form=is_form)) for form in forms.values()]
    return [(forms[one.change.id], one) for one in await request_altered(ctx, changes, effect=Effect.WRITE)]


def _written(form: NumberForm, *, is_form: bool) -> Alteration:
    """The declared body with the number in it, written exactly so: a JSON encoder would write 1e2 as 100.0."""

    def alter(template: Any, values: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        own = {**values, "currency": form.currency}
        if not form.text or is_form:
            return {**own, form.word: form.text.strip('"') or None}, None
        body = json.dumps(fill(template, {**own, form.word: _MARK}), default=str)
        return own, body.replace(json.dumps(_MARK), form.text).replace(_MARK, form.text.strip('"')).encode()

    return alter


def _quantities(price: int, currency: str) -> Iterator[NumberForm]:
    one = NumberForm("", "", "quantity", "", currency, (price,))
    exact = {
        "exponent": ("1e2 as the quantity", "1e2", 100),
        "decimal": ("2.0 as the quantity", "2.0", 2),
    }
    for identity, (title, text, times) in exact.items():
        yield replace(one, id=f"quantity-{identity}", title=title, text=text, due=(price * times,))
    any_number = {
        "text": ("the text “2” as the quantity", '"2"'),
        "text-exponent": ("the text “1e1” as the quantity", '"1e1"'),
        "text-zero": ("the text “02” as the quantity", '"02"'),
        "billion": ("a quantity of 10^9", "1000000000"),
        "beyond-int": ("a quantity of 2^32 + 2", str(2**32 + 2)),
    }
    for identity, (title, text) in any_number.items():
        yield replace(one, id=f"quantity-{identity}", title=title, text=text, is_multiple=True)
    meaningless = {
        "missing": ("no quantity", ""),
        "null": ("null as the quantity", "null"),
        "nan": ("NaN as the quantity", "NaN"),
        "infinity": ("Infinity as the quantity", "Infinity"),
        "true": ("true as the quantity", "true"),
        "empty": ("an empty text as the quantity", '""'),
        "half": ("5e-1 as the quantity", "5e-1"),
        "text-negative": ("the text “-1” as the quantity", '"-1"'),
    }
    for identity, (title, text) in meaningless.items():
        yield replace(one, id=f"quantity-{identity}", title=title, text=text)


def _amounts(currencies: list[str], *, is_major: bool) -> Iterator[NumberForm]:
    first = currencies[0]
    for currency in currencies:
        yield from _usual_amounts(currency, is_major=is_major)
    yield from _odd_amounts(first, is_major=is_major)


def _form(currency: str, minor: int, is_major: bool) -> str:
    return str(from_minor(minor, currency) if is_major else minor)


def _usual_amounts(currency: str, *, is_major: bool) -> Iterator[NumberForm]:
    """What must be charged to the last digit: sums that break floats, the least and a large one.

    The target may have limits of its own, so that the last two need not be taken.
    """
    step, exponent, least = chargeable_step(currency), minor_unit_exponent(currency), minimum_charge(currency)
    sums = dict.fromkeys(int(Decimal(text).scaleb(exponent)) // step * step for text in _FLOAT_BREAKERS)
    limits = [9_999_999 // step * step, *([least] if least else [])]
    for minor in dict.fromkeys([*(one for one in sums if one >= (least or step)), *limits]):
        text = _form(currency, minor, is_major)
        form = NumberForm(f"amount-{currency}-{text}", f"{text} {currency}", "amount", text, currency, (minor,))
        yield replace(form, is_usual=minor not in limits)


def _odd_amounts(currency: str, *, is_major: bool) -> Iterator[NumberForm]:
    step, exponent, least = chargeable_step(currency), minor_unit_exponent(currency), minimum_charge(currency) or 1
    usual = 2000 // step * step
    plain = _form(currency, usual, is_major)
    scaled, fraction = f"{Decimal(plain).scaleb(-1):f}e1", _INEXACT[exponent] if is_major else f"{usual}.5"
    below = int(Decimal(fraction).scaleb(exponent if is_major else 0)) // step * step
    cases: dict[str, tuple[str, str, tuple[int, ...]]] = {
        "text": (f"the text “{plain}”", f'"{plain}"', (usual,)),
        "exponent": (scaled, scaled, (usual,)),
        "text-exponent": (f"the text “{scaled}”", f'"{scaled}"', (usual,)),
        "list": (f"a list of {plain}", f"[{plain}]", (usual,)),
        "fraction": (f"{fraction}, which nobody can pay exactly,", fraction, (below, below + step)),
        "below-least": ("less than can be charged", _form(currency, max(1, least * 29 // 50), is_major), ()),
        "above-most": ("more than can be charged", _form(currency, maximum_charge(currency) + 1, is_major), ()),
        "zero": ("0", "0", ()),
        "negative": (f"-{plain}", f"-{plain}", ()),
        "text-negative": (f"the text “-{plain}”", f'"-{plain}"', ()),
        "text-words": ("the text “20 or so”", '"20 or so"', ()),
        "text-two-points": ("the text “12.34.56”", '"12.34.56"', ()),
        "nan": ("NaN", "NaN", ()),
        "infinity": ("Infinity", "Infinity", ()),
        "true": ("true", "true", ()),
        "null": ("null", "null", ()),
        "empty": ("an empty text", '""', ()),
        "missing": ("no amount", "", ()),
    }
    for identity, (title, text, due) in cases.items():
        yield NumberForm(f"amount-{identity}", f"{title} as the amount", "amount", text, currency, due)
