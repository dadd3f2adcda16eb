"""Calls to Stripe's API that come through aiohttp: those that are not plain, and all while a fault is in force."""

from __future__ import annotations

import time

from aiohttp import web

from stripe_audit.emulator.api import CORS, Answer, Api, headers_of, is_kept
from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.faults import Fault
from stripe_audit.emulator.reading import ApiRequest
from stripe_audit.emulator.trouble import after_effect, before_effect, reset
from stripe_audit.emulator.world import World

__all__ = ["ApiRequests"]

_PREFLIGHT = {**CORS, "Access-Control-Allow-Headers": "*", "Access-Control-Allow-Methods": "*"}


class ApiRequests:
    """Brings requests to an ``Api``, and lets faults happen to them."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._api = api

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Whatever a client sends, it gets an answer in Stripe's shape."""
        start = time.time()
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=_PREFLIGHT)
        asked, refusal = await self._read(request)
        if refusal is not None:
            return _response(self._api.refused(asked, refusal, start), asked.version)
        fault = self._api.fault(asked)
        if fault is not None:
            lost = await self._troubled(request, asked, fault, start)
            if lost is not None:
                return lost
        answer = self._api.outcome(asked)
        self._api.note(asked, answer, start, fault)
        if fault is not None:
            lost = await after_effect(request, fault, answer.status, answer.body)
            if lost is not None:
                return lost
        return _response(answer, asked.version)

    async def _read(self, request: web.BaseRequest) -> tuple[ApiRequest, ApiError | None]:
        reader, headers = self._api.reader, request.headers
        asked = reader.begun(request.method, request.path, headers)
        refusal: ApiError | None = reader.live_key(headers)  # of such a request no body is read
        if refusal is None:
            refusal = reader.completed(asked, headers, request.rel_url.raw_query_string, await _body(request))
        return asked, refusal

    async def _troubled(
        self, request: web.BaseRequest, asked: ApiRequest, fault: Fault, start: float
    ) -> web.StreamResponse | None:
        """Let the part of a fault happen that comes before any effect; the answer, if the call ends there."""
        has_claimed, saved, generation = False, self._world.saved, self._world.generation
        if asked.key and fault.action["kind"] in ("slow", "timeout"):
            has_claimed = self._reserve(asked)
        try:
            outcome = await before_effect(request, fault)
        finally:
            if has_claimed:
                saved.release(asked.scope, asked.key or "")
        if self._world.generation != generation:
            return reset(request)
        if outcome is None:
            return None
        if isinstance(outcome, ApiError):
            answer = self._api.failed(outcome, asked)
            if is_kept(asked, answer) and asked.key and self._reserve(asked):
                saved.keep(asked.scope, asked.key, answer, answer.body)
            self._api.note(asked, answer, start, fault)
            return _response(answer, asked.version)
        self._api.note(asked, Answer(0, b"", asked.request_id, error={"type": fault.action["kind"]}), start, fault)
        return outcome

    def _reserve(self, asked: ApiRequest) -> bool:
        """Hold the idempotency key while a slow call waits, so that another with the same key meets a conflict."""
        try:
            return self._world.saved.claim(asked.scope, asked.key or "", asked.path, asked.fingerprint) is None
        except ApiError:
            return False


async def _body(request: web.BaseRequest) -> bytes | ApiError:
    try:
        return await request.read() if request.body_exists else b""
    except (web.HTTPException, web.RequestPayloadError, ValueError) as error:
        status = error.status if isinstance(error, web.HTTPException) else 400
        return ApiError("The request's body could not be read", status=status)


def _response(answer: Answer, version: str) -> web.Response:
    headers = headers_of(answer, version)
    return web.Response(body=answer.body, status=answer.status, headers=headers, content_type="application/json")
