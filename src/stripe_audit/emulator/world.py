"""Everything that one emulator remembers, and the one call that is being answered."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from stripe_audit.emulator.cards import Card
from stripe_audit.emulator.checkout_ledger import CheckoutLedger
from stripe_audit.emulator.clock import Clock, Due
from stripe_audit.emulator.config import EmulatorConfig
from stripe_audit.emulator.deliveries import Deliveries
from stripe_audit.emulator.errors import ApiError, missing_resource
from stripe_audit.emulator.faults import Faults
from stripe_audit.emulator.idempotency import SavedAnswers
from stripe_audit.emulator.ids import Ids
from stripe_audit.emulator.journal import Journal
from stripe_audit.emulator.ledger import BillingLedger
from stripe_audit.emulator.lineage import Lineage, clock_of
from stripe_audit.emulator.permissions import RestrictedKey
from stripe_audit.emulator.reactions import REACTIONS
from stripe_audit.emulator.recorder import Recorder
from stripe_audit.emulator.rendering import Renderer
from stripe_audit.emulator.scopes import Scope
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.snapshots import Snapshots
from stripe_audit.emulator.store import Obj, Store, snapshot
from stripe_audit.keys import TestKeys

__all__ = ["Call", "Caller", "World"]

log = logging.getLogger(__name__)

Caller = Literal["target", "audit", "customer", "unknown"]
"""Whose call it is; ``unknown`` for one that came without a key that may call."""

_SPEAKING = ("description", "receipt_email", "email")
_REFERENCES = ("id", "payment_intent", "latest_charge", "charge", "customer")
_SPOKEN = {
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
    "test_helpers.test_clock": "test clock",
    "webhook_endpoint": "webhook endpoint",
}
"""Kinds as Stripe's "No such …" messages write them, where that is not the plain words."""
_PATH_PARAM = {"payment_intent": "intent", "payment_method": "payment_method"}


@dataclass(slots=True)
class Call:
    """One call to the API, as its endpoint sees it. ``ids`` come from the path, ``params`` are checked and typed."""

    world: World
    caller: Caller
    method: str
    path: str
    ids: tuple[str, ...]
    params: dict[str, Any]
    version: str
    request_id: str | None
    """None where nobody called: time has passed."""
    idempotency_key: str | None = None
    key: str = ""
    """The API key's ``key_id``: the same for the same key, and useless to whoever reads it."""
    touched: str | None = None
    """The object that the call was about, where the answer does not name it."""


class World:
    """The state of one account. Only the emulator's loop touches it."""

    def __init__(self, config: EmulatorConfig, keys: TestKeys, control_token: str) -> None:
        self.config = config
        self.keys = keys
        self.control_token = control_token
        self.url = ""
        self.clock = Clock(config.clock, self._happen)
        self.renderer = Renderer(Store())
        self.deliveries = Deliveries(self.clock, config, self.renderer)
        self.live_keys_refused = 0
        self.defects: list[str] = []
        self.restricted: dict[str, RestrictedKey] = {}
        """By ``key_id``. Like the other keys they outlive a reset."""
        self.generation = 0
        """Goes up with each reset and restore: a call that waited meanwhile belongs to what is gone."""
        self.snapshots = Snapshots(self)
        self.recorder = Recorder(config.record, config.record_limit) if config.record else None
        self.deliveries.recorder = self.recorder
        self._start()

    def _start(self) -> None:
        self.ids = Ids(self.config.seed)
        own = Scope(self.keys.account)
        self.scopes = {own.account: own}
        """The account's own objects, and those of each connected account."""
        self._enter(own)
        self.connect_endpoints: set[str] = set()
        """Webhook endpoints that hear of connected accounts, and of nothing else."""
        self.journal = Journal(self.config.keep)
        self.faults = Faults(self.ids)
        self.saved = SavedAnswers(self.clock, self.config.keep)
        self.authenticated: set[str] = set()
        """Payment methods that passed 3DS while they were being set up for later use."""
        self.cards: dict[str, Card] = {}
        """The test card behind each payment method and token."""
        self.billing = BillingLedger()
        self.checkout = CheckoutLedger()
        self.file_contents: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        """Files that a call is just bringing."""
        self.ephemeral: dict[str, str] = {}
        """The ``key_id`` behind an ephemeral key's id."""
        self.spent: set[str] = set()
        """Payment methods that paid without a customer, or were detached: they cannot be used again."""

    def _enter(self, scope: Scope) -> None:
        self.scope, self.funds = scope, scope.funds
        self.store = self.renderer.store = scope.store
        self.clock.account = scope.account

    def _happen(self, due: Due) -> None:
        """What was left for later happens, among the objects of the account whose call left it."""
        try:
            with self.within(due.account or self.keys.account):
                due.action(*due.arguments)
        except Exception as error:  # the emulator's own mistake: the clock must go on, and it must be seen
            log.exception("time passes")
            self.defects.append(f"time passes: {due.action!r}: {type(error).__name__}: {error}")

    @contextlib.contextmanager
    def within(self, account: str) -> Iterator[None]:
        """See and make objects of this account. Raises ApiError 403 for one that is not connected."""
        scope = self.scopes.get(account)
        if scope is None:
            raise ApiError(
                f"The provided key does not have access to account '{account[:100]}' (or that account does not exist). "
                "Application access may have been revoked.",
                status=403,
                code="account_invalid",
            )
        outer = self.scope
        self._enter(scope)
        try:
            yield
        finally:
            self._enter(outer)

    def owner_of(self, identity: str) -> str:
        """The account that has this object; the own one where none has it."""
        owners = (scope.account for scope in self.scopes.values() if identity in scope.store.by_id)
        return next(owners, self.keys.account)

    def reset(self) -> None:
        """Forget all objects, calls, faults, saved answers and deliveries. Keys, token and snapshots stay."""
        self.break_off()
        self._start()

    def break_off(self) -> None:
        """End whatever is under way or waits, as a new state is about to take the place of this one."""
        self.generation += 1
        self.faults.lift_all()
        self.clock.clear()
        self.deliveries.clear()

    def enter_own(self) -> None:
        """See the account's own objects."""
        self._enter(self.scopes[self.keys.account])

    def find(self, kind: str, identity: str, param: str | None = None) -> Obj:
        """The object. Raises ApiError: 404 for an id in the path, 400 for one in the parameter ``param``."""
        found = self.store.get(kind, identity)
        if found is None:
            shown = identity[:200]
            raise missing_resource(
                _SPOKEN.get(kind, kind.replace("_", " ")),
                shown,
                param or _PATH_PARAM.get(kind, "id"),
                status=400 if param else 404,
            )
        return found

    def fingerprint(self, number: str) -> str:
        """The same for the same card number, within this account."""
        return hashlib.sha256(f"{self.keys.account} {number}".encode()).hexdigest()[:16]

    def emit(
        self,
        type: str,
        obj: Obj,
        call: Call | None = None,
        *,
        previous: dict[str, Any] | None = None,
        is_delivered: bool = True,
        **overrides: Any,
    ) -> str:
        """Record a webhook event about ``obj`` as it is now, and hand it to the deliveries. Returns the event's id."""
        listeners = self.listeners() if is_delivered else ()
        data: dict[str, Any] = {"object": snapshot(obj) if listeners else obj}
        if previous is not None:
            data["previous_attributes"] = previous
        event = blank(
            "event",
            id=self.ids.new("evt"),
            object="event",
            api_version=self.config.api_version,
            created=self._time_of(obj),
            data=data,
            livemode=False,
            pending_webhooks=0,
            request={
                "id": call.request_id if call else None,
                "idempotency_key": call.idempotency_key if call else None,
            },
            type=type,
        )
        if self.scope.account != self.keys.account:
            event["account"] = self.scope.account
        event.update(overrides)
        if listeners:
            self.deliveries.offer(event, listeners, self.lineage(obj))
        if event["pending_webhooks"]:
            self.store.events.add(event)
        else:
            self.store.events.add_packed(event)
        for react in REACTIONS.get(type, ()):
            react(self, obj, call)
        return str(event["id"])

    def _time_of(self, obj: Obj) -> int:
        """Now, where the object lives: on a test clock, if its customer does."""
        if self.store.by_kind["test_helpers.test_clock"] and (clock := clock_of(self.store, obj)) is not None:
            return int(clock["frozen_time"])
        return self.clock.seconds()

    def listeners(self) -> list[Obj]:
        """Whatever events are delivered to: webhook endpoints, event destinations, the Stripe CLI's sessions."""
        own = self.scopes[self.keys.account].store.by_kind
        is_own = self.scope.account == self.keys.account
        hooks = [one for one in own["webhook_endpoint"].values() if (one["id"] in self.connect_endpoints) != is_own]
        source = "@self" if is_own else "@accounts"
        destinations = own["v2.core.event_destination"].values()
        hooks += [one for one in destinations if source in (one.get("events_from") or ["@self"])]
        if not is_own:
            hooks += self.store.by_kind["webhook_endpoint"].values()
        return [*hooks, *self.deliveries.sessions.listeners()]

    def lineage(self, obj: Obj) -> Lineage:
        """What an object belongs to: its own id, the ids it refers to, and the metadata on the way."""
        ids = {obj[name] for name in _REFERENCES if isinstance(obj.get(name), str)}
        family = [obj]
        for owner_id in sorted(ids):
            owner = self.store.by_id.get(owner_id)
            if owner is not None and owner["object"] in ("payment_intent", "charge"):
                family.append(owner)
        metadata = tuple(member.get("metadata") or {} for member in family)
        words = [str(member.get(name)) for member in family for name in _SPEAKING if member.get(name)]
        words += [str(value) for values in metadata for value in values.values()]
        root = obj.get("payment_intent") or obj.get("charge") or obj.get("id") or ""
        return Lineage(root if isinstance(root, str) else "", frozenset(ids), metadata, tuple(words))

    def family(self, identity: str) -> set[str]:
        """A payment intent's id with those of its charges, refunds and disputes; a charge's with the latter two."""
        charges = [identity, *(charge["id"] for charge in self.store.members("charge", identity))]
        found = set(charges)
        for charge_id in charges:
            for kind in ("refund", "dispute"):
                found.update(one["id"] for one in self.store.members(kind, charge_id))
        return found
