"""The target through its routes: templates filled in, answers mapped to our words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import jmespath

from stripe_audit.deployment.spec import Route, TargetSpec, WebhookRoute
from stripe_audit.deployment.transport import Answer, Headers, Transport
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.models import Effect, Party

__all__ = ["TargetClient", "fill"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its placeholders filled in. A text that is one placeholder alone keeps the value's type.

    A member whose only placeholder has no value is left out, so that optional fields need no second template.
    """
    if isinstance(template, Mapping):
        filled = {key: fill(value, values) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not None}
    if isinstance(template, (list, tuple)):
        return [fill(item, values) for item in template]
    if not isinstance(template, str):
        return template
    if whole := _PLACEHOLDER.fullmatch(template):
        return values.get(whole[1])
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], "")), template)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


class TargetClient:
    """Calls a target's routes by role, for one check."""

    def __init__(self, spec: TargetSpec, transport: Transport) -> None:
        self.spec = spec
        self._transport = transport
        self._tokens: dict[str, dict[str, str]] = {}

    def has(self, role: str) -> bool:
        """Whether a route of this role is declared."""
        return role in self.spec.routes

    def route(self, role: str) -> Route:
        """The declared route. Raises Skip that names the setting."""
        route = self.spec.routes.get(role)
        if route is None:
            raise Skip(f"no route of role {role} is declared", setting=f"target.routes.{role}")
        return route

    def url_of(self, role: str, values: Mapping[str, Any] | None = None, *, is_https: bool = False) -> str:
        """The route's URL with its path filled in. Of a page of the frontend's there is one, whatever ``is_https``."""
        route = self.route(role)
        return self._base(route, is_https) + self._path(route.path, values or {})

    def _base(self, route: Route, is_https: bool) -> str:
        if route.is_frontend:
            if not self.spec.frontend_url:
                raise Skip("the frontend is not launched by this run", setting="target.frontend_url")
            return self.spec.frontend_url
        if is_https and not self.spec.https_url:
            raise Skip("the target's https address is not known", setting="target.https_url")
        return (self.spec.https_url if is_https else self.spec.url) or self.spec.url

    @staticmethod
    def _path(template: str, values: Mapping[str, Any]) -> str:
        return _PLACEHOLDER.sub(lambda match: quote(str(values.get(match[1], "")), safe=""), template)

    async def call(
        self,
        role: str,
        values: Mapping[str, Any] | None = None,
        *,
        effect: Effect | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        timeout: float | None = None,
        is_https: bool = False,
        duplicate: bool = False,
        source: Party = Party.CUSTOMER,
    ) -> Answer:
        """Call a route as the customer's browser does. ``body`` replaces the declared template (already filled in).

        The effect defaults to *read* for GET and *write* for everything else.
        """
        route = self.route(role)
        values = values or {}
        verb = method or route.method
        sent = {**route.headers, **await self._authorisation(route), **(headers or {})}
        payload = body if body is not None else fill(route.body, values) if route.body is not None else None
        content = None
        if payload is not None and verb not in ("GET", "HEAD"):
            content, kind = self._encode(payload, sent)
            sent = {"content-type": kind, **{key.lower(): value for key, value in sent.items()}}
        return await self._transport.request(
            verb,
            self._base(route, is_https) + self._path(route.path, values),
            headers=sent,
            content=content,
            effect=effect or (Effect.READ if verb in ("GET", "HEAD", "OPTIONS") else Effect.WRITE),
            route=route.label,
            source=source,
            timeout=timeout,
            duplicate=duplicate,
        )

    @staticmethod
    def _encode(payload: Any, headers: Mapping[str, str]) -> tuple[bytes, str]:
        if isinstance(payload, bytes):
            return payload, "application/json"
        declared = next(
            (value for name, value in headers.items() if name.lower() == "content-type"), "application/json"
        )
        if "form-urlencoded" in declared and isinstance(payload, Mapping):
            return urlencode({key: str(value) for key, value in payload.items()}).encode(), declared
        return json.dumps(payload, default=_jsonable).encode(), declared

    async def _authorisation(self, route: Route) -> dict[str, str]:
        login = route.login
        if login is None:
            return {}
        if login.path not in self._tokens:
            content, kind = (None, "") if login.body is None else self._encode(login.body, {})
            answer = await self._transport.request(
                login.method,
                self.spec.url + login.path,
                headers={"content-type": kind} if content is not None else None,
                content=content,
                effect=Effect.READ,
                source=Party.CUSTOMER,
            )
            token = _search(login.token, answer)
            if not isinstance(token, (str, int)) or not str(token):
                raise Inconclusive(
                    f"the login at {login.path} answered {answer.status} without a token",
                    supply=f"target.routes.{route.role}.login",
                )
            name, _, value = login.header.partition(":")
            self._tokens[login.path] = {name.strip(): value.strip().replace("{token}", str(token))}
        return self._tokens[login.path]

    def mapped(self, role: str, answer: Answer, *required: str) -> dict[str, Any]:
        """The answer in our words. Raises Inconclusive, naming the mapping, where a required word is missing."""
        route = self.route(role)
        found = {word: _search(expression, answer) for word, expression in route.response.items()}
        for word in required:
            if found.get(word) is None:
                expression = route.response.get(word)
                told = f"has no {expression!r}" if expression else f"is not mapped to {word!r}"
                raise Inconclusive(
                    f"the answer of {role} ({answer.status}) {told}", supply=f"target.routes.{role}.response.{word}"
                )
        return found

    async def webhook(
        self,
        route: WebhookRoute,
        payload: bytes,
        headers: Headers,
        *,
        effect: Effect = Effect.PROBE,
        method: str = "POST",
        timeout: float | None = None,
        duplicate: bool = False,
    ) -> Answer:
        """Send a body to a webhook endpoint as Stripe's sender would, with the headers given."""
        sent: dict[str, str | tuple[str, ...]] = {
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "content-type": "application/json; charset=utf-8",
            "accept": "*/*; q=0.5, application/xml",
            **{name.lower(): value for name, value in headers.items()},
        }
        return await self._transport.request(
            method,
            self.spec.url + route.path,
            headers=sent,
            content=payload if method not in ("GET", "HEAD") else None,
            effect=effect,
            route=route.label,
            source=Party.WEBHOOK,
            timeout=timeout,
            duplicate=duplicate,
        )


def _search(expression: str, answer: Answer) -> Any:
    try:
        return jmespath.search(expression, answer.json())
    except (ValueError, jmespath.exceptions.JMESPathError):
        return None
