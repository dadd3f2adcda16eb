"""A request to the API, read: whose key, which parameters, which version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.emulator.access import Callers, LiveKeyRefused
from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.form import decode, decode_json
from stripe_audit.emulator.sdk import headers_of
from stripe_audit.emulator.versions import is_version
from stripe_audit.emulator.world import Caller, World

__all__ = ["ApiRequest", "Reader"]

_FROM_BROWSERS = {"_stripe_version", "_stripe_account", "client_attribution_metadata", "guid", "muid", "sid"}
"""Parameters that Stripe.js adds and no reference names."""
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
    "any questions, we can help at https://support.stripe.com/."
)


@dataclass(slots=True)
class ApiRequest:
    """What is known of a request so far; the reader fills it in, and stops where it has to refuse."""

    method: str
    path: str
    request_id: str
    headers: dict[str, Any]
    caller: Caller = "unknown"
    params: dict[str, Any] = field(default_factory=dict)
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

    @property
    def fingerprint(self) -> str:
        """The same for the same parameters; those of a POST count. Few calls need it."""
        canonical = json.dumps(self.params, sort_keys=True) if self.method == "POST" else ""
        return hashlib.sha256(canonical.encode()).hexdigest()


class Reader:
    """Reads the requests to one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._callers = Callers(world)

    def begun(self, method: str, path: str, headers: Mapping[str, str]) -> ApiRequest:
        """What the first line and the headers say. Here and below the headers' names are in lower case, or in any."""
        return ApiRequest(method, path, self._world.ids.new("req"), headers_of(headers))

    def live_key(self, headers: Mapping[str, str]) -> LiveKeyRefused | None:
        """The answer to a request with a live key in its headers: nothing else of it is looked at."""
        try:
            self._callers.refuse_live(headers.get("authorization", ""))
        except LiveKeyRefused as error:
            return error
        return None

    def completed(
        self, asked: ApiRequest, headers: Mapping[str, str], query: str, body: bytes | ApiError
    ) -> ApiError | None:
        """Fill in caller, parameters and version; ``body`` may be the reason why there is none.

        Returns the error that answers the request: for a key that may not call, and for a body, parameters or a
        version that cannot be read.
        """
        text, problem = ("", body) if isinstance(body, ApiError) else _text(body)
        try:
            self._fill(asked, headers, query, text, problem)
        except ApiError as error:
            return error
        return None

    def _fill(
        self, asked: ApiRequest, headers: Mapping[str, str], query: str, body: str, problem: ApiError | None
    ) -> None:
        is_v2 = asked.path.startswith("/v2/")
        has_json = headers.get("content-type", "").startswith("application/json")
        is_json = has_json and (body.lstrip()[:1] == "{" or is_v2) and bool(body.strip())
        params: dict[str, Any] = {}
        try:
            params = decode(query, "" if is_json else body)
        except ApiError as error:
            problem = problem or error
        key = str(params.pop("key", ""))
        asked.caller, asked.key_id = self._callers.of(headers.get("authorization", ""), key)
        if problem is None and is_json:
            if is_v2:
                params.update(decode_json(body))
            else:
                problem = invalid(_NOT_A_FORM)
        if problem is not None:
            raise problem
        asked.version = self._version(headers, params)
        if asked.caller == "customer":
            params = {name: value for name, value in params.items() if name not in _FROM_BROWSERS}
        asked.params = params

    def _version(self, headers: Mapping[str, str], params: dict[str, Any]) -> str:
        version = headers.get("stripe-version") or params.get("_stripe_version") or self._world.config.api_version
        if not isinstance(version, str) or not is_version(version):
            raise invalid(f"Invalid Stripe API version: {str(version)[:50]}")
        return version


def _text(body: bytes) -> tuple[str, ApiError | None]:
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError:
        return "", invalid("Invalid UTF-8 in the request's body")
