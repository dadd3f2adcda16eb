"""Exchanges as an HTTP Archive (HAR 1.2), which browsers' developer tools and proxies open.

http://www.softwareishard.com/blog/har-12-spec/ - members of our own begin with an underscore, as it asks for. Written
piece by piece, so that a run of any length needs the memory of one exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from stripe_audit.models import Exchange, Message
from stripe_audit.reporters.json_format import json_text

__all__ = ["har_pieces"]

_URL_SIGNS = ":/?#[]@!$&'()*+,;=%-._~"
_NO_SCHEME = "unknown:"
_FIELDS_CAP = 500


def har_pieces(exchanges: Iterable[Exchange], version: str) -> Iterator[str]:
    """The archive's text in pieces, one for each exchange. ``version`` is that of the release which recorded them."""
    creator = json_text({"name": "stripe-audit", "version": version}, indent=None).strip()
    yield f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": ['
    separator = "\n"
    for exchange in exchanges:
        yield separator + json_text(_entry(exchange), indent=None).strip()
        separator = ",\n"
    yield "\n]}}\n"


def _entry(exchange: Exchange) -> dict[str, Any]:
    duration = max(0.0, exchange.duration_ms) if exchange.duration_ms < 1e12 else 0.0
    marks = {
        "_id": exchange.id,
        "_source": exchange.source.value,
        "_destination": exchange.destination.value,
        "_check": exchange.check,
        "_route": exchange.route,
        "_fault": exchange.fault,
        "_error": exchange.error,
        "_duplicate": exchange.duplicate or None,
    }
    return {
        "startedDateTime": _moment(exchange.started_at),
        "time": duration,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": duration, "receive": 0},
        **{name: value for name, value in marks.items() if value is not None},
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    message = exchange.request
    url = quote(exchange.url, safe=_URL_SIGNS, errors="replace")
    try:
        parts = urlsplit(url)
        scheme, query = parts.scheme, parts.query
    except ValueError:
        scheme, query = "", ""
    fields = query.split("&")[:_FIELDS_CAP] if query else []
    posted = {"mimeType": _type(message), "text": message.body, **_cut(message)}
    return {
        "method": exchange.method,
        "url": url if scheme else f"{_NO_SCHEME}{url}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(message),
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl("&".join(fields), keep_blank_values=True)
        ],
        **({"postData": posted} if message.body else {}),
        "headersSize": -1,
        "bodySize": _size(message),
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    """The answer; status 0 where none came, as browsers export it."""
    message = exchange.response or Message()
    location = next((value for name, value in message.headers if name.lower() == "location"), "")
    return {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(message),
        "content": {"size": _size(message), "mimeType": _type(message), "text": message.body, **_cut(message)},
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": _size(message) if exchange.response else -1,
    }


def _headers(message: Message) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in message.headers]


def _type(message: Message) -> str:
    return next((value for name, value in message.headers if name.lower() == "content-type"), "")


def _size(message: Message) -> int:
    """Bytes of what was kept; -1, not known, where it was cut."""
    return -1 if message.truncated else len(message.body.encode("utf-8", "surrogatepass"))


def _cut(message: Message) -> dict[str, str]:
    return {"comment": "cut when it was recorded"} if message.truncated else {}


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00.000Z"
