"""Pages in both directions, filters, search."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay


@pytest.fixture
def customers(client):
    """Seven customers, newest first."""
    return [client.v1.customers.create({"name": f"c{n}"}).id for n in range(7)][::-1]


def ids(page):
    return [one.id for one in page.data]


def test_the_newest_comes_first(client, customers):
    page = client.v1.customers.list()
    assert ids(page) == customers
    assert (page.object, page.has_more, page.url) == ("list", False, "/v1/customers")


def test_ten_at_a_time_by_default(client, customers):
    for number in range(4):
        client.v1.customers.create({"name": f"more {number}"})
    page = client.v1.customers.list()
    assert (len(page.data), page.has_more) == (10, True)


def test_forwards(client, customers):
    first = client.v1.customers.list({"limit": 3})
    second = client.v1.customers.list({"limit": 3, "starting_after": first.data[-1].id})
    third = client.v1.customers.list({"limit": 3, "starting_after": second.data[-1].id})
    assert ids(first) + ids(second) + ids(third) == customers
    assert [page.has_more for page in (first, second, third)] == [True, True, False]


def test_backwards(client, customers):
    last = client.v1.customers.list({"limit": 3, "ending_before": customers[-1]})
    assert ids(last) == customers[3:6] and last.has_more is True
    first = client.v1.customers.list({"limit": 3, "ending_before": last.data[0].id})
    assert ids(first) == customers[0:3] and first.has_more is False


@pytest.mark.parametrize("params", [{"limit": 2}, {"limit": 3}, {"limit": 100}])
def test_the_library_walks_through_all_pages(client, customers, params):
    assert [one.id for one in client.v1.customers.list(params).auto_paging_iter()] == customers
    backwards = client.v1.customers.list({**params, "ending_before": customers[-1]}).auto_paging_iter()
    assert [one.id for one in backwards] == customers[:-1][::-1]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"starting_after": "cus_none"}, "starting_after"),
        ({"ending_before": "cus_none"}, "ending_before"),
        ({"created": {"after": 1}}, "created[after]"),
        ({"created": "now"}, "created"),
    ],
)
def test_impossible_pages_are_refused(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.list(params)
    assert caught.value.param == param


def test_both_cursors_at_once_are_refused(client, customers):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        client.v1.customers.list({"starting_after": customers[0], "ending_before": customers[1]})


def test_by_time_of_creation(client, control):
    early = client.v1.customers.create({}).created
    control.post("clock/advance", seconds=100)
    late = client.v1.customers.create({}).created
    assert late - early >= 100
    for bounds, expected in (
        ({"gt": early}, [late]),
        ({"gte": early}, [late, early]),
        ({"lt": late}, [early]),
        ({"lte": late, "gt": early}, [late]),
        (early, [early]),
    ):
        assert [one.created for one in client.v1.customers.list({"created": bounds}).data] == expected


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("metadata['order']:'7'", ["one"]),
            ('metadata["order"]:"7"', ["one"]),
            ("amount>2500", ["two"]),
            ("amount>=2000 AND currency:'usd'", ["two", "one"]),
            ("status:'succeeded' OR amount:3000", ["two", "one"]),
            ("-metadata['order']:'7'", ["two"]),
            ("description~'first'", ["one"]),
            ("metadata['order']:null", ["two"]),
            ("currency:'eur'", []),
        ],
    )
    def test_finds(self, client, query, expected):
        pay(client, metadata={"order": "7"}, description="the first one")
        create(client, amount=3000)
        names = {2000: "one", 3000: "two"}
        found = client.v1.payment_intents.search({"query": query})
        assert [names[intent.amount] for intent in found.data] == expected
        assert (found.object, found.has_more) == ("search_result", False)

    def test_goes_through_pages(self, client, customers):
        found = client.v1.customers.search({"query": "name~'c'", "limit": 3})
        assert found.has_more is True
        assert [one.id for one in found.auto_paging_iter()] == customers

    @pytest.mark.parametrize(
        "params", [{"query": "no query"}, {"query": "a:'b"}, {"query": "a:'b'", "page": "9" * 4500}]
    )
    def test_refuses_what_it_cannot_read(self, client, params):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.customers.search(params)
