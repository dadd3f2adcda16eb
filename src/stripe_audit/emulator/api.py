"""Answers calls to Stripe's API: key, parameters, faults, idempotency, endpoint, expansion, journal."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.emulator.access import LiveKeyRefused, secret_key_required
from stripe_audit.emulator.endpoints import missing_endpoints, unsupported
from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.expand import check_expand, expand
from stripe_audit.emulator.faults import Fault
from stripe_audit.emulator.permissions import check_permission
from stripe_audit.emulator.reading import ApiRequest, Reader
from stripe_audit.emulator.resources import ROUTES
from stripe_audit.emulator.resources.intent_states import shown_to_customer
from stripe_audit.emulator.routes import Route, RouteTable
from stripe_audit.emulator.schema import check_params, unknown_params
from stripe_audit.emulator.versions import ACACIA
from stripe_audit.emulator.world import Call, World

__all__ = ["CORS", "Answer", "Api", "headers_of", "is_kept"]

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Request-Id"}
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


class Api:
    """The API of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reader = Reader(world)
        self._routes = RouteTable(ROUTES, missing_endpoints(ROUTES))

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body for a request that is here as a whole, while no fault is in force.

        The names of the request's headers are in lower case.
        """
        start = time.time()
        asked = self.reader.begun(method, path, headers)
        refusal = self.reader.live_key(headers) or self.reader.completed(asked, headers, query, body)
        if refusal is not None:
            answer = self.refused(asked, refusal, start)
        else:
            answer = self.outcome(asked)
            self.note(asked, answer, start)
        return answer.status, headers_of(answer, asked.version), answer.body

    def refused(self, asked: ApiRequest, refusal: ApiError, start: float) -> Answer:
        """The answer to a request that could not be read, noted if it may be."""
        answer = self.failed(refusal, asked)
        if not isinstance(refusal, LiveKeyRefused):
            self.note(asked, answer, start)
        return answer

    def fault(self, asked: ApiRequest) -> Fault | None:
        """The first fault in force that is about this call; it counts as hit."""
        for fault in self._world.faults.rules.values():
            family = self._world.family(fault.object) if fault.object else None
            if fault.matches(asked.caller, asked.method, asked.path, asked.key, asked.params, family):
                fault.hits += 1
                return fault
        return None

    def outcome(self, asked: ApiRequest) -> Answer:
        """The answer, among the objects of the account that the ``Stripe-Account`` header names."""
        account = asked.headers["stripe_account"]
        if not account:
            return self._kept_or_new(asked)
        try:
            with self._world.within(account):
                return self._kept_or_new(asked)
        except ApiError as error:
            return self.failed(error, asked)

    def _kept_or_new(self, asked: ApiRequest) -> Answer:
        key, scope = asked.key, asked.scope
        if not key:
            return self._run(asked)
        saved = self._world.saved
        try:
            known = saved.claim(scope, key, asked.path, asked.fingerprint)
        except ApiError as error:
            return self.failed(error, asked)
        if known is not None and known.body is not None:
            headers = {"Idempotent-Replayed": "true", "Original-Request": known.request_id or ""}
            return Answer(known.status, known.body, asked.request_id, known.object, is_replayed=True, headers=headers)
        answer = self._run(asked)
        if is_kept(asked, answer):
            saved.keep(scope, key, answer, answer.body)
        else:
            saved.release(scope, key)
        return answer

    def _run(self, asked: ApiRequest) -> Answer:
        call: Call | None = None
        try:
            route, ids = self._route(asked)
            is_lenient = asked.caller == "customer"
            params = check_params(route.schema, asked.params, asked.version, is_lenient=is_lenient)
            if asked.version < ACACIA:
                asked.unknown_params = unknown_params(route.schema, asked.params, asked.version)
            paths = params.get("expand") or []
            if paths:
                check_expand(route.kind, paths, is_list=route.is_list, is_customer=is_lenient)
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
                asked.key_id,
            )
            result = route.endpoint(call)
            shown = expand(self._world.store, result, paths) if paths else result
            identity = result.get("id") or call.touched
            body = self._world.renderer.encoded(shown, asked.version)
            return Answer(200, body, asked.request_id, identity, is_saved=True)
        except ApiError as error:
            return self.failed(error, asked, call)
        except Exception as error:  # the emulator's own mistake: it must not end the emulator, and it must be seen
            log.exception("%s %s", asked.method, asked.path)
            self._world.defects.append(f"{asked.method} {asked.path}: {type(error).__name__}: {error}")
            unknown = ApiError("An unknown error occurred", status=500, type="api_error", is_saved=True)
            return self.failed(unknown, asked)

    def _route(self, asked: ApiRequest) -> tuple[Route, tuple[str, ...]]:
        found = self._routes.find(asked.method, asked.path)
        if found is None:
            raise unsupported(asked.method, asked.path[:200])
        if asked.caller == "customer" and not found[0].is_public:
            raise secret_key_required()
        restricted = self._world.restricted.get(asked.key_id)
        if restricted is not None:
            check_permission(restricted, asked.method, asked.path, self._world.scope.account)
        return found

    def failed(self, error: ApiError, asked: ApiRequest, call: Call | None = None) -> Answer:
        """An error as the answer to a call."""
        body = error.body(self._world.keys.account, asked.request_id)
        shown = body["error"]
        intent = shown.get("payment_intent")
        touched = intent["id"] if isinstance(intent, dict) else (call.touched if call else None)
        if isinstance(intent, dict) and asked.caller == "customer":
            shown["payment_intent"] = shown_to_customer(intent)
        if asked.path.startswith("/v2/") and shown.get("code") == "resource_missing":
            shown["code"] = "not_found"
        brief = {name: shown.get(name) for name in ("type", "code", "decline_code", "param", "message")}
        if asked.version:
            body = {"error": self._world.renderer.at(shown, asked.version)}
        encoded = json.dumps(body).encode()
        return Answer(error.status, encoded, asked.request_id, touched, brief, error.is_saved, headers=error.headers)

    def note(self, asked: ApiRequest, answer: Answer, start: float, fault: Fault | None = None) -> None:
        """Write a call that began at ``start`` (Unix seconds) into the journal."""
        entry = self._world.journal.add(
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
            unknown_params=asked.unknown_params,
        )
        self._world.deliveries.sessions.note(entry)
        if self._world.recorder is not None:
            self._world.recorder.call(entry, answer.body)


def is_kept(asked: ApiRequest, answer: Answer) -> bool:
    """Whether the call's idempotency key keeps the answer: of v2 calls those that succeeded alone."""
    return answer.is_saved and (answer.status < 400 or not asked.path.startswith("/v2/"))


def headers_of(answer: Answer, version: str) -> dict[str, str]:
    """The headers of an answer at an API version; an empty one was not read."""
    headers = {**CORS, "Server": "nginx", "Request-Id": answer.request_id, **answer.headers}
    if version:
        headers["Stripe-Version"] = version
    return headers
