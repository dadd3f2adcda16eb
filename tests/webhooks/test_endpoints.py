from __future__ import annotations

import pytest

from stripe_audit.webhooks import (
    Registered,
    doubled,
    endpoints_at,
    is_out_of_reach,
    nearly_at,
    registered,
    train_of,
)

URL = "https://shop.example/hooks/stripe"


def endpoint(url: str = URL, *events: str, identity: str = "we_1", enabled: bool = True, connected: bool = False):
    return Registered(identity, url, events or ("invoice.paid",), enabled, False, None, connected)


@pytest.mark.parametrize(
    ("url", "registered_at", "is_same"),
    [
        (URL, URL, True),
        (URL, "https://SHOP.example:443/hooks/stripe", True),
        (URL, f"{URL}/", False),
        (URL, "http://shop.example/hooks/stripe", False),
        (URL, "https://www.shop.example/hooks/stripe", False),
        (URL, f"{URL}?v=1", False),
        ("http://127.0.0.1:3001/hooks/stripe", URL, True),  # Stripe cannot reach this machine: a tunnel leads here
        ("http://127.0.0.1:3001/hooks/other", URL, False),
        ("http://127.0.0.1:3001/hooks/stripe", "http://127.0.0.1:3002/hooks/stripe", False),
    ],
)
def test_endpoints_at_a_url(url: str, registered_at: str, is_same: bool) -> None:
    assert bool(endpoints_at(url, [endpoint(registered_at)])) is is_same


@pytest.mark.parametrize(
    ("registered_at", "differs"),
    [
        (f"{URL}/", "the slash at its end"),
        ("http://shop.example/hooks/stripe", "the scheme"),
        ("https://www.shop.example/hooks/stripe", "the host"),
        ("https://shop.example:8443/hooks/stripe", "the port"),
        ("https://shop.example/Hooks/Stripe", "capital letters"),
        ("https://shop.example/other", None),
        ("https://elsewhere.example/hooks/stripe", None),
    ],
)
def test_what_a_near_url_differs_in(registered_at: str, differs: str | None) -> None:
    found = nearly_at(URL, [endpoint(registered_at)])
    assert (found[1] if found else None) == differs


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (endpoint(URL, "a.b", "c.d"), endpoint(URL, "c.d"), ("c.d",)),
        (endpoint(URL, "*"), endpoint(URL, "c.d"), ("c.d",)),
        (endpoint(URL, "a.b"), endpoint(URL, "*"), ("a.b",)),
        (endpoint(URL, "a.b"), endpoint(URL, "c.d"), None),
        (endpoint(URL, "a.b"), endpoint(f"{URL}/2", "a.b"), None),
        (endpoint(URL, "a.b"), endpoint(URL, "a.b", enabled=False), None),
        (endpoint(URL, "a.b"), endpoint(URL, "a.b", connected=True), None),
    ],
)
def test_endpoints_that_deliver_the_same_twice(first: Registered, second: Registered, shared: tuple[str, ...] | None):
    assert [types for _, _, types in doubled([first, second])] == ([shared] if shared else [])


@pytest.mark.parametrize(
    ("url", "registered_at", "is_out"),
    [
        ("http://127.0.0.1:3001/hook", [], True),
        ("http://localhost:3001/hook", [URL], True),
        ("http://127.0.0.1:3001/hook", ["http://127.0.0.1:3001/other"], False),  # the built-in Stripe reaches it
        (URL, [], False),
    ],
)
def test_what_stripe_cannot_reach(url: str, registered_at: list[str], is_out: bool) -> None:
    assert is_out_of_reach(url, [endpoint(one) for one in registered_at]) is is_out


def test_an_object_of_stripes_is_read() -> None:
    found = registered(
        {
            "id": "we_9",
            "url": URL,
            "enabled_events": ["*"],
            "status": "disabled",
            "livemode": True,
            "application": "ca_1",
        }
    )
    assert found == Registered("we_9", URL, ("*",), False, True, None, True)
    assert found.hears_all


@pytest.mark.parametrize(("version", "train"), [("2026-10-28.endive", "endive"), ("2024-06-20", "2024-06-20")])
def test_trains_of_api_versions(version: str, train: str) -> None:
    assert train_of(version) == train
