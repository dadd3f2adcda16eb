"""One line of a preflight, and how sockets are asked: briefly, and without leaving a trace."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from stripe_audit.redaction import Redactor, inert

__all__ = ["WITHIN_S", "Line", "State", "fetched", "is_open", "safe", "status_of"]

WITHIN_S = 1.5
"""For each thing that is asked over a socket or a process; they are asked at the same time."""


class State(StrEnum):
    """How a line is: in order, worth knowing, or in the way of a run."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. Whatever is not in order has a ``fix``."""

    what: str
    state: State
    told: str
    fix: str | None = None


def is_open(url: str) -> bool:
    """Whether anything accepts connections there."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with closing(socket.create_connection((parts.hostname or "", port), timeout=WITHIN_S)):
            return True
    except (OSError, ValueError):
        return False


def status_of(url: str) -> int | None:
    """The status that a GET is answered with; None where nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(url, timeout=WITHIN_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError, http.client.HTTPException):
        return None


def fetched(url: str, most: int) -> bytes | None:
    """The body that a GET is answered with where that is a 200, up to ``most`` bytes; else None."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(url, timeout=WITHIN_S) as answer:
            body: bytes = answer.read(most + 1)
            return body if answer.status == 200 and len(body) <= most else None
    except (OSError, ValueError, http.client.HTTPException):
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The declared origin and no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def safe(text: str) -> str:
    """Words of the target's or of a library's, without secrets and inert."""
    return inert(Redactor().redact(text))
