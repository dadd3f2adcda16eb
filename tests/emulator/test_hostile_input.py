"""Nothing that a client sends makes the emulator answer 500, or die."""

from __future__ import annotations

import json
import socket
from collections import Counter
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stripe_audit.emulator.resources import ROUTES
from stripe_audit.emulator.shapes import PARAMS
from tests.emulator.steps import create, pay

FUZZ = settings(max_examples=150, suppress_health_check=list(HealthCheck))

NASTY = st.sampled_from(
    (
        *("", "0", "-1", "1", "2000", "²", "1e9", "9" * 30, "true", "null", "[]", "{}", "*", "/", "..", "a b", "%"),
        *("\x00", "\r\nX: y", "x" * 6000, "é" * 600, "ü", "🌭", "nan", "inf", "__class__"),
        *("pm_card_visa", "tok_visa", "usd", "2034"),
    )
)
TEXT = NASTY | st.text(st.characters(codec="utf-8"), max_size=20)


def kinds_of(node):
    """Names of parameters inside a schema's hash."""
    if isinstance(node, dict):
        for name, value in node.get("p", {}).items():
            yield name
            yield from kinds_of(value)
        for key in ("l", "z"):
            yield from kinds_of(node.get(key))
        for option in node.get("o", []):
            yield from kinds_of(option)


KNOWN_NAMES = sorted({name for spec in PARAMS.values() if isinstance(spec, dict) for name in kinds_of(spec)})
NAMES = st.sampled_from(KNOWN_NAMES) | TEXT
VALUES = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def fields(draw, names):
    """Pairs for a form, from nested values, with some names twice and some as nobody would write them."""
    pairs = []
    for name in draw(st.lists(names, max_size=6)):
        pairs += flat(name, draw(VALUES))
    pairs += draw(st.lists(st.tuples(st.text("ab[]01", min_size=1, max_size=8), TEXT), max_size=2))
    return draw(st.permutations(pairs))


def flat(name, value):
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in flat(f"{name}[{key}]", item)]
    if isinstance(value, list):
        return [pair for index, item in enumerate(value) for pair in flat(f"{name}[{index}]", item)]
    return [(name, value)]


@pytest.fixture(scope="module")
def web():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def ids(client):
    """Ids of objects that exist, and of some that do not."""
    customer = client.v1.customers.create({"email": "ada@example.com", "payment_method": "pm_card_visa"})
    product = client.v1.products.create({"name": "a", "default_price_data": {"currency": "usd", "unit_amount": 1}})
    paid, held = pay(client), pay(client, capture_method="manual")
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 1})
    events = [event.id for event in client.v1.events.list({"limit": 2}).data]
    methods = client.v1.customers.payment_methods.list(customer.id).data
    intents = [create(client).id, paid.id, held.id, pay(client, "pm_card_threeDSecure2Required").id]
    known = [customer.id, product.id, product.default_price, paid.latest_charge, refund.id, methods[0].id]
    return [*known, *intents, *events, *money_ids(client), "pi_none", "*", ""]


def money_ids(client):
    """Ids of what is disputed, paid out, passed on, brought in, and of those behind it."""
    pay(client, "pm_card_bypassPending")
    pay(client, "pm_card_createDispute")
    pay(client, "pm_card_createIssuerFraudRecord")
    pay(client, "pm_card_riskLevelElevated")
    account = client.v1.accounts.create({"type": "custom", "external_account": "btok_us"})
    person = client.v1.accounts.persons.create(account.id, {"first_name": "Ada"})
    passed_on = client.v1.transfers.create({"amount": 100, "currency": "usd", "destination": account.id})
    address = {"line1": "1", "city": "a", "postal_code": "1", "country": "US"}
    holder = client.v1.issuing.cardholders.create({"name": "Ada", "billing": {"address": address}})
    card = client.v1.issuing.cards.create(
        {"cardholder": holder.id, "currency": "usd", "type": "virtual", "status": "active"}
    )
    helpers = client.v1.test_helpers.issuing
    aggregation = {"formula": "sum"}
    made = (
        client.v1.disputes.list().data[0],
        client.v1.radar.early_fraud_warnings.list().data[0],
        client.v1.reviews.list().data[0],
        client.v1.payouts.create({"amount": 100, "currency": "usd"}),
        client.v1.topups.create({"amount": 100, "currency": "usd"}),
        account,
        account.external_accounts.data[0],
        person,
        passed_on,
        client.v1.transfers.reversals.create(passed_on.id, {"amount": 1}),
        holder,
        card,
        helpers.authorizations.create({"card": card.id, "amount": 100}),
        helpers.transactions.create_force_capture({"card": card.id, "amount": 100}),
        client.v1.identity.verification_sessions.create({"type": "document"}),
        client.v1.billing.meters.create({"display_name": "a", "event_name": "a", "default_aggregation": aggregation}),
    )
    return [one.id for one in made]


def refused_or_done(answer):
    """A JSON answer of Stripe's shape, and no failure inside."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["Request-Id"].startswith("req_")
    body = answer.json()
    assert (answer.status_code < 300) != ("error" in body)
    if "error" in body:
        assert body["error"]["type"] and body["error"]["message"]


PREFIXES = {
    "customers": "cus_",
    "charges": "ch_",
    "payment_intents": "pi_",
    "payment_methods": "pm_",
    "products": "prod_",
    "prices": "price_",
    "refunds": "re_",
    "events": "evt_",
    "accounts": "acct_",
    "authorizations": "iauth_",
    "cardholders": "ich_",
    "cards": "ic_",
    "disputes": "du_",
    "early_fraud_warnings": "issfr_",
    "external_accounts": "ba_",
    "meters": "mtr_",
    "payouts": "po_",
    "persons": "person_",
    "reversals": "trr_",
    "reviews": "prv_",
    "topups": "tu_",
    "transactions": "ipi_",
    "transfers": "tr_",
    "verification_sessions": "vs_",
}


def fitting(kind, ids):
    """A strategy for values of a declared type: mostly right, now and then anything."""
    if isinstance(kind, str):
        return {
            "b": st.sampled_from(["true", "false"]),
            "f": st.sampled_from(["0.5", "12", "-1"]),
            "i": st.sampled_from(["0", "1", "50", "2000", "2034", "-1", "9" * 18]),
            "m": st.dictionaries(TEXT, TEXT, max_size=3),
            "s": st.sampled_from([*ids, "usd", "jpy", "card", "pm_card_visa", "tok_visa", "a@example.com"]) | TEXT,
            "*": VALUES,
        }[kind]
    if "p" in kind:
        inner = {name: fitting(value, ids) for name, value in kind["p"].items()}
        required = {name: inner.pop(name) for name in kind.get("r", ())}
        some = st.sets(st.sampled_from(sorted(inner)), max_size=3) if inner else st.just(set())
        return some.flatmap(
            lambda names: st.fixed_dictionaries({**required, **{name: inner[name] for name in sorted(names)}})
        )
    if "l" in kind:
        return st.lists(fitting(kind["l"], ids), max_size=3)
    if "e" in kind:
        return st.sampled_from(kind["e"])
    if "z" in kind:
        return st.just("") | fitting(kind["z"], ids)
    return st.one_of([fitting(option, ids) for option in kind["o"]])


@pytest.mark.parametrize("is_fitting", [True, False], ids=["fitting", "anything"])
def test_every_call_with_any_parameters(emulator, web, ids, client, control, is_fitting):
    """Calls that exist about objects that exist; parameters of the declared types, or of none."""
    fits = {schema: fitting(PARAMS[schema], ids) for schema in {route.schema for route in ROUTES}}
    codes = Counter()

    @settings(FUZZ, max_examples=250)
    @given(st.data())
    def fuzz(data):
        route = data.draw(st.sampled_from(ROUTES))
        if is_fitting:
            params = data.draw(fits[route.schema])
            form = [pair for name, value in params.items() for pair in flat(name, value)]
        else:
            form = data.draw(fields(st.sampled_from(sorted(PARAMS[route.schema]["p"]) or ["none"]) | NAMES))
        parts = route.path.split("/")
        for index, part in enumerate(parts):
            if part.startswith("{"):
                right = [one for one in ids if one.startswith(PREFIXES.get(parts[index - 1], "")) and one]
                parts[index] = quote(data.draw(st.sampled_from(right) | st.sampled_from(ids) | TEXT), safe="")
        path = "/".join(parts)
        keys = [*[emulator.keys.secret] * 6, emulator.keys.audit_secret, emulator.keys.publishable]
        version = data.draw(st.sampled_from(["", "2026-10-28.endive", "2020-08-27"]))
        headers = {"Authorization": f"Bearer {data.draw(st.sampled_from(keys))}"}
        headers |= {"Stripe-Version": version} if version else {}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        encoded = urlencode(form)
        is_post = route.method == "POST"
        # Longer URLs are refused by the HTTP parser, in words of its own.
        url = f"{emulator.url}{path[:1500]}{'' if is_post or not encoded else '?' + encoded[:2500]}"
        answer = web.request(route.method, url, headers=headers, data=encoded if is_post else None, timeout=5)
        refused_or_done(answer)
        codes[answer.status_code] += 1

    fuzz()
    assert codes[400] > 10 and codes[404] > 10 and codes[200] > (10 if is_fitting else 5), codes
    assert create(client).amount == 2000
    assert control.post("deliveries/drain")["drained"] is True


HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


@FUZZ
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"]),
    path=st.text(st.characters(codec="utf-8"), max_size=30) | st.lists(NASTY, max_size=4).map("/".join),
    prefix=st.sampled_from(["/", "/v1/", "/v1/payment_intents/", "/v1/customers/search?query=", "/3ds/", "/receipts/"]),
    body=st.binary(max_size=200) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    content_type=st.sampled_from(
        ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", ""]
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ("Idempotency-Key", "Stripe-Version", "Stripe-Account", "User-Agent", "X-Stripe-Client-User-Agent")
        ),
        HEADER_VALUES,
    ),
)
def test_any_request(emulator, method, path, prefix, body, content_type, headers):
    """Requests as no library sends them; everything but the connection's own framing is arbitrary."""
    sent = {
        "Authorization": f"Bearer {emulator.keys.secret}".encode(),
        "Content-Type": content_type.encode(),
        **{name: value.strip().encode("latin-1") for name, value in headers.items()},
    }
    url = f"{emulator.url}{prefix}{quote(path)}"
    answer = requests.request(method, url, headers=sent, data=body, timeout=5)
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 200 or prefix == "/v1/" or method != "POST"


@FUZZ
@given(
    authorization=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
    | st.sampled_from(["Bearer ", "Basic ", "Basic Og==", "Basic /w==", "Bearer sk_test_", "Bearer \xff"])
)
def test_any_key(emulator, web, authorization):
    headers = {"Authorization": authorization.strip().encode("latin-1")}
    answer = web.get(f"{emulator.url}/v1/customers", headers=headers, timeout=5)
    assert answer.status_code in (400, 401)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    (
        *("type", "object", "object_id", "metadata", "all", "mentions", "events", "types", "duplicate", "event"),
        *("endpoint", "copies", "concurrent", "timeout", "seconds", "outcome", "url", "secret", "enabled_events"),
        *("api_version", "id", "action", "method", "path", "caller", "params", "times", "created", "livemode"),
        *("previous_attributes", "deliver"),
    )
)


def test_any_control_request(control, client, ids):
    paths = ["faults", "clock/advance", "events", "deliveries/hold", "deliveries/release", "deliveries/resend"]
    paths += ["deliveries/withdraw", "webhook_endpoints", f"payment_intents/{ids[9]}/authenticate"]

    @FUZZ
    @given(
        path=st.sampled_from(paths),
        body=st.dictionaries(
            MEMBERS, JSON | st.sampled_from([{"kind": "status"}, [], "x", ids[0], "http://127.0.0.1:1"])
        ),
    )
    def fuzz(path, body):
        status, answer = control("POST", path, body)
        assert status in (200, 400, 404), answer
        assert status == 200 or answer["error"]["message"]

    fuzz()
    control.delete("faults")
    assert client.v1.payment_intents.list().data and client.v1.events.list({"created": {"gt": 1}}).data


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/customers/%00%ff%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://127.0.0.1/v1/customers HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nshort",
        b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"GET /v1/customers HTTP/1.1\r\nHost: a\r\nIdempotency-Key: \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10_000 + b"\r\n",
        b"GET /_emulator/health HTTP/1.1\r\nHost: \xff\r\nX-Emulator-Token: \xff\r\n\r\n",
    ],
)
def test_broken_connections_and_framing(emulator, client, raw):
    port = int(emulator.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionError:
            pass
    assert not answer.startswith(b"HTTP/1.1 5")
    assert create(client).amount == 2000


def test_an_idempotency_key_that_is_no_utf8_reaches_the_receiver_as_json(emulator, client, control, receiver):
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    headers = {"Authorization": f"Bearer {emulator.keys.secret}".encode(), "Idempotency-Key": b"k\xff"}
    requests.post(f"{emulator.url}/v1/customers", headers=headers, timeout=5)
    assert control.post("deliveries/drain")["drained"] is True
    (got,) = receiver.received
    assert got.event["request"]["idempotency_key"] == "k\udcff"


def repeated(text, size):
    return (text * (size // len(text) + 1))[:size]


FORM, TYPED = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
SHAPES = {
    "one value": (FORM, b"name=" + b"x" * 20),
    "one name": (FORM, b"x" * 20),
    "the same name": (FORM, b"name=a&"),
    "many names": (FORM, b"a1=b&b2=c&c3[]=d&"),
    "a deep name": (FORM, b"a" + b"[b]" * 20),
    "a list in a list": (FORM, b"a[0][0][0]=1&a[][][]=2&"),
    "percent signs": (FORM, b"%41%ff%%4"),
    "equals and pluses": (FORM, b"=+=&+&=&&"),
    "no UTF-8": (FORM, b"\xff\xfe\xed\xa0\x80"),
    "zeros": (FORM, b"\x00" * 20),
    "a deep array": ("application/json", b"["),
    "deep hashes": ("application/json", b'{"a":'),
    "a long text": ("application/json", b'{"a": "' + b"x" * 20),
    "a long number": ("application/json", b"9" * 20),
    "files": (TYPED, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'),
}


@pytest.mark.parametrize("size", [70_000, 10_000_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_large_bodies(emulator, client, web, shape, size):
    """Below and above what is read without aiohttp, to endpoints that take forms and that take JSON."""
    content_type, piece = SHAPES[shape]
    body = repeated(piece, size)
    headers = {"Authorization": f"Bearer {emulator.keys.secret}", "Content-Type": content_type, "Idempotency-Key": "k"}
    for path in ("/v1/customers", "/v2/core/event_destinations"):
        answer = web.post(f"{emulator.url}{path}", headers=headers, data=body, timeout=20)
        assert answer.status_code in (400, 413), answer.text[:300]
        assert answer.json()["error"]["message"]
    assert create(client).amount == 2000


@settings(FUZZ, max_examples=100)
@given(
    path=st.sampled_from(
        (
            *("/v2/core/event_destinations", "/v2/billing/meter_events", "/v2/billing/meter_event_adjustments"),
            *("/v2/billing/meter_event_session", "/v2/billing/meter_event_stream"),
            *("/v2/core/event_destinations/we_1", "/v2/core/event_destinations/we_1/ping", "/v1/customers"),
        )
    ),
    body=st.dictionaries(
        st.sampled_from(
            (
                *("name", "type", "event_payload", "enabled_events", "webhook_endpoint", "url", "events", "payload"),
                *("event_name", "identifier", "timestamp", "cancel", "metadata", "include", "events_from"),
            )
        )
        | TEXT,
        JSON
        | st.sampled_from(
            [
                *("webhook_endpoint", "thin", ["*"], {"url": "http://127.0.0.1:1"}, {"value": "1"}, {"a": None}),
                *([{"event_name": "m", "payload": {"value": "1", "stripe_customer_id": "cus_1"}}], [[]], [{}], 1e400),
            ]
        ),
        max_size=6,
    ),
)
def test_any_json(emulator, web, path, body):
    headers = {"Authorization": f"Bearer {emulator.keys.secret}", "Content-Type": "application/json"}
    answer = web.post(f"{emulator.url}{path}", headers=headers, data=json.dumps(body).encode(), timeout=5)
    assert answer.status_code in (200, 400, 401, 404), answer.text
    assert answer.status_code == 200 or answer.json()["error"]["message"]
