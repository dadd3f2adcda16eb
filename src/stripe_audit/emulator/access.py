"""Who calls: the key of a request, and what it may do (docs.stripe.com/keys)."""

from __future__ import annotations

import base64
import binascii
import hmac

from stripe_audit.emulator.errors import ApiError
from stripe_audit.emulator.stripecli.sessions import key_id
from stripe_audit.emulator.world import Caller, World
from stripe_audit.keys import KeyKind, KeyMode, mask, parse_key, problems

__all__ = ["Callers", "LiveKeyRefused", "secret_key_required"]

MOST_KNOWN = 1000
"""Keys that are remembered as accepted: far more than one account ever has."""


class LiveKeyRefused(ApiError):
    """A live key has no business here. Neither it nor its request is recorded."""


class Callers:
    """Whose requests they are. A key that was accepted is known from then on; live ones are never remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, str], tuple[Caller, str]] = {}

    def refuse_live(self, authorization: str) -> None:
        """Raise LiveKeyRefused, and count it, if the request carries a live key."""
        if (authorization, "") not in self._known:
            _refuse_live(self._world, _key_in(authorization))

    def of(self, authorization: str, param: str) -> tuple[Caller, str]:
        """Whose request this is, and the ``key_id``. Raises ApiError 401 for no key, an unknown one, and any live one.

        The key comes as a bearer token, as the user name of basic authentication, or, from a browser, as the parameter
        ``key`` (``param``).
        """
        known = self._known.get((authorization, param))
        if known is not None:
            return known
        _refuse_live(self._world, param)
        key = _key_in(authorization) or param
        caller, name = _caller_of(self._world, key), key_id(key)
        if name not in self._world.restricted:  # those may be withdrawn
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[authorization, param] = caller, name
        return caller, name


def _caller_of(world: World, key: str) -> Caller:
    if not key:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."
        )
    parsed = parse_key(key)
    if _is(key, world.keys.audit_secret):
        return "audit"
    if _is(key, world.keys.secret):
        return "target"
    if _is(key, world.keys.publishable):
        return "customer"
    if key_id(key) in world.restricted:
        return "target"
    if world.config.accept_any_test_key and parsed.mode is KeyMode.TEST and not problems(key, parsed.kind):
        if parsed.kind in (KeyKind.SECRET, KeyKind.RESTRICTED):
            return "target"
        if parsed.kind is KeyKind.PUBLISHABLE:
            return "customer"
    raise _unauthorized(f"Invalid API Key provided: {mask(key)[:40]}")


def _refuse_live(world: World, key: str) -> None:
    if parse_key(key).mode is KeyMode.LIVE:
        world.live_keys_refused += 1
        raise LiveKeyRefused(
            "This is an emulator: it takes test keys only. A live key was refused, and was not recorded.",
            status=401,
        )


def secret_key_required() -> ApiError:
    """403: a publishable key where only a secret one will do."""
    return ApiError(
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
        "your API keys at https://dashboard.stripe.com/account/apikeys.",
        status=403,
        code="secret_key_required",
    )


def _key_in(authorization: str) -> str:
    """The key of an ``Authorization`` header; empty if it has none."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace").partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _is(key: str, known: str) -> bool:
    return hmac.compare_digest(key.encode("utf-8", "replace"), known.encode())


def _unauthorized(message: str) -> ApiError:
    return ApiError(message, status=401)
