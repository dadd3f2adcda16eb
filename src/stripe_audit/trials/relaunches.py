"""Launching the target anew without a part of its configuration, and seeing what it does then.

The target is down, or is another one, for as long as this lasts: whoever does it uses ``process`` and ``target`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stripe_audit import web
from stripe_audit.context import Context
from stripe_audit.deployment.launch.process import LaunchedTarget
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.errors import LaunchError, Skip, TargetError
from stripe_audit.trials.events import Told, fitting_event
from stripe_audit.trials.forgeries import Tried, accepts_anything, try_forgeries
from stripe_audit.trials.together import together
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.webhooks.forgeries import Forgery

__all__ = ["Believed", "Relaunched", "relaunch"]

_LEAST_READY_S = 5.0
_AS_LONG = 6.0
"""How many times its usual time the changed target may take to become ready."""


_ENDS_WITHIN_S = 3.0
"""How long a target that has stopped answering may take to be gone."""


@dataclass(frozen=True, slots=True)
class Believed:
    """What an endpoint of the changed target did with forged events, and with one that is signed as before.

    ``accepts_anything`` tells whether even what is no event is answered 2xx.
    """

    route: WebhookRoute
    forged: tuple[Tried, ...]
    takes_genuine: bool
    accepts_anything: bool


@dataclass(frozen=True, slots=True)
class Relaunched:
    """The target under changed variables. ``failure`` says how it did not start, ``complaint`` what its health says.

    ``has_exited`` tells a target that refused to start from one that may only be slow. ``believed`` is there only for
    one that started.
    """

    how: str
    failure: str = ""
    has_exited: bool = False
    complaint: str = ""
    believed: tuple[Believed, ...] = ()


async def relaunch(
    ctx: Context, ways: Mapping[str, Mapping[str, str | None]], forgeries: Sequence[Forgery]
) -> list[Relaunched]:
    """Launch the target with each way's variables (None: unset), send it forged events, and put it back as it was.

    Once a forged event had an effect, the ways that are left are left out. Raises Skip where the audit did not launch
    the target, LaunchError where it cannot be put back.
    """
    launched = ctx.launched
    if launched is None or not launched.is_running:
        raise Skip("the target is not launched by this run", setting="target.launch")
    usual_s = launched.ready_after_s or launched.spec.ready_within
    within = min(launched.spec.ready_within, _LEAST_READY_S + _AS_LONG * usual_s)
    await ctx.compute(launched.stop)
    seen: list[Relaunched] = []
    try:
        for how, changes in ways.items():
            seen.append(await _look(ctx, how, launched.changed(changes, ready_within=within), forgeries))
            if any(tried.effect for one in seen[-1].believed for tried in one.forged):
                break
        return seen
    finally:
        await ctx.compute(launched.restart)


async def _look(ctx: Context, how: str, changed: LaunchedTarget, forgeries: Sequence[Forgery]) -> Relaunched:
    try:
        await ctx.compute(changed.start)
        await ctx.compute(changed.wait_ready)
        complaint = await _complaint(ctx)
        routes = [route for route in ctx.spec.webhooks if route.secret]
        believed = await together(_believed(ctx, route, forgeries) for route in routes)
        return Relaunched(how, complaint=complaint, believed=tuple(believed))
    except LaunchError as error:
        return Relaunched(how, failure=error.message, has_exited=changed.exit_code is not None)
    except TargetError as error:  # it may listen first, and look at its configuration then
        if not await ctx.compute(changed.wait_exited, _ENDS_WITHIN_S):
            raise
        return Relaunched(how, failure=f"it exited with code {changed.exit_code} ({error.message})", has_exited=True)
    finally:
        await ctx.compute(changed.stop)


async def _complaint(ctx: Context) -> str:
    """What a health route says against the target; empty where none is declared, or all is well."""
    for role in filter(ctx.target.has, ("health", "webhook_health")):
        try:
            answer = await ctx.target.call(role)
        except TargetError as error:
            return f"{role} does not answer ({error.message})"
        if not answer.is_success:
            return f"{role} answers {answer.status}"
        if sick := web.complaints(answer.text):
            return f"{role} says {', '.join(sick[:3])}"
    return ""


async def _believed(ctx: Context, route: WebhookRoute, forgeries: Sequence[Forgery]) -> Believed:
    forged = tuple(await try_forgeries(ctx, route, forgeries))
    told: Told = await fitting_event(ctx, route)
    genuine = await ctx.deliver(route, body_of(told.event))
    return Believed(route, forged, genuine.is_success, await accepts_anything(ctx, route))
