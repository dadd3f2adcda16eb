"""Which events of a real account reach the target, whoever is earlier: the event or the one who follows its object."""

from __future__ import annotations

from stripe_audit.stripe_backend.account.sending import Endpoint, Queue

EVENT = {"id": "evt_1", "type": "payment_intent.created", "data": {"object": {"id": "pi_1"}}}


def test_an_event_heard_before_its_object_is_followed_waits_for_that_and_for_nothing_else(monkeypatch):
    monkeypatch.setattr(Queue, "_poll", lambda _: None)  # Stripe is not asked
    queue = Queue(list)
    queue.add(Endpoint("http://127.0.0.1:1/", "whsec_1"))
    try:
        queue.hear(EVENT, b"{}", "t=1,v1=00")
        assert queue.deliveries("pi_1") == []
        queue.follow("pi_1")
        (delivery,) = queue.deliveries("pi_1")
        assert (delivery.event, delivery.type) == ("evt_1", "payment_intent.created")
    finally:
        queue.stop()
