"""What a request's headers say about the program that sent it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["headers_of"]

_USER_AGENT = re.compile(r"Stripe/v\d+ (\w+?)Bindings/(\S+)")


def headers_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """The headers that the journal keeps. ``sdk`` is ``{"lang", "version"}`` where an official library sent them."""
    agent = headers.get("user-agent")
    return {
        "idempotency_key": headers.get("idempotency-key"),
        "stripe_version": headers.get("stripe-version"),
        "stripe_account": headers.get("stripe-account"),
        "user_agent": agent,
        "sdk": _sdk(agent, headers.get("x-stripe-client-user-agent") or "") if agent else {},
    }


@functools.lru_cache(maxsize=64)
def _sdk(agent: str, details: str) -> dict[str, str]:
    found = _USER_AGENT.search(agent)
    if found is None:
        return {}
    lang = found[1].lower()
    try:
        told = json.loads(details)
        lang = str(told.get("lang") or lang) if isinstance(told, dict) else lang
    except ValueError:
        pass
    return {"lang": lang, "version": found[2]}
