"""What a fault does to a call, on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from aiohttp import web

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.faults import Fault

__all__ = ["after_effect", "before_effect", "reset"]

_MESSAGES = {
    "api_error": "An error occurred with our connection to Stripe's backend; the emulator was told to fail this call.",
    "rate_limit": "Request rate limit exceeded. You have exceeded the number of requests that can be made.",
}


async def before_effect(request: web.BaseRequest, fault: Fault) -> ApiError | web.StreamResponse | None:
    """The error or the lost connection that ends the call here; None if the call goes on (perhaps later)."""
    action, kind = fault.action, fault.action["kind"]
    if kind == "status":
        return _status(action)
    if kind == "rate_limit":
        reason = str(action.get("reason") or "global-rate")
        return ApiError(
            _MESSAGES["rate_limit"], status=429, code="rate_limit", headers={"Stripe-Rate-Limited-Reason": reason}
        )
    if kind in ("slow", "timeout"):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(float(action.get("seconds") or 0)):
                await fault.lifted.wait()
    if kind in ("timeout", "reset_before"):
        return reset(request)
    return None


async def after_effect(request: web.BaseRequest, fault: Fault, status: int, body: bytes) -> web.StreamResponse | None:
    """The lost or spoilt answer of a call whose effect has happened; None if the answer is sent as it is."""
    kind = fault.action["kind"]
    if kind == "reset_after":
        return reset(request)
    if kind == "malformed":
        return web.Response(body=b'{"id": "' + body[: len(body) // 2], status=status, content_type="application/json")
    if kind == "truncate":
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        response.content_length = len(body) + 1
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
        reset(request, is_hard=False)
        return response
    return None


def reset(request: web.BaseRequest, *, is_hard: bool = True) -> web.StreamResponse:
    """Cut the connection: with a TCP reset, or after what was written so far. The response returned is never sent."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if is_hard and connection is not None:
            # Linger 0 makes the close a reset: the client sees what a crashed peer looks like.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
    return web.Response()


def _status(action: dict[str, object]) -> ApiError:
    """What an idempotency key keeps of these: a 500, which Stripe's endpoint itself answers, and a decline.

    A 502, 503 or 504 comes from what stands before the endpoint, and a 4xx refuses the request's form
    (docs.stripe.com/api/idempotent_requests: answers are saved "after endpoint execution begins", 500s included).
    """
    status = int(str(action.get("status") or 500))
    kind = str(action.get("type") or ("api_error" if status >= 500 else "invalid_request_error"))
    code = action.get("code")
    decline = action.get("decline_code")
    return ApiError(
        str(action.get("message") or _MESSAGES["api_error"]),
        status=status,
        type=kind,
        code=str(code) if code else None,
        decline_code=str(decline) if decline else None,
        is_saved=bool(action.get("saved", status in (402, 500))),
    )
