"""What a check sees of Stripe: objects, the customer's side, the journal, deliveries and faults."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.emulator.receiver import Receiver
from tests.stripe_backend.conftest import Use

from stripe_audit import signatures
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.errors import StripeError
from stripe_audit.keys import TestKeys
from stripe_audit.models import Party
from stripe_audit.stripe_backend.embedded import EmbeddedStripe
from stripe_audit.stripe_backend.emulated import EmulatedStripe, form

AUTOMATIC = {"enabled": True, "allow_redirects": "never"}


async def intent(stripe: EmulatedStripe, **more: Any) -> dict[str, Any]:
    return await stripe.post(
        "/v1/payment_intents", amount=1999, currency="usd", automatic_payment_methods=AUTOMATIC, **more
    )


def test_objects_are_made_and_read(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        made = await stripe.post("/v1/customers", email="a@example.com", metadata={"order": "o1", "n": 1})
        read = await stripe.get(f"/v1/customers/{made['id']}")
        assert read["metadata"] == {"order": "o1", "n": "1"}
        listed = await stripe.get("/v1/customers", email="a@example.com", limit=1)
        assert [one["id"] for one in listed["data"]] == [made["id"]]
        expanded = await stripe.get(
            f"/v1/payment_intents/{(await intent(stripe, customer=made['id']))['id']}", expand=["customer"]
        )
        assert expanded["customer"]["email"] == "a@example.com"

    use(ask)


def test_a_refusal_of_stripe_is_an_error_in_words(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        with pytest.raises(StripeError, match=r"404 to GET /v1/payment_intents/pi_none.*No such"):
            await stripe.get("/v1/payment_intents/pi_none")
        with pytest.raises(StripeError, match="400 to POST"):
            await stripe.post("/v1/payment_intents", amount=-1, currency="usd")

    use(ask)


HOSTILE = ["../../_emulator/reset", "..", ".", "", "a/b", "a?b=c", "a#b", "a b", "a\r\nb", "é", "%2e%2e", "../" * 50]


@pytest.mark.parametrize("identity", HOSTILE)
def test_an_id_from_the_target_cannot_leave_its_place(use: Use, identity: str) -> None:
    """The control API opens with a token; no name that a target gives its payment may steer what is asked of it."""

    async def ask(stripe: EmulatedStripe) -> None:
        await intent(stripe)  # the first call in the journal
        for call in (
            stripe.get(f"/v1/payment_intents/{identity}/x"),
            stripe.post(f"/v1/payment_intents/{identity}/cancel"),
            stripe.authenticate(identity, succeed=True),
            stripe.confirm(f"{identity}_secret_x", "pm_card_visa"),
        ):
            try:
                answer = await call
            except StripeError:
                continue
            assert answer.status in (
                401,
                404,
            )  # the customer's side only: as Stripe refuses a secret that is not its own
        calls = await stripe.journal(since=1)
        assert all(one.path.startswith("/v1/payment_intents/") for one in calls)
        if identity:
            assert await stripe.deliveries(identity) == []
            assert await stripe.events(identity) == []
        assert (await stripe.get("/v1/payment_intents"))["data"] != []  # nothing was reset

    use(ask)


def test_the_customer_pays_with_the_publishable_key(use: Use, recorder: Recorder, keys: TestKeys) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        paid = await stripe.confirm((await intent(stripe))["client_secret"], "pm_card_visa")
        assert (paid.status, paid.state, paid.error) == (200, "succeeded", None)
        declined = await stripe.confirm((await intent(stripe))["client_secret"], "pm_card_chargeDeclined")
        assert declined.status == 402
        assert declined.error is not None
        assert declined.error["code"] == "card_declined"
        assert declined.state == "requires_payment_method"

    use(ask)
    confirmed = [one for one in (recorder.get(f"x{n}") for n in range(1, 9)) if one and one.url.endswith("/confirm")]
    assert [(one.source, one.destination) for one in confirmed] == [(Party.CUSTOMER, Party.STRIPE)] * 2
    assert keys.audit_secret not in str(confirmed)


@pytest.mark.parametrize(("succeed", "state"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_the_customer_completes_or_fails_3d_secure(use: Use, succeed: bool, state: str) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        made = await intent(stripe)
        asked = await stripe.confirm(made["client_secret"], "pm_card_authenticationRequired")
        assert asked.state == "requires_action"
        await stripe.authenticate(made["id"], succeed=succeed)
        assert (await stripe.get(f"/v1/payment_intents/{made['id']}"))["status"] == state

    use(ask)


def test_the_journal_tells_who_called_what(use: Use, embedded: EmbeddedStripe, keys: TestKeys) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        before = await stripe.mark()
        made = await intent(stripe)
        await stripe.confirm(made["client_secret"], "pm_card_visa")
        requests.get(
            f"{embedded.address.url}/v1/payment_intents/{made['id']}",
            headers={"Authorization": f"Bearer {keys.secret}", "Idempotency-Key": "k"},
            timeout=10,
            proxies={"http": ""},
        )
        calls = await stripe.journal(object=made["id"])
        assert [(one.caller, one.method, one.status) for one in calls] == [
            ("audit", "POST", 200),
            ("customer", "POST", 200),
            ("target", "GET", 200),
        ]
        assert calls[0].params["amount"] in ("1999", 1999)
        assert calls[0].line == "audit: POST /v1/payment_intents → 200"
        assert [one.seq for one in await stripe.journal(caller="target", since=before)] == [calls[2].seq]
        assert await stripe.journal(since=await stripe.mark()) == []

    use(ask)


def test_a_long_answer_of_the_audit_s_own_stripe_is_not_cut(use: Use) -> None:
    """The budget's bound for bodies (100 bytes here) is for the target."""

    async def ask(stripe: EmulatedStripe) -> None:
        for number in range(3):
            await stripe.post("/v1/customers", description="x" * 300, metadata={"n": number})
        assert len(await stripe.journal()) >= 3
        assert len((await stripe.get("/v1/customers"))["data"]) == 3

    use(ask)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.stop()


def test_deliveries_are_held_released_and_sent_again(use: Use, embedded: EmbeddedStripe, receiver: Receiver) -> None:
    embedded.register(receiver.url, "whsec_" + "a" * 32, ["payment_intent.succeeded", "payment_intent.created"])

    async def ask(stripe: EmulatedStripe) -> None:
        await stripe.hold(mentions="order-1")
        made = await intent(stripe, metadata={"order": "order-1"})
        await stripe.hold(object=made["id"])
        await stripe.confirm(made["client_secret"], "pm_card_visa")
        assert await stripe.drain(5)
        assert {one.state for one in await stripe.deliveries(made["id"])} == {"held"}
        attempts = await stripe.release(made["id"], types=["payment_intent.succeeded"], copies=2)
        assert [one.status for one in attempts] == [200, 200]
        events = await stripe.events(made["id"])
        (succeeded,) = (one for one in events if one["type"] == "payment_intent.succeeded")
        again = await stripe.resend(succeeded["id"], copies=3, concurrent=True)
        assert [one.status for one in again] == [200] * 3
        assert all(one.error is None and one.duration_ms >= 0 for one in again)
        by_type = {one.type: one for one in await stripe.deliveries(made["id"])}
        assert by_type["payment_intent.created"].attempts == ()
        assert by_type["payment_intent.succeeded"].url == receiver.url

    use(ask)
    assert len(receiver.received) == 5
    for one in receiver.received:
        header = {name.lower(): value for name, value in one.headers.items()}["stripe-signature"]
        signatures.verify(one.body, header, "whsec_" + "a" * 32, now=time.time())


def test_an_event_is_made_up_and_not_delivered(use: Use, embedded: EmbeddedStripe, receiver: Receiver) -> None:
    embedded.register(receiver.url, "whsec_" + "a" * 32, [])

    async def ask(stripe: EmulatedStripe) -> None:
        event = await stripe.synthesize("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
        assert event["data"]["object"]["id"] == "pi_1"
        assert event["api_version"] == stripe.api_version
        assert event["livemode"] is False
        assert await stripe.drain(5)

    use(ask)
    assert receiver.received == []


def test_a_fault_meets_the_target_alone_and_ends_with_its_block(
    use: Use, embedded: EmbeddedStripe, keys: TestKeys
) -> None:
    def target() -> int:
        url = f"{embedded.address.url}/v1/customers"
        return requests.get(
            url, headers={"Authorization": f"Bearer {keys.secret}"}, timeout=10, proxies={"http": ""}
        ).status_code

    async def ask(stripe: EmulatedStripe) -> None:
        fault = await stripe.fault({"kind": "status", "status": 503}, method="GET", path="/v1/customers")
        async with fault:
            assert target() == 503
            await stripe.get("/v1/customers")  # the audit's own calls go on
            assert await fault.hits() == 1
        assert target() == 200
        await fault.lift()
        assert await fault.hits() == 0
        with pytest.raises(StripeError):
            await stripe.control("DELETE", f"faults/{fault.id}")

    use(ask)


def test_a_wrong_token_opens_nothing(use: Use, embedded: EmbeddedStripe) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        address = embedded.address
        stripe._address = type(address)(address.url, "wrong", address.audit_key, address.publishable_key, "")
        with pytest.raises(StripeError, match="answered 40"):
            await stripe.control("GET", "journal")

    use(ask)


values = st.recursive(
    st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), values, max_size=4))
def test_parameters_are_written_as_the_official_sdk_writes_them(params: dict[str, Any]) -> None:
    from stripe._encode import _api_encode

    official = [(key, value) for key, value in _api_encode(params)]
    assert parse_qsl(urlencode(form(params)), keep_blank_values=True) == parse_qsl(
        urlencode(official), keep_blank_values=True
    )


def test_none_is_left_out_and_truth_is_in_lower_case() -> None:
    assert form({"a": None, "b": True, "c": {"d": [1, {"e": False}]}, "f": [], "g": {}}) == [
        ("b", "true"),
        ("c[d][0]", "1"),
        ("c[d][1][e]", "false"),
    ]


def test_what_becomes_due_has_happened_once_the_clock_was_advanced(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        before = (await stripe.control("GET", "clock"))["now"]
        await stripe.advance(86_400)
        assert (await stripe.control("GET", "clock"))["now"] - before >= 86_400

    use(ask)


def test_an_object_is_deleted(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        customer = await stripe.post("/v1/customers", email="a@example.com")
        assert (await stripe.delete(f"/v1/customers/{customer['id']}"))["deleted"] is True

    use(ask)
