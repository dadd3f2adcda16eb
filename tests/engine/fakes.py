"""Checks made for the engine's tests: each does one thing that a check can do, well or badly."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from stripe_audit.catalog import Catalog, LoadedCheck
from stripe_audit.check import Check, Uses
from stripe_audit.engine import Engine
from stripe_audit.errors import BudgetError, Inconclusive, SafetyError, Skip
from stripe_audit.events import Event
from stripe_audit.models import CheckResult, Effect, Finding, Severity
from stripe_audit.plan import Declared, make_plan
from stripe_audit.safety import Permission

DOCUMENTATION = """A property holds.

What it checks:
    Something.

Why it matters:
    Because.

How to fix:
    Do it.
"""
NOTHING_SHARED = Uses(shared=())


class FakeContext:
    """The least that the engine needs. ``after_close`` counts what a check tried once its time was over."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.exchanges: list[str] = []
        self.is_closed = False
        self.is_aclosed = False
        self.after_close = 0
        self.may_go_on = threading.Event()

    def safe(self, text: str) -> str:
        return text.replace("hunter2", "…")

    def send(self) -> None:
        if self.is_closed:
            self.after_close += 1
            raise BudgetError("the check is over")

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_aclosed = True


def make(
    identity: str,
    run: Callable[..., Any],
    *,
    task: str = "1.1",
    uses: Uses = NOTHING_SHARED,
    requires: Sequence[str] = (),
    **attributes: Any,
) -> type[Check]:
    """A check class whose ``run`` is given."""
    about = {"id": identity, "task": task, "uses": uses, "requires": tuple(requires), "run": run}
    defaults = {"severity": Severity.HIGH, "effect": Effect.NONE, "__doc__": DOCUMENTATION}
    return type(identity.title().replace("-", ""), (Check,), {**defaults, **about, **attributes})


async def passes(self, ctx):
    return
    yield


async def fails(self, ctx):
    yield Finding("It is broken", "For a reason.")


async def crashes(self, ctx):
    raise ZeroDivisionError("hunter2 went wrong")
    yield


async def fails_then_crashes(self, ctx):
    yield Finding("It is broken", "For a reason.")
    raise ZeroDivisionError("and then it broke")


async def skips(self, ctx):
    raise Skip("nothing to look at", setting="target.items")
    yield


async def is_inconclusive(self, ctx):
    raise Inconclusive("cannot tell", supply="observers.order")
    yield


async def is_refused(self, ctx):
    raise SafetyError("writes are not permitted", hint="stripe.secret_key")
    yield


async def is_out_of_budget(self, ctx):
    raise BudgetError("5000 requests are spent", hint="audit.budget.requests")
    yield


async def raises_system_exit(self, ctx):
    raise SystemExit(0)
    yield


async def raises_base_exception(self, ctx):
    raise BaseException("a bare one")
    yield


async def raises_keyboard_interrupt(self, ctx):
    raise KeyboardInterrupt
    yield


async def yields_no_finding(self, ctx):
    yield "a text"


async def hangs(self, ctx):
    await asyncio.Event().wait()
    yield


async def blocks(self, ctx):
    while not ctx.may_go_on.is_set():
        time.sleep(0.01)
    ctx.send()
    yield


async def refuses_to_end(self, ctx):
    while not ctx.is_closed:
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            ctx.notes.append("no")
    yield


def catalog_of(checks: Iterable[type[Check]]) -> Catalog:
    return Catalog(LoadedCheck(check, Path(f"{check.id}.py")) for check in checks)


class Run:
    """An engine over fake checks, with what it said and the contexts that it made."""

    def __init__(self, checks: Iterable[type[Check]], *, met: Iterable[str] = (), **options: Any) -> None:
        self.catalog = catalog_of(checks)
        self.contexts: dict[str, FakeContext] = {}
        self.events: list[Event] = []
        make_context = options.pop("make_context", self.context_for)
        plan = make_plan(
            self.catalog, tuple(self.catalog), Declared(frozenset(met)), Permission(Effect.LOAD, "a fake target")
        )
        listeners = [self.events.append, *options.pop("listeners", ())]
        self.engine = Engine(self.catalog, plan, make_context, listeners=listeners, **{"timeout": 20.0, **options})

    def context_for(self, check: type[Check]) -> FakeContext:
        return self.contexts.setdefault(check.id, FakeContext())

    def __call__(self) -> dict[str, CheckResult]:
        return {result.check: result for result in self.engine.run()}


def timeless(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results without what differs from run to run by nature."""
    return [dataclasses.replace(result, duration_s=0, started_at=0) for result in results]
