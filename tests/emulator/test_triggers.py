"""``stripe trigger`` for the payment core; ``make conformance`` runs all 121."""

from __future__ import annotations

import pytest

from tests.emulator import triggers
from tests.emulator.official_cli import Cli

CORE = (
    "charge.captured",
    "charge.dispute.created",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payment_method.attached",
    "payment_method.detached",
    "price.created",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.mark.cli
@pytest.mark.parametrize("name", CORE)
def test_the_event_happens_with_all_around_it(home, name):
    assert triggers.run(name, home) is None


@pytest.mark.cli
def test_the_table_has_every_name(emulator, home):
    assert sorted(triggers.names_of(Cli(emulator, home))) == sorted([*triggers.TABLE, *triggers.OUTSIDE])


class TestTheJudge:
    """It must be able to say no."""

    EVENT = {"id": "evt_1", "data": {"object": {"id": "x_1", "status": "paid", "items": [{"n": 1}]}}}

    def problem(self, entry, received=(), **answers):
        def get(path):
            if path.startswith("/v1/events?type="):
                return {"data": answers.get(path.split("type=")[1].split("&")[0].replace(".", "_"), [])}
            return {"status": "open"}

        class Fake:
            pass

        fake = Fake()
        fake.received = list(received)
        return triggers.problem(entry, "x.done", get, fake)

    def test_no_event(self):
        assert self.problem({"is": {}}) == "no event x.done is listed"

    @pytest.mark.parametrize(
        "wanted",
        [
            {"status": "open"},
            {"status": {"in": ["open", "void"]}},
            {"status": {"starts": "o"}},
            {"none": {"set": True}},
            {"items.0.n": 2},
            {"items.0.n": True},
            {"items.3.n": 1},
        ],
    )
    def test_an_object_in_another_state(self, wanted):
        assert "is" in self.problem({"is": wanted}, x_done=[self.EVENT])

    def test_no_delivery(self):
        entry = {"is": {"status": {"in": ["paid"]}, "id": {"starts": "x_"}, "items.0.n": 1}}
        assert self.problem(entry, x_done=[self.EVENT]) == "x.done was not delivered"
