"""Mails that others keep: Mailpit, MailHog, a maildir. Each mail is read once; none is moved, marked or deleted.

Mailpit marks a mail as read when ``/api/v1/message/{ID}`` is asked for it, so that its source is asked for instead
(``/api/v1/message/{ID}/raw``; both as Mailpit's swagger.json describes them).
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
import urllib.request
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.observers.interface import Mail, MailObserver
from stripe_audit.observers.mail_text import addresses_in, decoded

__all__ = ["MailHog", "Mailbox", "Maildir", "Mailpit"]

_SIZE_CAP = 1024 * 1024
_LIST_CAP = 16 * 1024 * 1024
_COUNT_CAP = 5000
_PAGE = 100
_WITHIN_S = 3.0
_RECIPIENTS = ("Delivered-To", "X-Original-To", "To", "Cc", "Bcc")


class Unseen(Exception):
    """The mailbox cannot be looked at, in words."""


class Mailbox(MailObserver):
    """Mails that come after ``start``. Raises Inconclusive where they cannot be looked at any more."""

    setting = "observers.mail.url"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._mails: list[Mail] = []

    def start(self) -> None:
        """Take note of what is there already. Raises TargetError."""
        try:
            self._known.update(identity for identity, _ in self._listed())
        except Unseen as error:
            raise TargetError(f"mails cannot be read: {error}", hint=f"start it, or mend {self.setting}") from None

    def stop(self) -> None:
        """Nothing is open."""

    def messages(self, *, to: str | None = None) -> list[Mail]:
        with self._lock:
            try:
                self._look()
            except Unseen as error:
                raise Inconclusive(f"mails cannot be read: {error}", supply=self.setting) from None
            found = list(self._mails)
        return [mail for mail in found if to is None or to.lower() in (one.lower() for one in mail.recipients)]

    def _look(self) -> None:
        new = []
        for identity, listed in self._listed():
            if identity in self._known:
                break  # the newest come first
            new.append((identity, listed))
        for identity, listed in reversed(new[-_COUNT_CAP:]):
            mail = self._read(identity, listed)
            self._known.add(identity)
            if mail is not None:
                self._mails.append(mail)

    @abstractmethod
    def _listed(self) -> Iterator[tuple[str, Any]]:
        """Every mail's identity and what the list says of it, the newest first. Raises Unseen."""

    @abstractmethod
    def _read(self, identity: str, listed: Any) -> Mail | None:
        """One mail; None where it is gone. Raises Unseen."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The declared origin and no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class _OverHttp(Mailbox):
    """A mail catcher with an HTTP API. Sends GET and nothing else. ``login`` is ``user:password``."""

    def __init__(self, url: str, *, login: str | None = None, within: float = _WITHIN_S) -> None:
        super().__init__()
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
        self._within = within
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def _get(self, path: str, most: int = _LIST_CAP) -> bytes:
        request = urllib.request.Request(self._url + path, headers=self._headers)  # noqa: S310 - a declared http address
        try:
            with self._opener.open(request, timeout=self._within) as answer:
                body: bytes = answer.read(most)
                return body
        except urllib.error.HTTPError as error:
            error.close()
            raise Unseen(f"GET {path.partition('?')[0]} is answered {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise Unseen(str(getattr(reason, "strerror", None) or reason or type(error).__name__)) from None

    def _pages(self, path: str, member: str) -> Iterator[Mapping[str, Any]]:
        for start in range(0, _COUNT_CAP, _PAGE):
            try:
                found = json.loads(self._get(f"{path}?start={start}&limit={_PAGE}"))[member]
                page = [one for one in found or () if isinstance(one, dict)]
            except (ValueError, LookupError, TypeError):
                raise Unseen(f"GET {path} is not answered as expected") from None
            yield from page
            if len(page) < _PAGE:
                return


class Mailpit(_OverHttp):
    """Mailpit's API (``/api/v1/``)."""

    def _listed(self) -> Iterator[tuple[str, Any]]:
        for listed in self._pages("/api/v1/messages", "messages"):
            yield str(listed.get("ID")), listed

    def _read(self, identity: str, listed: Any) -> Mail | None:
        try:
            source = self._get(f"/api/v1/message/{quote(identity, safe='')}/raw", _SIZE_CAP)
        except Unseen as error:
            if "answered 404" in str(error):
                return None
            raise
        to = [address for name in ("To", "Cc", "Bcc") for address in _addresses(listed.get(name))]
        sender = next(iter(_addresses([listed.get("From")])), "")
        return Mail(sender, tuple(dict.fromkeys(to)), *decoded(source))


def _addresses(given: Any) -> list[str]:
    return [str(one["Address"]) for one in given or () if isinstance(one, dict) and one.get("Address")]


class MailHog(_OverHttp):
    """MailHog's API (``/api/v2/``), whose list holds the whole mails."""

    def _listed(self) -> Iterator[tuple[str, Any]]:
        for listed in self._pages("/api/v2/messages", "items"):
            yield str(listed.get("ID")), listed

    def _read(self, identity: str, listed: Any) -> Mail | None:
        raw = listed.get("Raw") or {}
        content = str(raw.get("Data", "")).encode("utf-8", "surrogateescape")[:_SIZE_CAP]
        return Mail(str(raw.get("From", "")), tuple(map(str, raw.get("To") or ())), *decoded(content))


class Maildir(Mailbox):
    """A folder with ``new`` and ``cur`` (cr.yp.to/proto/maildir.html). Mails stay where they are, as they are."""

    setting = "observers.mail.path"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def start(self) -> None:
        if self._path.exists():  # else it comes with the first mail
            super().start()

    def _listed(self) -> Iterator[tuple[str, Any]]:
        try:
            paths = [path for folder in ("new", "cur") for path in (self._path / folder).iterdir() if path.is_file()]
            found = [
                (path.stat().st_mtime_ns, path.name.partition(":")[0], path)
                for path in paths
                if not path.name.startswith(".")
            ]
        except OSError as error:
            raise Unseen(f"{self._path.name} is no maildir: {error.strerror}") from None
        for _, identity, path in sorted(found, reverse=True):
            yield identity, path

    def _look(self) -> None:
        """All are compared: of two that came in the same moment either may be listed first."""
        for identity, path in reversed(list(self._listed())):
            if identity not in self._known and len(self._mails) < _COUNT_CAP:
                mail = self._read(identity, path)
                self._known.add(identity)
                self._mails += [mail] if mail else []

    def _read(self, identity: str, listed: Any) -> Mail | None:
        try:
            with listed.open("rb") as file:
                content = file.read(_SIZE_CAP)
        except OSError:  # moved to cur meanwhile: the next look finds it there
            return self._moved(identity)
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        sender = next(iter(addresses_in(content, "Return-Path", "From")), "")
        return Mail(sender, addresses_in(content, *_RECIPIENTS), *decoded(content))

    def _moved(self, identity: str) -> Mail | None:
        now = [path for path in (self._path / "cur").iterdir() if path.name.partition(":")[0] == identity]
        return self._read(identity, now[0]) if now else None
