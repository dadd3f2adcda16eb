"""What the report keeps of a run's exchanges: those that evidence refers to, whole, and those that tell a story.

A finding's *story* is what happened to the payment that it is about: the order, the app's calls to Stripe, the
customer's payment, the webhook events and what was read afterwards. Exchanges belong together when they name the same
order or the same object of Stripe's, directly or through one another. Of a check of the integration phase that found
nothing, one payment is kept as its *journey*.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from stripe_audit.models import CheckResult, Exchange, Finding, Message, Outcome, Party

__all__ = ["Kept", "kept_of"]

STORY_CAP = 40
"""Exchanges of one story; what evidence refers to is always among them."""
_JOURNEYS = "6."
"""The tasks whose checks follow whole payments."""
_BRIEF = 240
_CROWD = 12
"""Who names more objects than this is a list of them, and binds nothing together."""
_OBJECTS = re.compile(r"\b(?:pi|seti|cs_test|in|sub|sub_sched|re|ch|py|dp)_[A-Za-z0-9]{6,64}")


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """The exchanges in their order, and the ids of each story: by a finding's fingerprint, or by a check's id."""

    exchanges: tuple[Exchange, ...]
    stories: Mapping[str, tuple[str, ...]]


def kept_of(
    results: Sequence[CheckResult],
    get: Callable[[str], Exchange | None],
    *,
    stripe_side: Sequence[str] = (),
    tag: str = "",
    scenarios: Collection[str] = (),
) -> Kept:
    """What the report keeps. ``stripe_side`` are the ids of the target's calls to Stripe and of Stripe's deliveries.

    ``tag`` marks the orders of the run; ``scenarios`` are checks that follow a journey whatever their task is.
    """
    cited = {e.exchange for r in results for f in r.findings for e in f.evidence if e.exchange}
    whole = {one.id: one for one in map(get, cited) if one}
    told: dict[str, Exchange] = {}
    stories: dict[str, tuple[str, ...]] = {}
    shared = _Named((one for one in map(get, stripe_side) if one), tag)
    for result in results:
        follows = result.task.startswith(_JOURNEYS) or result.check in scenarios
        is_journey = result.outcome is Outcome.PASSED and follows
        if not result.findings and not is_journey:
            continue
        own = _Named((one for one in map(get, result.exchanges) if one), tag)
        found = {finding.fingerprint: _story(finding, own, shared) for finding in reversed(result.findings)}
        if is_journey and (journey := _example(own, shared)):
            found[result.check] = journey
        for name, story in found.items():
            stories[name] = tuple(one.id for one in story)
            told.update((one.id, one) for one in story)
    brief = {identity: _brief(one) for identity, one in told.items()}
    exchanges = sorted({**brief, **whole}.values(), key=lambda one: int(one.id[1:]))
    return Kept(tuple(exchanges), stories)


class _Named:
    """Exchanges with the names of orders and objects in them."""

    def __init__(self, exchanges: Iterable[Exchange], tag: str) -> None:
        order = re.compile(rf"\b{re.escape(tag)}-[a-z0-9-]+-\d{{3,}}\b") if tag else None
        self.exchanges = {one.id: one for one in exchanges}
        self.names = {identity: _names(one, order) for identity, one in self.exchanges.items()}
        self._naming: dict[str, list[str]] = {}
        for identity, own in self.names.items():
            if len(own) <= _CROWD:
                for name in own:
                    self._naming.setdefault(name, []).append(identity)

    def naming(self, names: set[str]) -> set[str]:
        """The exchanges that name one of these."""
        return {identity for name in names for identity in self._naming.get(name, ())}


def _names(exchange: Exchange, order: re.Pattern[str] | None) -> set[str]:
    answer = exchange.response.body if exchange.response else ""
    found: set[str] = set()
    for text in (exchange.url, exchange.request.body, answer):
        found.update(_OBJECTS.findall(text))
        if order:
            found.update(order.findall(text))
    return found


def _story(finding: Finding, own: _Named, shared: _Named) -> list[Exchange]:
    """What led to the finding, in order of time.

    Evidence that names no exchange says not to which payment it belongs: then one of the check's payments is shown as
    an example, one with a fault or a duplicate in it where there is one.
    """
    shown = [evidence for evidence in finding.evidence if evidence.exchange in own.exchanges]
    first = next((evidence for evidence in shown if evidence.data), shown[0] if shown else None)
    if first and first.exchange:
        return _around(first.exchange, own, shared)
    return _example(own, shared)


def _example(own: _Named, shared: _Named) -> list[Exchange]:
    """A payment of the check, one with a fault or a duplicate in it where there is one; empty where it made none."""
    begun = [one.id for one in own.exchanges.values() if one.source is Party.CUSTOMER and own.names[one.id]]
    examples = [_around(identity, own, shared) for identity in begun[:12]]
    return max(examples, key=lambda story: any(one.fault or one.duplicate for one in story), default=[])


def _around(identity: str, own: _Named, shared: _Named) -> list[Exchange]:
    """The exchange, and those that name what it names; at most ``STORY_CAP``, most of them from before it."""
    names = set(own.names[identity])
    chosen = {identity}
    for _ in range(3):  # order → payment → charge
        chosen.update(own.naming(names), shared.naming(names))
        found = [own.names.get(one) or shared.names.get(one, set()) for one in chosen]
        wider = names.union(*(some for some in found if len(some) <= _CROWD))
        if wider == names:
            break
        names = wider
    every = {**shared.exchanges, **own.exchanges}
    ordered = sorted((every[one] for one in chosen), key=lambda one: (one.started_at, int(one.id[1:])))
    at = next(index for index, one in enumerate(ordered) if one.id == identity)
    start = max(0, min(at - STORY_CAP * 3 // 4, len(ordered) - STORY_CAP))
    return ordered[start : start + STORY_CAP]


def _brief(exchange: Exchange) -> Exchange:
    """The exchange without its headers, and with the beginnings of its bodies."""
    answer = exchange.response and _cut(exchange.response)
    return dataclasses.replace(exchange, request=_cut(exchange.request), response=answer)


def _cut(message: Message) -> Message:
    is_cut = message.truncated or len(message.body) > _BRIEF
    return Message((), message.body[:_BRIEF], is_cut)
