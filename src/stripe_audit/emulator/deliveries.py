"""The delivery queue: webhook events on their way to endpoints, in order, held back or sent again.

Events about one object leave in the order of their creation; different objects side by side, eight at a time per
endpoint. A failed delivery is tried again on the emulator's clock and does not hold up what follows it: Stripe does not
guarantee order either (docs.stripe.com/webhooks, "Event ordering").
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stripe_audit.emulator.clock import Clock
from stripe_audit.emulator.config import EmulatorConfig
from stripe_audit.emulator.lineage import Hold, Lineage
from stripe_audit.emulator.recorder import Recorder
from stripe_audit.emulator.rendering import Renderer
from stripe_audit.emulator.sender import Sender
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli.sessions import Sessions
from stripe_audit.emulator.thin import THIN_ONLY, type_of

__all__ = ["Deliveries", "Delivery", "listens"]

CONCURRENCY = 8
DISABLED_AFTER = 9 * 24 * 3600.0
"""Seconds. docs.stripe.com/webhooks ("Disable behavior") says "multiple days"; merchants report nine."""
State = Literal["pending", "held", "delivered", "failed", "retrying", "withdrawn"]


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way to one endpoint."""

    event: Obj
    endpoint: Obj
    lineage: Lineage
    state: State = "pending"
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        # What a Stripe CLI acknowledged may turn out to be refused by the app, when its answer comes late.
        is_refused = self.state == "delivered" and not any(attempt["is_success"] for attempt in self.attempts)
        return {
            "event": self.event["id"],
            "type": self.event["type"],
            "object": self.event["data"]["object"].get("id") or "",
            "endpoint": self.endpoint["id"],
            "url": self.endpoint["url"],
            "state": "failed" if is_refused else self.state,
            "attempts": self.attempts,
        }


class Deliveries:
    """All deliveries of an emulator, and what steers them. Used inside its loop only."""

    def __init__(self, clock: Clock, config: EmulatorConfig, renderer: Renderer) -> None:
        self._clock = clock
        self._schedule = config.retry_schedule
        self.sender = Sender(config, renderer)
        self.sessions = Sessions(renderer)
        self.recorder: Recorder | None = None
        self._start()

    def _start(self) -> None:
        self.all: list[Delivery] = []
        self.holds: list[Hold] = []
        self._exempt: set[str] = set()
        self._failing_since: dict[str, float] = {}
        self.lanes: dict[tuple[str, str], deque[Delivery]] = {}  # by endpoint and root of the lineage
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENCY))
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsettled = 0
        self._settled = asyncio.Event()
        self._settled.set()

    def clear(self) -> None:
        """Forget everything; what is under way is broken off."""
        for task in self._tasks:
            task.cancel()
        self._settled.set()  # whoever waits for the old queue waits for nothing
        self._start()

    def state(self) -> dict[str, Any]:
        """All that a snapshot keeps. What is under way counts as not sent yet."""
        waiting = {id(due.arguments[0]) for due in self._clock.due if due.action == self._retry}
        is_next = ("pending", "retrying")
        return {
            "all": self.all,
            "holds": self.holds,
            "exempt": self._exempt,
            "failing_since": self._failing_since,
            "secrets": self.sender.secrets,
            "next": [one for one in self.all if one.state in is_next and id(one) not in waiting],
            "unsettled": sum(one.state in is_next for one in self.all),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from such a state, after ``clear``."""
        self.all, self.holds, self._exempt = state["all"], state["holds"], state["exempt"]
        self._failing_since, self.sender.secrets = state["failing_since"], state["secrets"]
        self._count(state["unsettled"])
        for delivery in state["next"]:
            self._enqueue(delivery)

    async def stop(self) -> None:
        """End all deliveries."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.sender.close()

    def offer(self, event: Obj, endpoints: Iterable[Obj], lineage: Lineage) -> None:
        """Queue an event for every enabled endpoint that listens to its type."""
        for endpoint in endpoints:
            if listens(endpoint, event["type"]):
                delivery = Delivery(event, endpoint, lineage)
                self.all.append(delivery)
                event["pending_webhooks"] += 1
                if self._is_held(lineage):
                    delivery.state = "held"
                else:
                    self._count(1)
                    self._enqueue(delivery)

    def by_hand(self, event: Obj, endpoint: Obj, lineage: Lineage) -> Delivery:
        """A delivery that the queue did not foresee: an event sent by hand."""
        delivery = Delivery(event, endpoint, lineage, state="held")
        self.all.append(delivery)
        return delivery

    def again(self, event: Obj, endpoint: Obj, lineage: Lineage) -> None:
        """Send an event once more, whatever became of it before; ``drain`` waits for it."""
        known = (one for one in self.all if one.event["id"] == event["id"] and one.endpoint["id"] == endpoint["id"])
        delivery = next(known, None) or self.by_hand(event, endpoint, lineage)
        self._count(1)
        task = asyncio.get_running_loop().create_task(self._again(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self, delivery: Delivery) -> None:
        try:
            await self._by_hand(delivery)
        finally:
            self._count(-1)

    def hold(self, hold: Hold) -> int:
        """Keep back what the hold covers, from now on and where it still waits. Returns how many were caught."""
        self.holds.append(hold)
        if hold.object is not None:
            self._exempt.discard(hold.object)
        caught = 0
        for delivery in self.all:
            if delivery.state in ("pending", "retrying") and hold.covers(delivery.lineage):
                caught += 1
                delivery.state = "held"
                self._count(-1)
        return caught

    def held(self, hold: Hold) -> list[Delivery]:
        """What waits under this hold, oldest first."""
        return [delivery for delivery in self.all if delivery.state == "held" and hold.covers(delivery.lineage)]

    def lift(self, hold: Hold) -> None:
        """End a hold: later events leave on their own. Lifting an object exempts it from all wider holds too."""
        if hold.covers_all:
            self.holds.clear()
            self._exempt.clear()
            return
        self.holds = [other for other in self.holds if other != hold]
        if hold.object is not None:
            self._exempt.add(hold.object)

    async def send_now(self, deliveries: Sequence[Delivery], *, copies: int, concurrent: bool) -> list[dict[str, Any]]:
        """Send these in this order, each ``copies`` times; all at once if ``concurrent``. Failures are not retried."""
        wanted = [delivery for delivery in deliveries for _ in range(copies)]
        if concurrent:
            return list(await asyncio.gather(*(self._by_hand(delivery) for delivery in wanted)))
        return [await self._by_hand(delivery) for delivery in wanted]

    def withdraw(self, events: Iterable[str]) -> int:
        """Never deliver these events (again). Returns how many deliveries were stopped."""
        names, count = set(events), 0
        for delivery in self.all:
            if delivery.event["id"] in names and delivery.state in ("pending", "held", "retrying"):
                if delivery.state != "held":
                    self._count(-1)
                delivery.state = "withdrawn"
                count += 1
        return count

    async def drain(self, timeout: float) -> bool:
        """Wait until nothing is pending or waits for a retry; False if ``timeout`` seconds pass first."""
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            return False
        return True

    def _is_held(self, lineage: Lineage) -> bool:
        if not self.holds or not lineage.ids.isdisjoint(self._exempt):
            return False
        return any(hold.covers(lineage) for hold in self.holds)

    def _count(self, change: int) -> None:
        self._unsettled = max(0, self._unsettled + change)  # one sent by hand may outlive ``clear``
        if self._unsettled:
            self._settled.clear()
        else:
            self._settled.set()

    def _enqueue(self, delivery: Delivery) -> None:
        key = (delivery.endpoint["id"], delivery.lineage.root)
        lane = self.lanes.get(key)
        if lane is not None:
            lane.append(delivery)
            return
        self.lanes[key] = deque([delivery])
        task = asyncio.get_running_loop().create_task(self._work(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, key: tuple[str, str]) -> None:
        lane = self.lanes[key]
        try:
            while lane:
                delivery = lane.popleft()
                async with self._slots[key[0]]:
                    if delivery.state in ("pending", "retrying"):
                        await self._deliver(delivery)
        finally:
            if self.lanes.get(key) is lane:
                del self.lanes[key]

    async def _deliver(self, delivery: Delivery) -> None:
        attempt = await self._attempt(delivery)
        if delivery.state not in ("pending", "retrying"):  # held or withdrawn while it was under way
            if attempt["is_success"] and delivery.state == "held":
                delivery.state = "delivered"
            return
        tries = len(delivery.attempts)
        if attempt["is_success"] or attempt["is_final"] or tries > len(self._schedule):
            delivery.state = "delivered" if attempt["is_success"] else "failed"
            self._count(-1)
        else:
            delivery.state = "retrying"
            self._clock.later(self._schedule[tries - 1], self._retry, delivery)

    def _retry(self, delivery: Delivery) -> None:
        if delivery.state != "retrying":
            return
        if delivery.endpoint["status"] != "enabled":  # Stripe stops once an endpoint is disabled or deleted
            delivery.state = "failed"
            self._count(-1)
            return
        self._enqueue(delivery)

    async def _by_hand(self, delivery: Delivery) -> dict[str, Any]:
        attempt = await self._attempt(delivery)
        if attempt["is_success"]:
            if delivery.state in ("pending", "retrying"):
                self._count(-1)
            delivery.state = "delivered"
        elif delivery.state == "held":
            delivery.state = "failed"
        return attempt

    async def _attempt(self, delivery: Delivery) -> dict[str, Any]:
        carrier = self.sessions.carrier(delivery.endpoint["id"]) or self.sender
        attempt = await carrier.send(delivery.event, delivery.endpoint)
        if attempt["is_success"] and not any(earlier["is_success"] for earlier in delivery.attempts):
            delivery.event["pending_webhooks"] = max(0, delivery.event["pending_webhooks"] - 1)
        delivery.attempts.append(attempt)
        if self.recorder is not None:
            self.recorder.delivery(delivery.event, delivery.endpoint, attempt)
        self._judge(delivery.endpoint, is_success=attempt["is_success"])
        return attempt

    def _judge(self, endpoint: Obj, *, is_success: bool) -> None:
        """Disable an endpoint that has done nothing but fail for a long time."""
        if is_success:
            self._failing_since.pop(endpoint["id"], None)
        elif self._clock.now() - self._failing_since.setdefault(endpoint["id"], self._clock.now()) > DISABLED_AFTER:
            endpoint["status"] = "disabled"


def listens(endpoint: Obj, type: str) -> bool:
    """Whether an endpoint is enabled and has asked for this type."""
    is_thin = endpoint.get("event_payload") == "thin"
    name = type_of(type) if is_thin else type
    if type in THIN_ONLY and not is_thin:
        return False
    return endpoint["status"] == "enabled" and ("*" in endpoint["enabled_events"] or name in endpoint["enabled_events"])
