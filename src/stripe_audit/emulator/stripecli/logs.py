"""``stripe logs tail``: what it shows of a call, and which calls its filters let pass.

The filters are applied here: the CLI sends them with its session and applies none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stripe_audit.emulator.journal import Entry

__all__ = ["details", "passes"]

_ERROR_FIELDS = ("type", "charge", "code", "decline_code", "message", "param")


def details(entry: Entry) -> dict[str, Any]:
    """A call as the CLI prints it. Members of an error that it lacks are empty strings, which are not printed."""
    error = entry.error
    return {
        "created_at": int(entry.at),
        "livemode": False,
        "method": entry.method,
        "request_id": entry.request_id,
        "status": entry.status,
        "url": entry.path,
        "error": {name: error.get(name) or "" for name in _ERROR_FIELDS} if error else None,
    }


def passes(filters: Mapping[str, Any], entry: Entry) -> bool:
    """Whether a call passes every filter that is set. Unknown filters let everything pass."""
    return all(matches(entry, values) for name, matches in _FILTERS.items() if (values := _values(filters.get(name))))


def _values(given: Any) -> list[str]:
    if isinstance(given, list):
        return [str(item) for item in given]
    return [str(given)] if isinstance(given, (str, int)) and given != "" else []


def _account(entry: Entry, values: list[str]) -> bool:
    return ("connect_out" if entry.headers.get("stripe_account") else "self") in values


def _method(entry: Entry, values: list[str]) -> bool:
    return entry.method in {value.upper() for value in values}


def _path(entry: Entry, values: list[str]) -> bool:
    return entry.path in values


def _request_status(entry: Entry, values: list[str]) -> bool:
    return ("SUCCEEDED" if 200 <= entry.status < 300 else "FAILED") in {value.upper() for value in values}


def _status(entry: Entry, values: list[str]) -> bool:
    return str(entry.status) in values


def _status_type(entry: Entry, values: list[str]) -> bool:
    # ``4XX`` arrives as "400".
    return str(entry.status)[:1] in {value[:1] for value in values}


def _source(entry: Entry, values: list[str]) -> bool:
    return "API" in {value.upper() for value in values}


def _address(entry: Entry, values: list[str]) -> bool:
    return "127.0.0.1" in values


_FILTERS: dict[str, Callable[[Entry, list[str]], bool]] = {
    "filter_account": _account,
    "filter_http_method": _method,
    "filter_ip_address": _address,
    "filter_request_path": _path,
    "filter_request_status": _request_status,
    "filter_source": _source,
    "filter_status_code": _status,
    "filter_status_code_type": _status_type,
}
