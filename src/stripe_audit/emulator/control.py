"""The control API under ``/_emulator``: for the audit and for tests, never for the target."""

from __future__ import annotations

import hmac
import ipaddress
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from aiohttp import web

from stripe_audit.emulator import control_clock as clock
from stripe_audit.emulator import control_deliveries as deliveries
from stripe_audit.emulator import control_events as events
from stripe_audit.emulator.asked import Asked, ControlError
from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.permissions import RestrictedKey, is_permission
from stripe_audit.emulator.resources import identity, webhook_endpoints
from stripe_audit.emulator.resources.authentication import authenticate, challenged
from stripe_audit.emulator.stripecli.sessions import key_id
from stripe_audit.emulator.world import Caller, World
from stripe_audit.keys import mask

__all__ = ["Control"]

LONGEST_ROLL_S = 24 * 3600
"""docs.stripe.com/webhooks, "Roll endpoint signing secrets periodically": the old secret stays for up to 24 hours."""

log = logging.getLogger(__name__)

Answer = dict[str, Any]
Action = Callable[[World, Asked], Answer | Awaitable[Answer]]


class Control:
    """Checks the token and the Host header, then runs the action that the path names."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """One control request; every answer is JSON."""
        try:
            self._check(request)
            action, argument = self._action(request)
            asked = Asked(argument, dict(request.query), await _body(request))
            answer = action(self._world, asked)
            return _json(200, answer if isinstance(answer, dict) else await answer)
        except ControlError as error:
            return _json(error.status, {"error": {"message": str(error)}})
        except ApiError as error:
            return _json(error.status, error.body(self._world.keys.account, ""))
        except Exception as error:  # the emulator's own mistake: it must not end the connection, and it must be seen
            log.exception("%s %s", request.method, request.path)
            self._world.defects.append(f"{request.method} {request.path}: {type(error).__name__}: {error}")
            return _json(500, {"error": {"message": f"the emulator failed: {type(error).__name__}"}})

    def _check(self, request: web.BaseRequest) -> None:
        # A page in the user's browser can reach the loopback; it cannot send this Host (DNS rebinding) nor the token.
        if not _is_loopback(request.headers.get("Host", "")):
            raise ControlError("the control API answers on a loopback Host only", 403)
        token = request.headers.get("X-Emulator-Token", "")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._world.control_token.encode()):
            raise ControlError("the header X-Emulator-Token is missing or wrong", 403)

    def _action(self, request: web.BaseRequest) -> tuple[Action, str]:
        parts = request.path.removeprefix("/_emulator").strip("/").split("/")
        found = _ACTIONS.get((request.method, "/".join(parts)))
        if found is not None:
            return found, ""
        if len(parts) > 1:
            template = "/".join([parts[0], "*", *parts[2:]])
            found = _ACTIONS.get((request.method, template))
            if found is not None:
                return found, parts[1]
        raise ControlError(f"no control action: {request.method} {request.path[:200]}", 404)


def _health(world: World, asked: Asked) -> Answer:
    return {
        "ok": True,
        "objects": len(world.store),
        "calls": world.journal.count,
        "calls_dropped": world.journal.dropped(),
        "saved_answers": len(world.saved),
        "saved_answers_dropped": world.saved.dropped,
        "recording": world.recorder.as_json() if world.recorder else None,
        "live_keys_refused": world.live_keys_refused,
        "api_version": world.config.api_version,
        "account": world.keys.account,
        "defects": world.defects[-20:],
    }


def _journal(world: World, asked: Asked) -> Answer:
    identity, since = asked.query.get("object"), asked.integer("since", 0)
    if asked.query.get("caller", "target") not in get_args(Caller):
        raise ControlError(f"caller must be one of {', '.join(get_args(Caller))}")
    found = world.journal.find(
        since=since,
        family=world.family(identity) if identity else None,
        caller=asked.query.get("caller"),
        method=asked.query.get("method"),
        path=asked.query.get("path"),
        key=asked.query.get("key"),
    )
    dropped = world.journal.dropped(since)
    return {"calls": [entry.as_json() for entry in found], "next": world.journal.count, "dropped": dropped}


def _add_fault(world: World, asked: Asked) -> Answer:
    try:
        return {"id": world.faults.add(asked.body).id}
    except ValueError as error:
        raise ControlError(str(error)) from None


def _faults(world: World, asked: Asked) -> Answer:
    return {"faults": world.faults.listed()}


def _lift_fault(world: World, asked: Asked) -> Answer:
    if not world.faults.lift(asked.argument):
        raise ControlError(f"no such fault: {asked.argument[:100]}", 404)
    return {"deleted": True}


def _lift_faults(world: World, asked: Asked) -> Answer:
    return {"deleted": world.faults.lift_all()}


def _authenticate(world: World, asked: Asked) -> Answer:
    outcome = asked.body.get("outcome")
    if outcome not in ("succeed", "fail"):
        raise ControlError('outcome must be "succeed" or "fail"')
    with world.within(world.owner_of(asked.argument)):
        intent = challenged(world, asked.argument) or world.find("payment_intent", asked.argument)
        answer = authenticate(world, intent, succeeds=outcome == "succeed")
    world.journal.add_page(f"/3ds/{intent['id']}/{outcome}", intent["id"], 200)
    return answer


def _make_key(world: World, asked: Asked) -> Answer:
    """A restricted key with these permissions, and no others."""
    names = asked.names("permissions")
    if names is None or not all(is_permission(name) for name in names):
        raise ControlError('permissions must be names such as "charge_read" and "customer_write"')
    key = f"rk_test_51{world.keys.account.removeprefix('acct_1')[:15]}{world.ids.text(80)}"
    world.restricted[key_id(key)] = RestrictedKey(mask(key), frozenset(names))
    return {"key": key, "permissions": sorted(names)}


def _verify(world: World, asked: Asked) -> Answer:
    outcome = asked.body.get("outcome")
    if outcome not in ("succeed", "fail"):
        raise ControlError('outcome must be "succeed" or "fail"')
    session = world.find(identity.KIND, asked.argument)
    return identity.submit(world, session, succeeds=outcome == "succeed")


def _object(world: World, asked: Asked) -> Answer:
    found = world.store.by_id.get(asked.argument) or world.store.events.get(asked.argument)
    if found is None:
        raise ControlError(f"no such object: {asked.argument[:100]}", 404)
    return found


def _register(world: World, asked: Asked) -> Answer:
    url, types = asked.text("url"), asked.names("enabled_events") or ["*"]
    secret = asked.text("secret") if asked.body.get("secret") else f"whsec_{world.ids.text(32)}"
    version = asked.text("api_version") if asked.body.get("api_version") else None
    webhook_endpoints.check_url(url)
    endpoint = webhook_endpoints.register(world, url, types, secret, api_version=version)
    if asked.body.get("connect") is True:
        webhook_endpoints.hear_connected(world, endpoint)
    return {**endpoint, "secret": secret}


def _roll(world: World, asked: Asked) -> Answer:
    """A new signing secret; the old one signs too for the time that it has left, at most a day."""
    endpoint = world.store.by_id.get(asked.argument)
    known = world.deliveries.sender.secrets.get(asked.argument)
    if endpoint is None or known is None:
        raise ControlError(f"no such webhook endpoint: {asked.argument[:100]}", 404)
    seconds = asked.number("expires_in", 0.0)
    if not 0 <= seconds <= LONGEST_ROLL_S:
        raise ControlError(f"expires_in must lie between 0 and {LONGEST_ROLL_S} seconds")
    fresh, old = f"whsec_{world.ids.text(32)}", known[0]
    known.insert(0, fresh)
    if seconds:
        world.clock.later(seconds, _retire, known, old)
    else:
        _retire(known, old)
    return {**endpoint, "secret": fresh}


def _retire(secrets: list[str], old: str) -> None:
    if old in secrets:
        secrets.remove(old)


_ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "health"): _health,
    ("GET", "journal"): _journal,
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): _faults,
    ("DELETE", "faults"): _lift_faults,
    ("DELETE", "faults/*"): _lift_fault,
    ("GET", "clock"): clock.shown,
    ("POST", "clock/advance"): clock.advance,
    ("POST", "clock/hold"): clock.hold,
    ("POST", "clock/run"): clock.go_on,
    ("POST", "payment_intents/*/authenticate"): _authenticate,
    ("POST", "setup_intents/*/authenticate"): _authenticate,
    ("POST", "keys"): _make_key,
    ("POST", "verification_sessions/*/verify"): _verify,
    ("POST", "events"): events.synthesize,
    ("GET", "events"): events.listed,
    ("GET", "objects/*"): _object,
    ("POST", "reset"): clock.reset,
    ("POST", "snapshot"): clock.take,
    ("GET", "snapshot"): clock.snapshots,
    ("DELETE", "snapshot/*"): clock.delete,
    ("POST", "restore"): clock.restore,
    ("POST", "webhook_endpoints"): _register,
    ("POST", "webhook_endpoints/*/roll"): _roll,
    ("GET", "deliveries"): deliveries.listed,
    ("POST", "deliveries/hold"): deliveries.hold,
    ("POST", "deliveries/release"): deliveries.release,
    ("POST", "deliveries/resend"): deliveries.resend,
    ("POST", "deliveries/withdraw"): deliveries.withdraw,
    ("POST", "deliveries/drain"): deliveries.drain,
    ("GET", "stripecli"): deliveries.sessions,
    ("DELETE", "stripecli"): deliveries.forget_sessions,
}


async def _body(request: web.BaseRequest) -> dict[str, Any]:
    if not request.body_exists:
        return {}
    try:
        raw = await request.read()
        value = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError, web.HTTPException):
        raise ControlError("the body must be JSON") from None
    if not isinstance(value, dict):
        raise ControlError("the body must be a JSON object")
    return value


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _json(status: int, value: Mapping[str, Any]) -> web.Response:
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")
