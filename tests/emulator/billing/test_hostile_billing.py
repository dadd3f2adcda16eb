"""Nothing that fits billing's schemas, however odd, makes the emulator fail; and time can pass over what it made."""

from __future__ import annotations

import random
import time
from urllib.parse import urlencode

import requests
import stripe

from stripe_audit.emulator.resources.billing.routes import ROUTES
from stripe_audit.emulator.shapes import PARAMS
from tests.emulator.billing.steps import draft, recurring

NUMBERS = ["0", "-1", "1", "2", "100", "2000", "999999999999999999", "253402300799", "1577836800"]
TEXTS = ["none", "", "usd", "eur", "pm_card_visa", "pm_card_chargeCustomerFail", "🌭", "x" * 60]
NEEDED = {"customer", "price", "items", "phases", "lines", "coupon", "line_items", "percent_off"}
KINDS = {"plan": "price", "from_subscription": "subscription", "default_payment_method": "payment_method"}
LISTS = {"invoiceitems": "invoiceitem", "test_clocks": "test_helpers.test_clock"}
KEPT = {"plans", "test_clocks"}
"""Without these nothing more could be made."""
CALLS = 800


class Fuzzer:
    """Random calls, from a seed; what they make is used in later ones."""

    def __init__(self, address: str, key: str) -> None:
        self.chance = random.Random(2026)
        self.known: dict[str, list[str]] = {}
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"Bearer {key}", "Stripe-Version": "2026-10-28.endive"})

    def note(self, kind: str, identity: str) -> None:
        self.known.setdefault(kind, []).append(identity)

    def one_of(self, kind: str) -> str:
        return self.chance.choice(self.known.get(kind, ["none"])[-12:])

    def value(self, spec, name: str = ""):
        choice = self.chance.choice
        if isinstance(spec, str):
            soon = str(int(time.time()) + choice((5, 86400, 40 * 86400)))
            kind = KINDS.get(name, name)
            if spec == "s":
                return self.one_of(kind) if kind in self.known and self.chance.random() < 0.9 else choice(TEXTS)
            return {
                "i": choice([*NUMBERS, "3", "10", soon]),
                "b": choice(["true", "false"]),
                "f": choice(["0", "0.5", "12.5", "-1", "999999999999999999.999999999999"]),
                "m": {"a": choice(["b", ""])},
                "*": choice(["a", ["1"], {"x": "y"}, soon]),
            }[spec]
        if "p" in spec:
            share = choice([0.01, 0.01, 0.05, 0.2])
            return {
                inner: self.value(kind, inner)
                for inner, kind in spec["p"].items()
                if inner != "expand"
                and (inner in spec.get("r", ()) or self.chance.random() < (0.9 if inner in NEEDED else share))
            }
        if "l" in spec:
            return [self.value(spec["l"], name) for _ in range(choice([1, 1, 2]))]
        if "e" in spec:
            return choice(spec["e"])
        if "z" in spec:
            return "" if self.chance.random() < 0.15 else self.value(spec["z"], name)
        return self.value(choice(spec["o"]), name)

    def call(self, route) -> int:
        parts = route.path.split("/")
        family = parts[3] if "test_helpers" in route.path else parts[2]
        kind = LISTS.get(family, family.removesuffix("s"))
        path = "/".join(self.one_of(kind) if part.startswith("{") else part for part in parts)
        form = urlencode(list(flat(self.value(PARAMS[route.schema]))))
        where = {"params": form} if route.method == "GET" else {"data": form}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.session.request(route.method, self.address + path, headers=headers, **where)
        body = answer.json()
        if answer.status_code == 200 and "id" in body and not body.get("deleted"):
            self.note(body["object"], body["id"])
        return answer.status_code


def flat(value, name: str = ""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from flat(inner, f"{name}[{index}]")
    else:
        yield name, value


def furnish(fuzzer: Fuzzer, client: stripe.StripeClient) -> None:
    """One of each, so that there is something to change."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1577836800})
    card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customers = [client.v1.customers.create({**card, **more}) for more in ({}, {}, {"test_clock": clock.id})]
    prices = [recurring(client), recurring(client, 700, recurring={"interval": "week"})]
    once = client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product": prices[0].product})
    coupon = client.v1.coupons.create({"percent_off": 20})
    items = [{"price": prices[0].id}]
    subscription = client.v1.subscriptions.create({"customer": customers[0].id, "items": items})
    schedule = client.v1.subscription_schedules.create({"customer": customers[2].id, "phases": [{"items": items}]})
    invoice = client.v1.invoices.finalize_invoice(draft(client, customers[0].id, 2000).id)
    note = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 5})
    quote = client.v1.quotes.create({"customer": customers[0].id, "line_items": items})
    for made in (clock, *customers, *prices, once, coupon, subscription, schedule, invoice, note, quote):
        fuzzer.note(made.object, made.id)
    fuzzer.note("subscription_item", subscription["items"].data[0].id)


def test_odd_calls_are_answered(emulator, client, control):
    fuzzer = Fuzzer(emulator.url, emulator.keys.secret)
    furnish(fuzzer, client)
    routes = [route for route in ROUTES if route.method != "DELETE" or not KEPT & set(route.path.split("/"))]
    statuses = [fuzzer.call(fuzzer.chance.choice(routes)) for _ in range(CALLS)]
    control.post("clock/advance", seconds=90 * 86400)
    client.v1.customers.list()  # whatever came due has happened before this is answered
    assert set(statuses) <= {200, 400, 402, 404, 429}
    assert statuses.count(200) > CALLS // 5
