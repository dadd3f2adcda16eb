"""Why no answer came, in words."""

from __future__ import annotations

import asyncio

import httpx

from stripe_audit.deployment.body import BrokenBody

__all__ = ["reason_of"]


def reason_of(error: BaseException, timeout: float) -> str:
    """Why no answer came, in words that need no knowledge of the client."""
    if isinstance(error, TimeoutError):
        return f"no whole answer within {timeout:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error or 'refused'})"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"the answer is not valid HTTP, or broke off ({error})"
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.CloseError)):
        return "the connection was reset"
    if isinstance(error, BrokenBody):
        return "the body is not in the encoding that its header names"
    if isinstance(error, asyncio.CancelledError):
        return "the audit stopped waiting"
    return f"{type(error).__name__}: {error}"
