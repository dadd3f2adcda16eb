"""Whether a target can be met at its address."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

__all__ = ["port_of", "speaks_http", "why_unreached"]


def port_of(url: str) -> int | None:
    """The port of an http(s) URL, also where it is the scheme's own."""
    parts = urlsplit(url)
    try:
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def speaks_http(url: str, timeout: float = 2.0) -> bool:
    """Whether HTTP is spoken there, whatever is said."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url), timeout=timeout):  # noqa: S310 - http(s) only
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except (OSError, ValueError, http.client.HTTPException):
        return False


def why_unreached(url: str) -> str | None:
    """Why no connection to a URL's host can be had, or None where it can."""
    parts = urlsplit(url)
    port = port_of(url)
    if port is None or not parts.hostname:
        return f"{url} names no port to connect to"
    try:
        with closing(socket.create_connection((parts.hostname, port), timeout=5)):
            return None
    except OSError as error:
        return f"no connection to {parts.hostname} port {port} ({error.strerror or error})"
