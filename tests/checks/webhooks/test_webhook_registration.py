"""What is wrong with how endpoints are registered in the account, and with what they are subscribed to: tables."""

from __future__ import annotations

import pytest

from stripe_audit import Call, WebhookRoute
from stripe_audit.webhooks import Registered
from tests.checks.modules import module_of

URL = "https://shop.example/hook"
ROUTE = WebhookRoute("main", "/hook", "whsec_a", ("invoice.paid",))
SOUND = {"id": "we_1", "url": URL, "events": ("invoice.paid",), "is_enabled": True, "is_live": False}
CLI = "whsec_" + "0123456789abcdef" * 4


def endpoint(**changes):
    return Registered(**{**SOUND, "api_version": None, "is_for_connected": False, **changes})


@pytest.mark.parametrize(
    ("known", "pinned", "titles"),
    [
        ([endpoint()], ["2026-10-28.endive"], []),
        ([endpoint(api_version="2026-09-30.endive")], ["2026-10-28.endive"], []),
        ([endpoint(api_version="2026-03-25.dahlia")], [], []),  # no call of the target was seen
        (
            [endpoint(api_version="2026-03-25.dahlia")],
            ["2026-10-28.endive"],
            ["A webhook endpoint sends another API version"],
        ),
        ([], [], ["No webhook endpoint is registered for a route"]),
        ([endpoint(url=f"{URL}/")], [], ["No webhook endpoint is registered for a route"]),
        ([endpoint(is_enabled=False)], [], ["A webhook endpoint is disabled"]),
        ([endpoint(is_enabled=False), endpoint(id="we_2")], [], []),  # the old one beside the new one
        ([endpoint(is_live=True)], [], ["A webhook endpoint is of the other mode"]),
        ([endpoint(), endpoint(id="we_2")], [], ["Two webhook endpoints tell the same place of the same events"]),
        ([endpoint(), endpoint(id="we_2", is_for_connected=True)], [], []),
    ],
)
def test_what_is_wrong_with_a_registration(known, pinned, titles):
    assess = module_of("webhook-endpoint-registered").assess
    assert [one.title for one in assess({ROUTE: URL}, known, environment="test", pinned=pinned)] == titles


@pytest.mark.parametrize(("secret", "is_told"), [("whsec_a", True), (CLI, False), (None, False)])
def test_a_secret_that_endpoints_share_is_told_unless_it_is_the_clis(secret, is_told):
    assess = module_of("webhook-endpoint-registered").assess
    routes = {WebhookRoute(name, f"/{name}", secret): f"https://shop.example/{name}" for name in ("one", "two")}
    known = [endpoint(id=f"we_{url}", url=url) for url in routes.values()]
    titles = [one.title for one in assess(routes, known, environment="unknown", pinned=[])]
    assert titles == (["Webhook endpoints share a signing secret"] if is_told else [])


@pytest.mark.parametrize(
    ("subscribed", "roles", "lacking"),
    [
        ({"payment_intent.succeeded", "payment_intent.payment_failed"}, {"create_payment"}, []),
        ({"charge.succeeded", "charge.failed"}, {"create_payment"}, []),
        ({"payment_intent.succeeded"}, {"create_payment"}, ["payments that fail"]),
        ({"payment_intent.payment_failed"}, {"create_payment"}, ["payments that succeed"]),
        ({"*"}, {"create_payment", "checkout", "subscribe"}, []),
        ({"invoice.paid"}, set(), []),
        (
            {"checkout.session.completed"},
            {"checkout"},
            ["money that comes days after the checkout"],
        ),
        (
            {"invoice.payment_succeeded"},
            {"subscribe"},
            ["renewals that fail", "subscriptions that end"],
        ),
    ],
)
def test_what_an_app_must_hear_of(subscribed, roles, lacking):
    module = module_of("webhook-events-subscribed")
    assert [need.what for need in module.lacking(subscribed, dict.fromkeys(roles))] == lacking


@pytest.mark.parametrize(
    ("declared", "subscribed", "missing"),
    [
        (["invoice.paid"], {"invoice.paid", "charge.failed"}, set()),
        (["invoice.paid"], {"*"}, set()),
        (["invoice.paid", "*"], {"charge.failed"}, {"invoice.paid"}),
        ([], {"charge.failed"}, set()),
    ],
)
def test_what_a_route_is_for_and_never_hears_of(declared, subscribed, missing):
    assert module_of("webhook-events-subscribed").unheard(declared, subscribed) == missing


def test_what_is_harmless_is_noted():
    notes = module_of("webhook-events-subscribed").notes
    assert list(notes({"charge.refunded", "charge.dispute.created"})) == []
    assert [told.split()[0] for told in notes({"*"})] == ["an"]
    told = list(notes({"invoice.paid", "invoice.payment_succeeded", "refund.created"}))
    assert "fulfil by one of them" in told[0] and "disputes" in told[1]


OWN, CONNECTED = endpoint(), endpoint(id="we_2", is_for_connected=True)


@pytest.mark.parametrize(
    ("here", "is_own", "bringing", "is_heard", "titles"),
    [
        ([OWN], True, [], None, []),
        ([OWN, CONNECTED], True, [], True, []),
        ([CONNECTED], True, [], True, ["The webhook endpoints hear of other accounts' payments"]),
        ([OWN], False, [], False, ["The webhook endpoints hear of other accounts' payments"]),
        ([OWN, CONNECTED], False, ["POST /v1/accounts"], True, []),
        ([CONNECTED], False, [], True, []),
        ([CONNECTED], None, [], True, []),  # nothing shows whose payment it is
        ([], True, [], None, []),  # that no endpoint is registered is another check's finding
        ([OWN], True, ["POST /v1/accounts"], False, ["Nothing hears of connected accounts"]),
        ([OWN], True, ["POST /v1/accounts"], None, []),  # the account does not tell of its event destinations
        ([OWN], True, ["POST /v1/accounts"], True, []),
    ],
)
def test_whose_events_an_endpoint_hears(here, is_own, bringing, is_heard, titles):
    assess = module_of("webhook-scope-right").assess
    assert [one.title for one in assess(here, is_own, bringing, is_heard)] == titles


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("POST /v1/accounts", True),
        ("POST /v1/account_sessions", True),
        ("POST /v2/core/accounts", True),
        ("POST /v1/accounts/acct_1", False),
        ("GET /v1/accounts", False),
        ("POST /v1/payment_intents", False),
    ],
)
def test_which_calls_bring_accounts_in(line, is_told):
    method, path = line.split()
    call = Call(1, 0.0, "target", method, path, {}, 200)
    assert module_of("webhook-scope-right").bringing_in([call, call]) == ([line] if is_told else [])
