"""A request to the API, read: whose key, which parameters, which version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from stripe_audit.emulator.access import caller_of, key_in, refuse_live
from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.form import decode, decode_json
from stripe_audit.emulator.sdk import headers_of
from stripe_audit.emulator.stripecli.sessions import key_id
from stripe_audit.emulator.versions import is_version
from stripe_audit.emulator.world import Caller, World

__all__ = ["ApiRequest", "read"]

_FROM_BROWSERS = {"_stripe_version", "_stripe_account", "client_attribution_metadata", "guid", "muid", "sid"}
"""Parameters that Stripe.js adds and no reference names."""
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
    "any questions, we can help at https://support.stripe.com/."
)


@dataclass(slots=True)
class ApiRequest:
    """What is known of a request so far; ``read`` fills it in, and stops where it has to refuse."""

    method: str
    path: str
    request_id: str
    headers: dict[str, Any]
    caller: Caller = "unknown"
    params: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    key_id: str = ""
    unknown_params: list[str] = field(default_factory=list)
    version: str = ""

    @property
    def key(self) -> str | None:
        """The idempotency key, where the method honours one."""
        found: str | None = self.headers["idempotency_key"]
        return found if self.method == "POST" else None

    @property
    def scope(self) -> str:
        """Where an idempotency key holds: with one caller, for one account."""
        return f"{self.caller} {self.headers['stripe_account'] or ''}"

    @classmethod
    def of(cls, request: web.BaseRequest, request_id: str) -> ApiRequest:
        """What the first line and the headers say."""
        return cls(request.method, request.path, request_id, headers_of(request.headers))


async def read(world: World, request: web.BaseRequest, asked: ApiRequest) -> None:
    """Fill in caller, parameters and version.

    Raises ApiError for a key that may not call, and for a body, parameters or a version that cannot be read; and
    LiveKeyRefused for a live key, before anything else is looked at.
    """
    authorization = request.headers.get("Authorization", "")
    refuse_live(world, authorization)
    body, problem = await _body(request)
    has_json = request.headers.get("Content-Type", "").startswith("application/json")
    is_json = has_json and (body.lstrip()[:1] == "{" or asked.path.startswith("/v2/")) and bool(body.strip())
    params: dict[str, Any] = {}
    try:
        params = decode(request.rel_url.raw_query_string, "" if is_json else body)
    except ApiError as error:
        problem = problem or error
    key = str(params.pop("key", ""))
    asked.caller = caller_of(world, authorization, key)
    asked.key_id = key_id(key_in(authorization) or key)
    if problem is None and is_json:
        if asked.path.startswith("/v2/"):
            params.update(decode_json(body))
        else:
            problem = invalid(_NOT_A_FORM)
    if problem is not None:
        raise problem
    asked.version = _version(world, request, params)
    if asked.caller == "customer":
        params = {name: value for name, value in params.items() if name not in _FROM_BROWSERS}
    asked.params = params
    canonical = json.dumps(params, sort_keys=True) if request.method == "POST" else ""
    asked.fingerprint = hashlib.sha256(canonical.encode()).hexdigest()


async def _body(request: web.BaseRequest) -> tuple[str, ApiError | None]:
    try:
        return (await request.read()).decode("utf-8") if request.body_exists else "", None
    except UnicodeDecodeError:
        return "", invalid("Invalid UTF-8 in the request's body")
    except (web.HTTPException, web.RequestPayloadError, ValueError) as error:
        status = error.status if isinstance(error, web.HTTPException) else 400
        return "", ApiError("The request's body could not be read", status=status)


def _version(world: World, request: web.BaseRequest, params: dict[str, Any]) -> str:
    version = request.headers.get("Stripe-Version") or params.get("_stripe_version") or world.config.api_version
    if not isinstance(version, str) or not is_version(version):
        raise invalid(f"Invalid Stripe API version: {str(version)[:50]}")
    return version
