"""Experiments on the sound shop: that what they claim to do to it really happens."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from stripe_audit import trials
from stripe_audit.context import Context
from stripe_audit.models import Effect
from stripe_audit.safety import Interlock, Permission
from stripe_audit.testing import DemoStage, demo_stage

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def stage() -> Iterator[DemoStage]:
    with demo_stage() as opened:
        yield opened


@pytest.fixture
def experiment(stage: DemoStage):
    """Runs something with a context of its own."""

    def run(function):
        async def inside():
            world = stage.world(Interlock(Permission(Effect.LOAD, "a test")))
            ctx = Context(world, f"experiment-{next(NUMBERS):03}")
            try:
                return await function(ctx)
            finally:
                await ctx.aclose()

        return asyncio.run(inside())

    return run


@pytest.mark.parametrize("identity", sorted(trials.JOURNEYS))
def test_every_journey_ends_where_it_says(experiment, identity):
    async def go(ctx):
        payment = await trials.travel(ctx, identity)
        order, has_arrived = await ctx.orders.eventually(
            payment, lambda order: order.state is trials.JOURNEYS[identity].ending
        )
        assert has_arrived, order

    experiment(go)


def test_a_held_journey_is_told_of_in_the_order_given(experiment):
    async def go(ctx):
        payment = await trials.travel(ctx, "declined-then-paid", is_held=True)
        events = await trials.deliverable(ctx, payment)
        assert {one.state for one in await ctx.stripe.deliveries(payment.intent)} == {"held"}
        answers = await trials.tell(ctx, payment, events[::-1])
        assert all(map(trials.is_acknowledged, answers))
        sent = [(one.attempts[0].at, one.type) for one in await ctx.stripe.deliveries(payment.intent)]
        told = list(dict.fromkeys(kind for _, kind in sorted(sent)))
        assert told == ["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.created"]

    experiment(go)


def test_the_answer_that_is_lost_is_lost_after_its_effect_and_for_this_order_alone(experiment):
    async def go(ctx):
        mark = await ctx.stripe.mark()
        submitted = await trials.submit_again(ctx, "lost-answer")
        calls = [call for call in await ctx.stripe.journal(since=mark, caller="target") if call.method == "POST"]
        faulted = [call for call in calls if call.fault]
        assert submitted.is_tried
        assert len(submitted.charged) == 1
        assert faulted
        assert {(call.status, call.object) for call in faulted} == {(200, submitted.charged[0]["id"])}
        assert any(call.object != submitted.charged[0]["id"] and not call.fault for call in calls)
        assert any(call.replayed and not call.fault for call in calls)

    experiment(go)


@pytest.mark.parametrize("identity", sorted(trials.SUBMISSIONS))
def test_the_sound_shop_charges_once_however_an_order_is_submitted(experiment, identity):
    assert len(experiment(lambda ctx: trials.submit_again(ctx, identity)).charged) == 1


def test_copies_are_really_sent(experiment):
    async def go(ctx):
        payment = await ctx.payments.paid(is_held=True)
        await trials.REPETITIONS["at-once"][1](ctx, payment)
        counts = [len(one.attempts) for one in await ctx.stripe.deliveries(payment.intent)]
        assert counts
        assert set(counts) == {4, 12}  # more of those that tell of a success

    experiment(go)


@pytest.mark.parametrize("way", sorted(trials.CUSTOMER_WAYS))
def test_customers_are_asked_for_more_than_once(experiment, way):
    seen = experiment(lambda ctx: trials.create_customer_repeatedly(ctx, way))
    assert len(seen.living) == 1 and seen.living == seen.shown
    if way == "lost-answer":
        lost, again = seen.answers
        assert not lost.is_success and again.is_success
    else:
        assert len(seen.answers) == 3
