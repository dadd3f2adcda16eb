"""Every object that a test here leaves behind, and every object in an event, has the shape of its class."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import Control


@pytest.fixture(autouse=True)
def shapes_hold(_empty_and_unharmed: None, control: Control) -> Iterator[None]:
    yield
    for event in control.get("events")["events"]:
        found = differences(event["data"]["object"])
        assert not found, (event["type"], found)


@pytest.fixture
def seen(control: Control) -> Callable[[], list[str]]:
    """The types of all events so far, oldest first."""
    return lambda: [event["type"] for event in control.get("events")["events"]]


@pytest.fixture
def previous(control: Control) -> Callable[[str], dict | None]:
    """What the last event of a type says that has changed."""

    def of(type: str) -> dict | None:
        events = [event for event in control.get("events")["events"] if event["type"] == type]
        return events[-1]["data"].get("previous_attributes")

    return of


@pytest.fixture
def later(control: Control) -> Callable[[float], None]:
    """So many seconds pass on the emulator's clock; what is due then has happened."""

    def pass_time(seconds: float) -> None:
        control.post("clock/advance", seconds=seconds)

    return pass_time


@pytest.fixture
def price(client: stripe.StripeClient) -> stripe.Price:
    """15 euros, once."""
    return client.v1.prices.create({"currency": "eur", "unit_amount": 1500, "product_data": {"name": "T-shirt"}})


@dataclass(frozen=True)
class Page:
    """What a browser got: the page, or where it was sent."""

    status: int
    text: str
    location: str | None


class _Stays(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, request, answer, code, message, headers):
        return answer


@pytest.fixture
def surf() -> Callable[..., Page]:
    """A browser that does not follow redirects: GET, or POST of a form."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays())

    def go(url: str, **form: str) -> Page:
        body = urllib.parse.urlencode(form).encode() if form else None
        try:
            with opener.open(urllib.request.Request(url, data=body), timeout=10) as answer:
                return Page(answer.status, answer.read().decode(), answer.headers["Location"])
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode(), None)

    return go
