"""Proof of test mode: what is known before anything is written, and the canary, the one write that goes first."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from stripe_audit.audit.connection import what_to_try
from stripe_audit.audit.stage import Stage
from stripe_audit.context import Context
from stripe_audit.errors import AuditError, Ending, StripeError
from stripe_audit.keys import KeyMode, parse_key
from stripe_audit.models import Effect
from stripe_audit.safety import Interlock, Permission, TestModeFacts, is_loopback, permission
from stripe_audit.settings import Settings
from stripe_audit.stripe_backend.account import RealAccount

__all__ = ["Proof", "expected_permission", "known_facts", "prove"]

_FIRST_CALL_S = 2.0
"""How long a launched target has to make its first call to Stripe by itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is permitted, and what the report should say about how that was found out."""

    permission: Permission
    notes: tuple[str, ...] = ()
    is_tried: bool = True
    """Whether the target was given an occasion to call Stripe."""


def expected_permission(settings: Settings, *, is_launching: bool) -> Permission:
    """What a run of these settings will be permitted, if the target does what they say. Starts nothing."""
    facts = _declared_facts(settings, is_launching=is_launching, calls=1, live_keys=0)
    expected = permission(facts, allow_probes=settings.model.audit.allow_probes)
    if facts.launched and expected.strongest > Effect.PROBE:
        return replace(expected, reason="provided that the launched target is seen to use the audit's own test keys")
    return expected


def known_facts(stage: Stage, *, calls: int) -> TestModeFacts:
    """What settings and journal say. ``calls`` made by the target with the audit's keys."""
    live_keys = stage.stripe.live_keys_refused() if stage.stripe else 0
    return _declared_facts(stage.settings, is_launching=stage.is_launching, calls=calls, live_keys=live_keys)


def _declared_facts(settings: Settings, *, is_launching: bool, calls: int, live_keys: int) -> TestModeFacts:
    target = settings.model.target
    declared = settings.secret(settings.model.stripe.secret_key)
    mode = parse_key(declared).mode if declared else KeyMode.UNKNOWN
    signs = (f"the target called Stripe with a live key ({live_keys} times, all refused)",) if live_keys else ()
    launch = target.launch
    host = urlsplit(target.url or "").hostname or ""
    is_near = not host or is_loopback(host) or host in settings.model.audit.faults_allowed_on
    return TestModeFacts(
        environment=target.environment,
        launched=is_launching,
        keys_injected=launch is not None and (target.stripe in ("inject", "proxy") or launch.says("secret_key")),
        calls_with_audit_keys=calls,
        declared_key=None if mode is KeyMode.UNKNOWN else mode.value,
        live_signs=signs,
        far_host="" if is_near else host,
    )


def prove(stage: Stage, *, allow_probes: bool) -> Proof:
    """Find out what is permitted. Writes at most one payment: the canary."""
    if stage.unreached:
        return Proof(permission(known_facts(stage, calls=0), allow_probes=allow_probes))
    calls = _first_calls(stage)
    facts = known_facts(stage, calls=calls)
    granted = permission(facts, allow_probes=allow_probes)
    may_try = facts.launched and facts.keys_injected and facts.environment == "test" and not facts.live_signs
    if not granted.strongest > Effect.PROBE and not (may_try and stage.stripe):
        return Proof(_advised(granted, facts, stage))
    trouble = _canary(stage)
    if trouble.is_elsewhere and isinstance(stage.stripe, RealAccount):
        told = "the target created a payment, but not in the account of stripe.secret_key"
        return Proof(Permission(Effect.READ, told, "stripe.secret_key: the key that the target uses"), trouble.notes)
    facts = known_facts(stage, calls=_calls(stage))
    if facts.live_signs or (facts.launched and not facts.calls_with_audit_keys):
        return Proof(_advised(permission(facts, allow_probes=allow_probes), facts, stage), trouble.notes)
    if trouble.live_sign:
        return Proof(permission(replace(facts, live_signs=(trouble.live_sign,)), allow_probes=allow_probes))
    if trouble.is_elsewhere:
        told = "the target created a payment, but not at the audit's Stripe: it does not reach the emulator"
        return Proof(Permission(Effect.READ, told, what_to_try(stage)), trouble.notes)
    return Proof(permission(facts, allow_probes=allow_probes), trouble.notes)


def _advised(granted: Permission, facts: TestModeFacts, stage: Stage) -> Permission:
    """With what to try for this very target, where it was launched and its calls were not seen."""
    is_unseen = facts.launched and not facts.calls_with_audit_keys and granted.strongest is Effect.PROBE
    return replace(granted, setting=what_to_try(stage)) if is_unseen else granted


@dataclass(frozen=True, slots=True)
class _Canary:
    notes: tuple[str, ...] = ()
    live_sign: str | None = None
    is_elsewhere: bool = False


def _canary(stage: Stage) -> _Canary:
    """One payment through the target, not paid, and where it went."""
    if "create_payment" not in stage.spec.routes or not stage.spec.items:
        return _Canary()
    interlock = Interlock(Permission(Effect.WRITE, "the canary"))

    async def write() -> _Canary:
        context = Context(stage.world(interlock), "canary")
        try:
            async with asyncio.timeout(stage.settings.model.audit.timeout):
                payment = await context.payments.new()
            if stage.stripe is None:
                return _Canary()
            if isinstance(stage.stripe, RealAccount):
                return await _found_in(stage.stripe, context, payment.intent)
            seen = await context.stripe.journal(object=payment.intent, caller="target")
            return _Canary(is_elsewhere=not seen)
        except TimeoutError:
            return _Canary(("the first payment was not created in time",))
        except Ending as ending:
            return _Canary((f"the first payment was not created: {ending.message}",))
        except AuditError as error:
            return _Canary((f"the first payment could not be tried: {error.message}",))
        finally:
            await context.aclose()

    found = asyncio.run(write())
    granted = interlock.granted
    return replace(found, live_sign=granted.reason) if granted.strongest is Effect.READ else found


async def _found_in(account: RealAccount, context: Context, intent: str) -> _Canary:
    """Whether a real account knows a payment; with its own test key it cannot show one of live mode."""
    account.follow(intent)
    try:
        await context.stripe.get(f"/v1/payment_intents/{intent}")
    except StripeError:
        return _Canary(is_elsewhere=True)
    account.saw_target()
    return _Canary()


def _calls(stage: Stage) -> int:
    return stage.stripe.target_calls() if stage.stripe else 0


def _first_calls(stage: Stage) -> int:
    """How many calls the target has made, as soon as it is not none, or after a moment."""
    deadline = time.monotonic() + (_FIRST_CALL_S if stage.is_launching and stage.stripe else 0.0)
    while (calls := _calls(stage)) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    return calls
