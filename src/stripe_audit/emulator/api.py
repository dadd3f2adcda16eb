"""Answers calls to Stripe's API: key, parameters, faults, idempotency, endpoint, expansion, journal."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from stripe_audit.emulator.access import LiveKeyRefused, caller_of, secret_key_required
from stripe_audit.emulator.errors import ApiError, invalid, unsupported
from stripe_audit.emulator.expand import expand
from stripe_audit.emulator.faults import Fault
from stripe_audit.emulator.form import decode
from stripe_audit.emulator.resources import ROUTES
from stripe_audit.emulator.routes import Route, RouteTable
from stripe_audit.emulator.schema import check_params
from stripe_audit.emulator.sdk import headers_of
from stripe_audit.emulator.trouble import after_effect, before_effect
from stripe_audit.emulator.world import Call, Caller, World

__all__ = ["Answer", "Api"]

_VERSION = re.compile(r"20\d\d-\d\d-\d\d(\.[a-z_]+)?")
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Request-Id"}
_PREFLIGHT = {**_CORS, "Access-Control-Allow-Headers": "*", "Access-Control-Allow-Methods": "*"}
_FROM_BROWSERS = {"key", "_stripe_version", "_stripe_account", "client_attribution_metadata", "guid", "muid", "sid"}
"""Parameters that Stripe.js adds and no reference names."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Answer:
    """What goes back. ``object`` is the id that it is about; ``is_saved`` whether an idempotency key keeps it."""

    status: int
    body: bytes
    request_id: str
    object: str | None = None
    error: dict[str, Any] | None = None
    is_saved: bool = False
    is_replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Request:
    """A request once its key and its parameters are known."""

    caller: Caller
    method: str
    path: str
    params: dict[str, Any]
    fingerprint: str
    headers: dict[str, Any]
    version: str
    request_id: str

    @property
    def key(self) -> str | None:
        """The idempotency key, where the method honours one."""
        found: str | None = self.headers["idempotency_key"]
        return found if self.method == "POST" else None


class Api:
    """The API of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = RouteTable(ROUTES)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Whatever a client sends, it gets an answer in Stripe's shape."""
        start = time.time()
        request_id = self._world.ids.new("req")
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=_PREFLIGHT)
        try:
            asked = await self._read(request, request_id)
        except LiveKeyRefused as error:
            return self._response(self._failed(error, request_id), "")
        except ApiError as error:
            answer = self._failed(error, request_id)
            headers = headers_of(request.headers)
            self._note(_Request("target", request.method, request.path, {}, "", headers, "", request_id), answer, start)
            return self._response(answer, "")
        fault = self._fault(asked)
        if fault is not None:
            lost = await self._troubled(request, asked, fault, start)
            if lost is not None:
                return lost
        answer = self._answer(asked)
        self._note(asked, answer, start, fault)
        if fault is not None:
            lost = await after_effect(request, fault, answer.status, answer.body)
            if lost is not None:
                return lost
        return self._response(answer, asked.version)

    async def _read(self, request: web.BaseRequest, request_id: str) -> _Request:
        try:
            body = (await request.read()).decode("utf-8") if request.body_exists else ""
        except UnicodeDecodeError:
            raise invalid("Invalid UTF-8 in the request's body") from None
        except (web.HTTPException, web.RequestPayloadError, ValueError) as error:
            status = error.status if isinstance(error, web.HTTPException) else 400
            raise ApiError("The request's body could not be read", status=status) from None
        query = request.rel_url.raw_query_string
        is_json = request.headers.get("Content-Type", "").startswith("application/json") and body.lstrip()[:1] == "{"
        params = decode(query, "" if is_json else body)
        caller = caller_of(self._world, request.headers.get("Authorization", ""), params)
        if is_json:
            raise invalid(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
                "any questions, we can help at https://support.stripe.com/."
            )
        version = (
            request.headers.get("Stripe-Version") or params.get("_stripe_version") or self._world.config.api_version
        )
        if not isinstance(version, str) or not _VERSION.fullmatch(version.split(";")[0].strip()):
            raise invalid(f"Invalid Stripe API version: {str(version)[:50]}")
        if caller == "customer":
            params = {name: value for name, value in params.items() if name not in _FROM_BROWSERS}
        canonical = json.dumps(params, sort_keys=True) if request.method == "POST" else ""
        fingerprint = hashlib.sha256(canonical.encode()).hexdigest()
        headers = headers_of(request.headers)
        return _Request(caller, request.method, request.path, params, fingerprint, headers, version, request_id)

    def _fault(self, asked: _Request) -> Fault | None:
        for fault in self._world.faults.rules.values():
            family = self._world.family(fault.object) if fault.object else None
            if fault.matches(asked.caller, asked.method, asked.path, asked.key, asked.params, family):
                fault.hits += 1
                return fault
        return None

    async def _troubled(
        self, request: web.BaseRequest, asked: _Request, fault: Fault, start: float
    ) -> web.StreamResponse | None:
        """Let the part of a fault happen that comes before any effect; the answer, if the call ends there."""
        has_claimed = False
        if asked.key and fault.action["kind"] in ("slow", "timeout"):
            has_claimed = self._reserve(asked)
        try:
            outcome = await before_effect(request, fault)
        finally:
            if has_claimed:
                self._world.saved.release(asked.caller, asked.key or "")
        if outcome is None:
            return None
        if isinstance(outcome, ApiError):
            answer = self._failed(outcome, asked.request_id)
            self._note(asked, answer, start, fault)
            return self._response(answer, asked.version)
        self._note(asked, Answer(0, b"", asked.request_id, error={"type": fault.action["kind"]}), start, fault)
        return outcome

    def _reserve(self, asked: _Request) -> bool:
        """Hold the idempotency key while a slow call waits, so that another with the same key meets a conflict."""
        try:
            return self._world.saved.claim(asked.caller, asked.key or "", asked.path, asked.fingerprint) is None
        except ApiError:
            return False

    def _answer(self, asked: _Request) -> Answer:
        key = asked.key
        if not key:
            return self._run(asked)
        saved = self._world.saved
        try:
            known = saved.claim(asked.caller, key, asked.path, asked.fingerprint)
        except ApiError as error:
            return self._failed(error, asked.request_id)
        if known is not None and known.body is not None:
            headers = {"Idempotent-Replayed": "true", "Original-Request": known.request_id or ""}
            return Answer(known.status, known.body, asked.request_id, known.object, is_replayed=True, headers=headers)
        answer = self._run(asked)
        if answer.is_saved:
            saved.keep(asked.caller, key, answer, answer.body)
        else:
            saved.release(asked.caller, key)
        return answer

    def _run(self, asked: _Request) -> Answer:
        call: Call | None = None
        try:
            route, ids = self._route(asked)
            is_lenient = asked.caller == "customer"
            params = check_params(route.schema, asked.params, asked.version, is_lenient=is_lenient)
            call = Call(
                self._world,
                asked.caller,
                asked.method,
                asked.path,
                ids,
                params,
                asked.version,
                asked.request_id,
                asked.key,
            )
            result = route.endpoint(call)
            paths = params.get("expand")
            shown = expand(self._world.store, result, paths) if paths else result
            identity = result.get("id") or call.touched
            return Answer(200, json.dumps(shown).encode(), asked.request_id, identity, is_saved=True)
        except ApiError as error:
            return self._failed(error, asked.request_id, call)
        except Exception as error:  # the emulator's own mistake: it must not end the emulator, and it must be seen
            log.exception("%s %s", asked.method, asked.path)
            self._world.defects.append(f"{asked.method} {asked.path}: {type(error).__name__}: {error}")
            return self._failed(ApiError("An unknown error occurred", status=500, type="api_error"), asked.request_id)

    def _route(self, asked: _Request) -> tuple[Route, tuple[str, ...]]:
        found = self._routes.find(asked.method, asked.path)
        if found is None:
            raise unsupported(asked.method, asked.path[:200])
        if asked.caller == "customer" and not found[0].is_public:
            raise secret_key_required()
        return found

    def _failed(self, error: ApiError, request_id: str, call: Call | None = None) -> Answer:
        body = error.body(self._world.keys.account, request_id)
        shown = body["error"]
        intent = shown.get("payment_intent")
        touched = intent["id"] if isinstance(intent, dict) else (call.touched if call else None)
        brief = {name: shown.get(name) for name in ("type", "code", "decline_code", "param", "message")}
        encoded = json.dumps(body).encode()
        return Answer(error.status, encoded, request_id, touched, brief, error.is_saved, headers=error.headers)

    def _note(self, asked: _Request, answer: Answer, start: float, fault: Fault | None = None) -> None:
        self._world.journal.add(
            at=start,
            caller=asked.caller,
            method=asked.method,
            path=asked.path,
            params=asked.params,
            headers=asked.headers,
            status=answer.status,
            object=answer.object,
            request_id=answer.request_id,
            replayed=answer.is_replayed,
            fault=fault.id if fault else None,
            duration_ms=round((time.time() - start) * 1000, 3),
            error=answer.error,
        )

    def _response(self, answer: Answer, version: str) -> web.Response:
        headers = {**_CORS, "Request-Id": answer.request_id, **answer.headers}
        if version:
            headers["Stripe-Version"] = version
        return web.Response(body=answer.body, status=answer.status, headers=headers, content_type="application/json")
