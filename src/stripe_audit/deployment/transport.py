"""The only HTTP client that meets the target. The target is hostile input: everything is bounded, nothing is followed.

One transport belongs to one check and to the event loop that it runs in. Redirects are never followed, only declared
origins are contacted, proxies of the environment are ignored, and each exchange is recorded with its secrets removed.
Cookies that the target sets are kept for the customer, as a browser does; nobody else sends them.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NoReturn, Protocol

import httpx

from stripe_audit.deployment.answer import Answer
from stripe_audit.deployment.body import BrokenBody, read_body
from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.failures import reason_of
from stripe_audit.deployment.pool import Pool
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.sockets import Sockets
from stripe_audit.errors import BudgetError, SafetyError, TargetError
from stripe_audit.models import Effect, Party

__all__ = ["Answer", "Headers", "Transport", "origin_of"]


_OWN_CAP = 64 * 1024 * 1024
"""Bytes of what the audit's own Stripe says: the budget's bound is for the target."""
_REASON_CAP = 300
"""Characters of what an error quotes: the target writes some of it."""
_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_KEPT_S = 1.0
"""How long a connection is kept for the next request: servers close theirs after 2 s (gunicorn), 5 s (Node.js, uvicorn)
or more, and what is sent at that very moment is lost."""


Headers = Mapping[str, str | tuple[str, ...]]
"""By name; several values are sent as so many lines."""


class _Interlock(Protocol):
    def permit(self, effect: Effect) -> None: ...


@lru_cache(1024)
def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, the port always written. Raises ValueError for what is no address."""
    try:
        parts = httpx.URL(url)  # read by whoever sends, so that no two readings of one address differ
    except (httpx.InvalidURL, TypeError) as error:
        raise ValueError(f"no address: {error}") from None
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.host.lower()}:{port}"


@cache
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """A context that trusts the system's authorities and one more file; building one costs 20 ms, so it is shared."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


class Transport:
    """Sends requests for one check. See the module's text for what it refuses."""

    def __init__(
        self,
        *,
        origins: Iterable[str],
        budget: Budget,
        recorder: Recorder,
        interlock: _Interlock,
        check: str | None = None,
        ca_file: str | None = None,
        timeout: float = 10.0,
        on_answer: Callable[[Answer, Party], None] | None = None,
    ) -> None:
        self._origins = {origin_of(origin) for origin in origins}
        self._budget = budget
        self._recorder = recorder
        self._interlock = interlock
        self._check = check
        self._ca_file = ca_file
        self._timeout = timeout
        self._on_answer = on_answer
        self._wire: httpx.AsyncHTTPTransport | None = None
        self._sockets = Sockets()
        self._cookies = httpx.Cookies()
        self._is_over = False
        self.exchanges: list[str] = []

    async def request(
        self,
        method: str,
        url: str,
        *,
        effect: Effect,
        headers: Headers | None = None,
        content: bytes | None = None,
        json: Any = None,
        route: str | None = None,
        source: Party = Party.AUDIT,
        destination: Party = Party.APP,
        timeout: float | None = None,
        fault: str | None = None,
        duplicate: bool = False,
        is_recorded: bool = True,
    ) -> Answer:
        """Send one request.

        ``timeout`` in seconds bounds the whole exchange. Raises SafetyError (not permitted, or an origin that is not
        declared), BudgetError, or TargetError where no whole answer came.
        """
        self._admit(url, effect)
        if json is not None:
            content = jsonlib.dumps(json).encode()
            headers = {"content-type": "application/json", **_lowered(headers)}
        is_customer = (source, destination) == (Party.CUSTOMER, Party.APP)
        request = self._request(method, url, headers, content, is_customer)
        if destination is not Party.STRIPE:
            self._budget.spend()
        about = {"source": source, "destination": destination, "route": route, "fault": fault, "duplicate": duplicate}
        began, within = time.perf_counter(), timeout or self._timeout
        try:
            async with asyncio.timeout(within):
                status, received, body, truncated = await self._exchange(
                    request, is_customer, destination is Party.STRIPE
                )
        except (TimeoutError, httpx.HTTPError, BrokenBody, ValueError, asyncio.CancelledError) as error:
            spent = (time.perf_counter() - began) * 1000
            reason = self._recorder.safe(reason_of(error, within))[:_REASON_CAP]
            identity = self._note(request, None, (), b"", False, spent, about, is_recorded, error=reason)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise TargetError(f"{method} {self._shown(url)}: {reason} (exchange {identity})") from error
        spent = (time.perf_counter() - began) * 1000
        identity = self._note(request, status, received, body, truncated, spent, about, is_recorded)
        answer = Answer(status, received, body, url, spent, identity, truncated)
        if self._on_answer and is_recorded:
            self._on_answer(answer, destination)
        return answer

    def permits(self, effect: Effect) -> bool:
        """Whether a request of this effect would be permitted now."""
        try:
            self._interlock.permit(effect)
        except SafetyError:
            return False
        return True

    def _admit(self, url: str, effect: Effect) -> None:
        if self._is_over:
            raise BudgetError("the check is over: its time is spent", hint="audit.timeout")
        try:
            origin = origin_of(url)
        except ValueError as error:
            self._refuse(url, str(error))
        if origin not in self._origins:
            self._refuse(origin, "it is not a declared origin of this audit")
        self._interlock.permit(effect)

    def _refuse(self, address: str, reason: str) -> NoReturn:
        raise SafetyError(f"{self._shown(address)} was not contacted: {reason}", hint="target.url")

    def _shown(self, url: str) -> str:
        return self._recorder.safe(url)[:_REASON_CAP]

    def _request(
        self, method: str, url: str, headers: Headers | None, content: bytes | None, is_customer: bool
    ) -> httpx.Request:
        """Raises TargetError for what cannot be written as a request."""
        sent = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "stripe-audit", **_lowered(headers)}
        try:
            pairs = [
                (name.encode("ascii"), line.encode("utf-8", "surrogateescape"))
                for name, value in sent.items()
                for line in ((value,) if isinstance(value, str) else value)
            ]
            request = httpx.Request(method, url, headers=pairs, content=content)
            if is_customer:
                self._cookies.set_cookie_header(request)
        except ValueError as error:
            raise TargetError(f"{method} {self._shown(url)}: the request cannot be written ({error})") from None
        return request

    async def _exchange(
        self, request: httpx.Request, is_customer: bool, is_own: bool
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes, bool]:
        response = await self._answered(request)
        try:
            headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
            body, truncated = await read_body(response, _OWN_CAP if is_own else self._budget.body_bytes)
            if is_customer:
                response.request = request
                self._cookies.extract_cookies(response)
            return response.status_code, headers, body, truncated
        finally:
            await response.aclose()

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        """The beginning of an answer. Where a connection that was kept open turns out to be closed, a request that
        only reads is sent once more on a new one (RFC 9110, 9.2.2): a server that closes what is idle is not broken.
        """
        if request.method not in _READING:
            return await self._http().handle_async_request(request)
        is_new = False

        async def trace(name: str, info: object) -> None:
            nonlocal is_new
            is_new |= name == "connection.connect_tcp.started"

        request.extensions["trace"] = trace
        try:
            return await self._http().handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if is_new:
                raise
        return await self._http().handle_async_request(request)

    def _note(
        self,
        request: httpx.Request,
        status: int | None,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        truncated: bool,
        spent_ms: float,
        about: dict[str, Any],
        is_recorded: bool,
        error: str | None = None,
    ) -> str:
        if not is_recorded:
            return ""
        identity = self._recorder.record(
            method=request.method,
            url=str(request.url),
            request_headers=[(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw],
            request_body=request.content,
            status=status,
            response_headers=headers,
            response_body=body,
            truncated=truncated,
            error=error,
            duration_ms=spent_ms,
            check=self._check,
            **about,
        )
        self.exchanges.append(identity)
        return identity

    def _http(self) -> httpx.AsyncHTTPTransport:
        """Below httpx's client, which reads Location headers even where it follows none, and keeps all cookies."""
        if self._wire is None:
            context = tls_context(self._ca_file)
            self._wire = httpx.AsyncHTTPTransport(trust_env=False, verify=context)
            self._wire._pool = Pool(self._sockets, context, _KEPT_S)
        return self._wire

    def close(self) -> None:
        """Refuse everything from now on. May be called from any thread."""
        self._is_over = True

    async def aclose(self) -> None:
        """Close the connections; from the loop that used them."""
        self.close()
        if self._wire is not None:
            await self._wire.aclose()
            await self._sockets.aclose()
            await asyncio.sleep(0)  # a connection that is cut is closed in the loop's next turn


def _lowered(headers: Headers | None) -> dict[str, str | tuple[str, ...]]:
    """Names in lower case, so that two spellings of one header are one header."""
    return {name.lower(): value for name, value in (headers or {}).items()}
