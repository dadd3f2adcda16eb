"""A load of its own, outside of an audit: the stage is set, test mode is proved, and only then is anything sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stripe_audit.audit.proof import prove
from stripe_audit.audit.stage import Stage
from stripe_audit.check import NEEDS
from stripe_audit.context import Context
from stripe_audit.deployment.budget import Budget
from stripe_audit.describe import declared_needs
from stripe_audit.errors import Inconclusive, SafetyError, TargetError, UsageError
from stripe_audit.load.figures import Loaded
from stripe_audit.load.preparing import Say
from stripe_audit.load.running import LoadAsked, Send, put_under_load
from stripe_audit.models import Effect
from stripe_audit.safety import Interlock, is_loopback
from stripe_audit.settings import Settings

__all__ = ["LoadOutcome", "load_target"]

_NEEDED = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
_MORE_REQUESTS, _MORE_S = 2000, 1800.0


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What came of it: ``loaded``, or why nothing can be said and what to supply. All texts are safe to show."""

    target: str
    url: str
    proof: str
    loaded: Loaded | None
    inconclusive: str = ""
    supply: str | None = None


def load_target(
    settings: Settings,
    asked: LoadAsked,
    *,
    is_launching: bool = True,
    temporary: tuple[Path, ...] = (),
    send: Send | None = None,
    say: Say = lambda text: None,
) -> LoadOutcome:
    """Set the stage, prove that the target may be loaded, and load it.

    Raises UsageError where something needed is not declared, TargetError where the target is not reached, and
    SafetyError where nothing proves that it is a test deployment that this audit may write to.
    """
    with Stage(settings, seed=asked.seed, is_launching=is_launching, temporary=temporary) as stage:
        _admit(settings, stage)
        proof = prove(stage, allow_probes=False)
        for note in proof.notes:
            say(note)
        granted = proof.permission
        if granted.strongest < Effect.LOAD:
            raise SafetyError(f"no load is sent: {granted.reason}", hint=granted.setting)
        budget = Budget(requests=asked.count * 12 + _MORE_REQUESTS, seconds=asked.seconds * 4 + _MORE_S)
        world = replace(stage.world(Interlock(granted)), budget=budget)
        told = (settings.model.target.name, stage.spec.url, granted.reason)

        async def run() -> Loaded:
            context = Context(world, "load")
            try:
                return await put_under_load(context, asked, send=send, say=say)
            finally:
                await context.aclose()

        try:
            loaded = asyncio.run(run())
        except Inconclusive as ending:
            return LoadOutcome(*told, None, stage.safe(ending.message), ending.supply)
        return LoadOutcome(*told, _safe(stage, loaded))


def _admit(settings: Settings, stage: Stage) -> None:
    declared = declared_needs(settings, stage.spec, is_launching=stage.is_launching)
    for need in _NEEDED:
        if need not in declared.met:
            why = declared.reasons.get(need, f"{NEEDS[need]} is not declared")
            raise UsageError(f"a load needs {need.removeprefix('route:')}: {why}", hint=NEEDS[need])
    if settings.model.stripe.mode == "test":
        raise UsageError(
            "a load goes to the embedded Stripe: Stripe's own test mode limits how much may be asked of it",
            hint="stripe.mode: emulator",
        )
    host = urlsplit(stage.spec.url).hostname or ""
    if not is_loopback(host) and host not in settings.model.audit.faults_allowed_on:
        raise SafetyError(
            f"no load is sent to {host}: it is not on this machine", hint="audit.faults_allowed_on, if it is yours"
        )
    if stage.unreached:
        raise TargetError(f"the target was not reached: {stage.unreached}", hint="'stripe-audit doctor' says more")


def _safe(stage: Stage, loaded: Loaded) -> Loaded:
    def safe(value: Any) -> Any:
        if isinstance(value, str):
            return stage.safe(value)
        return {safe(key): safe(item) for key, item in value.items()} if isinstance(value, Mapping) else value

    return replace(loaded, errors=safe(loaded.errors), lost=safe(loaded.lost), doubled=safe(loaded.doubled))
