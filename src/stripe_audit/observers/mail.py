"""An SMTP sink on the loopback: accepts every mail, delivers none, and lets checks read what was sent."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from stripe_audit.errors import TargetError
from stripe_audit.observers.interface import Mail, MailObserver
from stripe_audit.observers.mail_text import decoded

__all__ = ["MailSink"]

_SIZE_CAP = 1024 * 1024
_COUNT_CAP = 5000


class _Handler:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.mails: list[Mail] = []
        self.held: set[str] = set()
        self.waiting: set[str] = set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if held := self.held.intersection(one.lower() for one in envelope.rcpt_tos):
            self.waiting |= held
            while held & self.held:  # noqa: ASYNC110 - let go from another thread
                await asyncio.sleep(0.005)
            return "451 4.3.0 Try again"
        mail = Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), *decoded(envelope.original_content or b""))
        with self.lock:
            if len(self.mails) >= _COUNT_CAP:
                return "452 Too many messages"
            self.mails.append(mail)
        return "250 OK"


class _Smtp(SMTP):
    line_length_limit = _SIZE_CAP  # many programs send longer lines than RFC 5321 allows, and most servers take them


class _Sink(Controller):
    """The controller asks its own port to be ready; with port 0 that port is known only after it was bound."""

    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)

    def _run(self, ready_event: threading.Event) -> None:
        super()._run(ready_event)
        ready_event.set()  # a port in use is told at once, and not waited for

    def _trigger_server(self) -> None:
        if self._thread_exception is not None:
            raise self._thread_exception
        bound: Any = self.server
        self.port = bound.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class MailSink(MailObserver):
    """Listens on 127.0.0.1 from ``start`` to ``stop``, in a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        self._handler = _Handler()
        self._port = port
        self._controller: _Sink | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return "127.0.0.1", int(self._controller.port) if self._controller else self._port

    def start(self) -> None:
        """Begin to listen. Raises TargetError if the port is taken."""
        controller = _Sink(
            self._handler,
            hostname="127.0.0.1",
            port=self._port,
            data_size_limit=_SIZE_CAP,
            server_hostname="localhost",  # else its name is looked up, which may take long
        )
        try:
            controller.start()
        except OSError as error:
            controller.stop(no_assert=True)
            if not controller.loop.is_closed():
                controller.loop.close()
            raise TargetError(
                f"the mail sink cannot listen on port {self._port}: {error.strerror}",
                hint="observers.mail.port: 0 takes a free one",
            ) from None
        self._controller = controller

    def stop(self) -> None:
        """Stop listening. What was received stays readable. Safe to call twice."""
        controller, self._controller = self._controller, None
        if controller:
            self._port = int(controller.port)
            controller.stop(no_assert=True)

    def messages(self, *, to: str | None = None) -> list[Mail]:
        with self._handler.lock:
            found = list(self._handler.mails)
        return [mail for mail in found if to is None or to.lower() in (one.lower() for one in mail.recipients)]

    def hold(self, to: str) -> None:
        self._handler.waiting.discard(to.lower())
        self._handler.held.add(to.lower())

    def is_waiting(self, to: str) -> bool:
        return to.lower() in self._handler.waiting

    def let_go(self, to: str) -> None:
        self._handler.held.discard(to.lower())
